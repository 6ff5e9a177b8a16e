"""`prices`: the bars of a ticker that are at hand."""

from collections.abc import Sequence
from typing import Any

from include.client.commands.options import command, given, open_client
from include.client.commands.output import figure, print_json, show_table, table
from include.model.bars import DataSource


def run(arguments: Sequence[str]) -> int:
    """Print the bars."""
    parser = command("prices", "The prices of a ticker that are at hand, oldest first; nothing is fetched for it.")
    parser.add_argument("ticker", metavar="TICKER")
    parser.add_argument("--source", dest="data_source", choices=[str(name) for name in DataSource])
    parser.add_argument("--since", metavar="DATE", help="this session and later ones")
    parser.add_argument("--until", metavar="DATE", help="this session and earlier ones")
    parser.add_argument("--adjusted", action="store_true", help="as an analysis sees them: for dividends too")
    options = parser.parse_args(arguments)
    filters: dict[str, Any] = given(options, "data_source", "since", "until", "adjusted")
    with open_client(options) as client:
        found = client.prices(options.ticker, **filters)
    if options.json:
        print_json(found)
        return 0
    made = table("Session", right=("Open", "High", "Low", "Close", "Volume"))
    for bar in found.bars:
        made.add_row(str(bar.session_date), *map(figure, (bar.open, bar.high, bar.low, bar.close, bar.volume)))
    show_table(made, "There is no such session.")
    print(f"{found.ticker}, {found.data_source}, in {found.currency or 'a currency that is not known yet'}")
    return 0
