"""What is said in the terminal: tables for people, one JSON document for programs."""

import json
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic_core import to_jsonable_python
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from include.client.errors import ApiError, ClientError, NoAnswerError
from include.model.analysis import Verdict

WIDTH_WITHOUT_TERMINAL = 140
STYLES = {
    Verdict.STRONG_BUY: "bold green",
    Verdict.BUY: "green",
    Verdict.HOLD: "yellow",
    Verdict.SELL: "red",
    Verdict.STRONG_SELL: "bold red",
}


def console(*, stderr: bool = False) -> Console:
    """The terminal; wide enough for our tables when the output goes to a file."""
    found = Console(stderr=stderr, highlight=False, markup=False)
    width = None if found.is_terminal else WIDTH_WITHOUT_TERMINAL
    return Console(stderr=stderr, width=width, highlight=False, markup=False)


def table(*left: str, right: Iterable[str] = (), last: str | None = None) -> Table:
    """A table with columns of names, of figures, and one of words that may be long."""
    made = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for title in left:
        made.add_column(title, no_wrap=True)
    for title in right:
        made.add_column(title, justify="right", no_wrap=True)
    if last is not None:
        made.add_column(last, overflow="fold")
    return made


def show_table(made: Table, nothing: str) -> None:
    """Print a table, or what to say where it has no row."""
    if made.row_count:
        console().print(made)
    else:
        print(nothing)


def print_json(document: Any) -> None:  # noqa: ANN401
    """The one document of a command."""
    print(json.dumps(to_jsonable_python(document), indent=2, ensure_ascii=False))


def verdict(found: Verdict | None) -> Text:
    """A verdict in its colour."""
    return Text(found, style=STYLES[found]) if found else Text("")


def figure(value: float | None, form: str = ".10g") -> str:
    """A figure with all its digits, nothing where there is none."""
    return "" if value is None else format(value, form)


def moment(value: datetime | None) -> str:
    """A time to the second, in UTC."""
    return "" if value is None else f"{value:%Y-%m-%d %H:%M:%S}"


def tell_error(error: ClientError, *, as_json: bool) -> None:
    """Say what went wrong, to a program too."""
    print(error, file=sys.stderr)
    if as_json:
        told: dict[str, Any] = {"code": type(error).__name__, "message": str(error), "status": None, "details": []}
        if isinstance(error, ApiError):
            told |= {"code": error.code, "status": error.status, "details": error.details}
        elif isinstance(error, NoAnswerError):
            told |= {"request_id": error.request_id}
        print_json({"error": told})
