"""Universes of an operator's own: each `name.csv` of a folder, with a column of symbols.

In `name.NS.csv` a symbol without a suffix gets that one: so the lists that NSE publishes can be used as they are.
"""

import csv
import io
import logging
import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from include.market.symbols import normalize_ticker
from include.market.universes.universe import Members, Universe
from include.model.errors import FieldProblem, InvalidRequestError

if TYPE_CHECKING:
    from _csv import Reader

log = logging.getLogger(__name__)

COLUMNS = ("symbol", "ticker")
MOST_PROBLEMS = 10  # that one refusal names
ALLOWED = (
    "lower-case letters, digits and _, a letter first, as nifty50.csv, or nifty50.NS.csv for symbols without suffix"
)

_NAME = re.compile(r"([a-z][a-z0-9_]{0,39})(?:\.([A-Z]{1,3}))?\.csv")


def file_universes(folder: Path, taken: Collection[str]) -> dict[str, Universe]:
    """A universe for each file of the folder, by name; no file is read.

    What cannot be one is left out, and the log says why: a name that is malformed or taken, a folder that is away.
    """
    found: dict[str, Universe] = {}
    try:
        files = sorted(path for path in folder.iterdir() if path.suffix == ".csv" and not path.name.startswith("."))
        for path in files:
            named = _NAME.fullmatch(path.name)
            if named is None:
                log.warning("%s is no universe: its name must be %s", path, ALLOWED)
            elif named[1] in taken or named[1] in found:
                log.warning("%s is no universe: there is another one named %s", path, named[1])
            else:
                found[named[1]] = _universe(path, named[1], named[2])
    except OSError as error:
        log.warning("the folder of universes cannot be read, BELLWETHER_UNIVERSES_DIR: %s", error)
    return found


def _universe(path: Path, name: str, suffix: str | None) -> Universe:
    changed = datetime.fromtimestamp(path.stat().st_mtime, UTC).date().isoformat()
    return Universe(
        name=name,
        title=name,
        dated=f"file of {changed}",
        description=f"the symbols of {path}, last changed on {changed}",
        read=partial(_read, path, name, suffix),
    )


def _read(path: Path, name: str, suffix: str | None) -> Members:
    """The symbols of a file. Raises InvalidRequestError, which names file, line, and what is allowed."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # spreadsheets write a mark before the first column
        tickers, problems = _parse(text, suffix)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _refused(name, [f"the file {path} cannot be read: {error}"]) from error
    if problems:
        more = [f"and {len(problems) - MOST_PROBLEMS} lines more"] if len(problems) > MOST_PROBLEMS else []
        raise _refused(name, [f"the file {path}, {'; '.join([*problems[:MOST_PROBLEMS], *more])}"])
    return Members(tickers=tuple(sorted(set(tickers))))


def _parse(text: str, suffix: str | None) -> tuple[list[str], list[str]]:
    """The tickers of a file, and what is wrong with it."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [cell.strip().lower() for cell in next(rows, [])]
    column = next((header.index(name) for name in COLUMNS if name in header), None)
    if column is None:
        return [], [f"line 1: one column must be named `symbol`; there are {', '.join(header) or 'none'}"]
    tickers: list[str] = []
    problems: list[str] = []
    for line, symbol in _symbols(rows, column):
        try:
            ticker = normalize_ticker(symbol)
            tickers.append(f"{ticker}.{suffix}" if suffix and "." not in ticker else ticker)
        except ValueError as error:
            problems.append(f"line {line}: {symbol!r}: {error}")
    return tickers, problems if tickers or problems else ["line 2: no symbol follows; there must be one at least"]


def _symbols(rows: "Reader", column: int) -> Iterator[tuple[int, str]]:
    """Every line that is not empty, by its number, and what stands in the column of symbols."""
    for row in rows:
        if any(cell.strip() for cell in row):
            yield rows.line_num, row[column] if column < len(row) else ""


def _refused(name: str, reasons: list[str]) -> InvalidRequestError:
    return InvalidRequestError([FieldProblem("universe", name, reason) for reason in reasons])
