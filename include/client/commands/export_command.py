"""`export`: the whole screener as a file."""

from collections.abc import Sequence
from pathlib import Path

from include.client.commands.options import command, open_client
from include.client.commands.output import print_json
from include.client.commands.result_commands import add_filters, filters_of


def run(arguments: Sequence[str]) -> int:
    """Write the file."""
    parser = command("export", "The whole screener as a file, of any length. It is there when it is whole.")
    parser.add_argument("file", type=Path, metavar="FILE", help="ends in .csv or .parquet")
    add_filters(parser)
    options = parser.parse_args(arguments)
    with open_client(options) as client:
        written = client.export(options.file, **filters_of(options))
    if options.json:
        print_json({"file": str(options.file), "bytes": written})
    else:
        print(f"{options.file}: {written:,} bytes")
    return 0
