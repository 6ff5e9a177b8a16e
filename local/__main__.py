"""The commands behind `make`: `python -m local up`."""

import argparse
import os
import sys
from collections.abc import Callable

import psycopg

from local import stack, supervision, users
from local.errors import LocalError
from local.home import default_home


def say(text: str, ends_line: bool = True) -> None:
    """Print at once."""
    print(text, end="\n" if ends_line else "", flush=True)


def up() -> int:
    """Start everything."""
    stack.up(default_home(), say=say)
    return 0


def down() -> int:
    """Stop everything."""
    say("Stopped; the data stays" if stack.down(default_home()) else "Nothing was running")
    return 0


def password() -> int:
    """Print the password of the user admin."""
    say(users.password(default_home()))
    return 0


COMMANDS: dict[str, Callable[[], int]] = {"up": up, "down": down, "password": password}


def explain(error: LocalError) -> None:
    """Say what is wrong, with the end of the log that knows more."""
    if error.log is not None:
        for line in supervision.log_tail(error.log).splitlines():
            print(f"  | {line}", file=sys.stderr)
        print(f"  (from {error.log})", file=sys.stderr)
    print(f"Failed: {error}", file=sys.stderr)


def main() -> int:
    """Run one command; 1 when it failed, after one sentence that says why."""
    parser = argparse.ArgumentParser(prog="python -m local", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    command = COMMANDS[parser.parse_args().command]
    os.umask(0o077)
    try:
        return command()
    except LocalError as error:
        explain(error)
    except psycopg.OperationalError as error:
        print(f"Failed: PostgreSQL does not answer ({error}); `make down`, then `make up`", file=sys.stderr)
    except OSError as error:
        print(f"Failed: {error}; mend that and try again", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
