"""The commands behind `make`: `python -m local up`."""

import argparse
import os
import sys
from collections.abc import Callable

import httpx
import psycopg

from local import care, show, stack, supervision, users, workers
from local.errors import LocalError
from local.home import default_home
from local.source import wanted


def say(text: str, ends_line: bool = True) -> None:
    """Print at once."""
    print(text, end="\n" if ends_line else "", flush=True)


def up() -> int:
    """Start everything."""
    stack.up(default_home(), say=say, source=wanted(), workers=workers.wanted())
    return 0


def down() -> int:
    """Stop everything."""
    say("Stopped; the data stays" if stack.down(default_home()) else "Nothing was running")
    return 0


def run() -> int:
    """Start everything and run the main job."""
    from local import main_job  # the other commands must work even when the product cannot be imported

    running = stack.up(default_home(), say=say, source=wanted(), workers=workers.wanted())
    return 0 if main_job.run(running, show.console()) else 1


def status() -> int:
    """Print what runs."""
    return 0 if show.status(default_home()) else 1


def doctor() -> int:
    """Look the installation over."""
    return 0 if care.doctor(default_home()) else 1


def mend() -> int:
    """Undo what is different in the database."""
    say(care.mend(default_home()))
    return 0


def logs() -> int:
    """Print the ends of the logs."""
    try:
        show.logs(default_home())
        sys.stdout.flush()
    except BrokenPipeError:  # `make logs | head` has seen enough; Python's own flush at the end must not fail either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def clean() -> int:
    """Stop everything and delete the state."""
    for folder in stack.clean(default_home()):
        say(f"Deleted {folder}")
    return 0


def password() -> int:
    """Print the password of the user admin."""
    say(users.password(default_home()))
    return 0


def user() -> int:
    """Add or change the user in the environment."""
    home = default_home()
    name, role = os.environ.get("BELLWETHER_USER_NAME", ""), os.environ.get("BELLWETHER_USER_ROLE", "")
    users.check(name, role)
    before = users.role(home, name)
    if before == role:
        say(f"{name} has the role {role} already: nothing to do")
    elif stack.running(home) is not None:
        say("The API server starts again, to know the user; running jobs wait some seconds for it, and go on ...")
    given = stack.add_user(home, name, role)
    if before != role:
        say(
            f"{name} has the role {role}" + (f" and the password {given}" if before is None else ", the password stays")
        )
    say(f"All passwords are in {home.passwords_file}")
    return 0


COMMANDS: dict[str, Callable[[], int]] = {
    "run": run,
    "up": up,
    "down": down,
    "status": status,
    "doctor": doctor,
    "mend": mend,
    "logs": logs,
    "password": password,
    "user": user,
    "clean": clean,
}


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
    except httpx.TransportError as error:
        print(f"Failed: Airflow does not answer ({error}); `make status` says why", file=sys.stderr)
    except OSError as error:
        print(f"Failed: {error}; mend that and try again", file=sys.stderr)
    except KeyboardInterrupt:
        print("Interrupted", file=sys.stderr)
        return 130
    return 1


if __name__ == "__main__":
    sys.exit(main())
