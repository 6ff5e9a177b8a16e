"""`python -m include.market universes`: which there are, how old they are, and who is in one."""

import argparse
import sys
from collections.abc import Sequence

from rich.table import Table

from include.market.universes import universe, universes
from include.terminal.console import console


def run(arguments: Sequence[str]) -> int:
    """List the universes, or the tickers of one."""
    options = _parser().parse_args(arguments)
    if options.universe is None:
        console().print(_overview())
        return 0
    print("\n".join(universe(options.universe)))
    for reason, symbols in universes()[options.universe].read().left_out.items():
        print(f"left out, {reason}: {len(symbols)}", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.market universes",
        description="List the universes, those of BELLWETHER_UNIVERSES_DIR too, or the tickers of one. Exit status 2 "
        "when the file of that one has a mistake.",
    )
    parser.add_argument("universe", nargs="?", metavar="NAME", help="its tickers, one a line")
    return parser


def _overview() -> Table:
    table = Table("Universe", "Title", "Of", "What it is")
    for name, found in universes().items():
        table.add_row(name, found.title, found.dated, found.description)
    return table
