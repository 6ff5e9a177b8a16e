"""Synthetic prices for trying things out: any ticker, any time, no network, the same on every machine.

A price is a sum of waves of noise around the ticker's own level. A bar depends on nothing but ticker and date, so
the date that is asked for never changes the bars before it, and prices stay near their level for ever. The noise is a
hash, and all else is + - * /, so that no library's version and no processor changes a digit.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from include.market.exchanges import exchange_of
from include.model.bars import Bars, DataSource

if TYPE_CHECKING:
    from include.market.sources.source import Clock
    from include.model.errors import Refusal

FIRST_SESSION = date(2000, 1, 3)
# Length in sessions and height, as a share of the price level, of the waves. The heights add up to less than 1, so
# that a price is always positive.
WAVES = ((509, 0.28), (127, 0.16), (31, 0.08), (7, 0.035), (2, 0.015), (1, 0.01))

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class DemoSource:
    """Prices of every well-formed ticker, up to the last weekday that is over."""

    name = DataSource.DEMO

    def __init__(self, clock: "Clock") -> None:
        self._clock = clock

    def fetch(self, wanted: Mapping[str, date | None], bars: int) -> "dict[str, Bars | Refusal]":
        """The newest `bars` bars up to the session asked for, none of the future, never a refusal."""
        today = self._clock().date()  # UTC: no session anywhere is over before its day has begun there
        newest = today - timedelta(days=1)
        return {ticker: demo_bars(ticker, min(session or newest, today), bars) for ticker, session in wanted.items()}


def demo_bars(ticker: str, until: date, bars: int) -> Bars:
    """The newest `bars` weekdays up to `until`, none before FIRST_SESSION."""
    stop = int(np.busday_count(FIRST_SESSION, until) + np.is_busday(until))
    first = max(0, stop - bars)
    days = np.arange(first, stop)
    seed = int.from_bytes(sha256(ticker.encode()).digest()[:8], "big")
    level = 20 + 480 * _uniform(seed, 0, np.array([0]))
    closes = np.round(level * _shape(seed, np.arange(first - 1, stop)), 2)
    previous, close = closes[:-1], closes[1:]
    open_ = np.round(previous * (1 + 0.006 * (_uniform(seed, 1, days) - 0.5)), 2)
    return Bars(
        ticker=ticker,
        source=DataSource.DEMO,
        currency=exchange_of(ticker).currency,
        sessions=np.busday_offset(np.datetime64(FIRST_SESSION, "D"), days),
        open=open_,
        high=np.round(np.maximum(open_, close) * (1 + 0.012 * _uniform(seed, 2, days)), 2),
        low=np.round(np.minimum(open_, close) * (1 - 0.012 * _uniform(seed, 3, days)), 2),
        close=close,
        volume=_volume(seed, days, np.abs(close - previous) / previous),
        ticks=exchange_of(ticker).ticks,
    )


def _volume(seed: int, days: Integers, moves: Floats) -> Floats:
    """More shares change hands on days when the price moves."""
    usual = 200_000 + 5_000_000 * _uniform(seed, 4, np.array([0]))
    return np.rint(usual * (0.6 + 0.8 * _uniform(seed, 5, days)) * (1 + 30 * moves))


def _shape(seed: int, days: Integers) -> Floats:
    """Price over level: 1 and the waves, each a line through random points that are its length apart."""
    shape = np.ones(len(days))
    for wave, (length, height) in enumerate(WAVES):
        point, rest = np.divmod(days, length)
        left, right = (2 * _uniform(seed, 100 + wave, at) - 1 for at in (point, point + 1))
        shape += height * (left + (right - left) * (rest / length))
    return shape


def _uniform(seed: int, stream: int, index: Integers) -> Floats:
    """One number in [0, 1) for each index: the output function of SplitMix64 (Steele, Lea and Flood, 2014)."""
    key = (seed + stream * 0xD1342543DE82EF95) % 2**64
    z = np.uint64(key) + index.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53
