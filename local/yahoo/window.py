"""Which rows a request asks for: by `range`, or by `period1` and `period2`."""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from local.yahoo.stock import Stock

RANGES = ("1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max")


class UnanswerableError(Exception):
    """What Yahoo refuses: the status, its code and its sentence."""

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Window:
    """The rows from index `first` up to, not with, `stop`. `range` is how they were asked for, empty by dates."""

    first: int
    stop: int
    range: str = ""


def window(stock: Stock, query: Mapping[str, str]) -> Window:
    """The rows that a query asks for; without any dates the last session, as Yahoo does.

    Raises:
        UnanswerableError: dates before the first row, or a range or interval that there is not.
    """
    if query.get("interval", "1d") != "1d":
        raise UnanswerableError(422, "Unprocessable Entity", "Invalid input - only interval=1d is here")
    if "period1" not in query:
        return _by_range(stock, query.get("range", "1d"))
    since, until = int(query["period1"]), int(query.get("period2", 2**40))
    if since >= until:
        raise UnanswerableError(400, "Bad Request", "Invalid input - start date cannot be after end date.")
    if stock.rows and until <= stock.epochs[0]:
        raise UnanswerableError(400, "Bad Request", f"Data doesn't exist for startDate = {since}, endDate = {until}")
    return Window(bisect_left(stock.epochs, since), bisect_left(stock.epochs, until))


def _by_range(stock: Stock, wanted: str) -> Window:
    if wanted not in RANGES:
        allowed = ", ".join(RANGES)
        raise UnanswerableError(422, "Unprocessable Entity", f"Invalid input - range={wanted} is none of {allowed}")
    rows = len(stock.rows)
    if wanted in ("1d", "5d"):
        return Window(max(0, rows - int(wanted[0])), rows, wanted)
    if wanted == "max" or not rows:
        return Window(0, rows, wanted)
    first = _start(stock.rows[-1].day, wanted)
    return Window(bisect_left(stock.epochs, stock.epoch(first)), rows, wanted)


def _start(last: date, wanted: str) -> date:
    """The first day of a range that ends with `last`."""
    if wanted == "ytd":
        return date(last.year, 1, 1)
    months = int(wanted.removesuffix("mo")) if wanted.endswith("mo") else 12 * int(wanted.removesuffix("y"))
    year, month = divmod(last.year * 12 + last.month - 1 - months, 12)
    return date(year, month + 1, 1) + timedelta(days=min(last.day, 28) - 1)
