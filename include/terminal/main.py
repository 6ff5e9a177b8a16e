"""Which command, and its exit status: 0 all went well, 1 something could not be analysed, 2 bad input."""

import sys
from collections.abc import Sequence

from include.model.errors import BellwetherError, InvalidRequestError, StrategyError
from include.terminal import check_command, look_command, strategies_command

COMMANDS = {"strategies": strategies_command.run, "check": check_command.run}
EPILOG = """other commands:
  strategies    list the strategies, check a file of your own, explain one in words
  check         does any analysis look ahead, and is the look-back long enough?

exit status: 0 all went well, 1 something could not be analysed, 2 bad input
"""


def main(arguments: Sequence[str]) -> int:
    """Run the command that the first argument names; any other one is a ticker to look at."""
    command = COMMANDS.get(arguments[0]) if arguments else None
    try:
        if command:
            return command(arguments[1:])
        return look_command.run(arguments, EPILOG)
    except (InvalidRequestError, StrategyError) as error:
        print(error, file=sys.stderr)
        return 2
    except BellwetherError as error:
        print(error, file=sys.stderr)
        return 1
