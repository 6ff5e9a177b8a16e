"""`python -m include.market`: which command, and its exit status: 0 all went well, 1 something failed, 2 bad input."""

import sys
from collections.abc import Sequence

from include.model.errors import BellwetherError, InvalidRequestError
from include.terminal import fetch_command, prices_command, sessions_command, show_command, universes_command

COMMANDS = {
    "sessions": sessions_command.run,
    "universes": universes_command.run,
    "fetch": fetch_command.run,
    "show": show_command.run,
    "check": prices_command.run,
}
USAGE = """usage: python -m include.market COMMAND ...

commands; each explains itself with --help:
  sessions    the sessions of an exchange or a ticker, when they end, and what overrides change
  universes   the named sets of tickers, or the tickers of one of them
  fetch       fill the price cache with a universe or some tickers
  show        what the price cache has of a ticker
  check       gaps, jumps, stale and dead tickers of the price cache

exit status: 0 all went well, 1 something failed, 2 bad input
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command that the first argument names."""
    if not arguments or arguments[0] not in COMMANDS:
        asked = bool(arguments) and arguments[0] in ("-h", "--help")
        print(USAGE, end="", file=sys.stdout if asked else sys.stderr)
        return 0 if asked else 2
    try:
        return COMMANDS[arguments[0]](arguments[1:])
    except InvalidRequestError as error:
        print(error, file=sys.stderr)
        return 2
    except BellwetherError as error:
        print(error, file=sys.stderr)
        return 1
