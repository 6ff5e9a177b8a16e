"""What every command has: where to connect, as whom, and whether a person or a program reads the answer."""

import argparse
import getpass
import math
import sys

from include.client.client import Client
from include.client.errors import BadInputError
from include.client.settings import ClientSettings
from include.model.bars import DataSource

PATIENCE_SECONDS = 15.0
PROGRAM = "python -m include.client"


def command(name: str, description: str) -> argparse.ArgumentParser:
    """The parser of a command, with the options of all."""
    parser = argparse.ArgumentParser(prog=f"{PROGRAM} {name}", description=description)
    add_common(parser)
    return parser


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has."""
    parser.add_argument("--url", help="the server (default: BELLWETHER_URL, or http://127.0.0.1:8080)")
    parser.add_argument("--user", help="as whom (default: BELLWETHER_USER, or admin); not by BELLWETHER_TOKEN then")
    parser.add_argument("--json", action="store_true", help="one JSON document, for programs")


def add_series(parser: argparse.ArgumentParser) -> None:
    """Add by which strategy and from which source."""
    parser.add_argument("--strategy")
    parser.add_argument("--source", dest="data_source", choices=[str(name) for name in DataSource])


def open_client(options: argparse.Namespace) -> Client:
    """A client as the options and the environment say."""
    known = ClientSettings()
    url, user = options.url or known.url, options.user or known.user
    if known.token and not options.user:
        return Client(url, token=known.token.get_secret_value(), patience=PATIENCE_SECONDS)
    password = known.password.get_secret_value() if known.password else _ask_for_password(user, url)
    return Client(url, user=user, password=password, patience=PATIENCE_SECONDS)


def _ask_for_password(user: str, url: str) -> str:
    if not sys.stdin.isatty():
        raise BadInputError("no password: set BELLWETHER_PASSWORD or BELLWETHER_TOKEN; only a terminal is asked for it")
    return getpass.getpass(f"Password of {user} at {url}: ")


def number(text: str) -> float:
    """A number that JSON can say."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def natural(text: str) -> int:
    """A whole number above 0."""
    value = int(text)
    if value < 1:
        raise ValueError(text)
    return value


def given(options: argparse.Namespace, *names: str) -> dict[str, object]:
    """The options that somebody gave, by name."""
    values = {name: getattr(options, name) for name in names}
    return {name: value for name, value in values.items() if not (value is None or value is False or value == [])}
