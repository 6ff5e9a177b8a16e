"""The history of a share: the sample's year, forwards and backwards for ever, on the sessions of its exchange.

The year's last bar lies on ANCHOR. Before and after it the year is mirrored (a bar backwards has open and close changed
over), so that prices never jump and stay in their range; and the bar of a session is the same on every day and every
machine, so that tomorrow only adds one.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from math import prod

import numpy as np

from local.yahoo.listings import ANCHOR, DIVIDENDS, SPLITS, Listing, sample_bars
from local.yahoo.sessions import Sessions
from local.yahoo.stock import Row

Bar = tuple[float, float, float, float, float]  # open, high, low, close, volume
Splits = Mapping[date, tuple[int, int]]


def rows(listing: Listing, sessions: Sessions, stop: int, factor: float) -> tuple[Row, ...]:
    """The rows of the first `stop` sessions since the listing began, prices times `factor`, volumes divided by it."""
    cycle, start = _cycle(listing.sample), _start_of_year(listing.sample, sessions)
    scale = listing.scale * factor
    first = bisect_left(sessions.days, listing.first_day)
    return tuple(
        _row(sessions.days[at], cycle[(at - start) % len(cycle)], scale, factor)
        for at in range(first, max(first, stop))
    )


def _row(day: date, bar: Bar, scale: float, factor: float) -> Row:
    open_, high, low, close = (round(price * scale, 6) for price in bar[:4])
    return Row(day, open_, high, low, close, round(bar[4] / factor))


@lru_cache(maxsize=1024)
def _cycle(sample: str) -> tuple[Bar, ...]:
    """The year forwards, then backwards, adjusted for its splits; high and low around all four prices."""
    bars, adjusting = sample_bars(sample), _adjusting(sample)
    columns = [getattr(bars, name) * adjusting for name in ("open", "high", "low", "close")]
    columns[1:3] = np.maximum.reduce(columns), np.minimum.reduce(columns)
    columns.append(bars.volume / adjusting)
    year: list[Bar] = list(zip(*(column.tolist() for column in columns), strict=True))
    return (*year, *((close, high, low, open_, volume) for open_, high, low, close, volume in reversed(year)))


def _adjusting(sample: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """What the price of each session has to be multiplied with, so that no split of the year shows."""
    sessions = sample_bars(sample).sessions
    factors = np.ones(len(sessions))
    for day, (new, old) in SPLITS.get(sample, {}).items():
        factors[sessions < np.datetime64(day, "D")] *= old / new
    return factors


def _start_of_year(sample: str, sessions: Sessions) -> int:
    """Which session has the first bar of the year that ends with ANCHOR."""
    return bisect_right(sessions.days, ANCHOR) - len(sample_bars(sample))


def splits_of_year(listing: Listing, sessions: Sessions) -> dict[date, tuple[int, int]]:
    """The splits of the sample, on the sessions where they lie now."""
    return {_moved(day, listing, sessions): ratio for day, ratio in SPLITS.get(listing.sample, {}).items()}


def dividends_of_year(listing: Listing, sessions: Sessions) -> dict[date, float]:
    """The dividends of the sample, on the sessions where they lie now."""
    known = DIVIDENDS.get(listing.sample, {})
    return {_moved(day, listing, sessions): amount * listing.scale for day, amount in known.items()}


def _moved(day: date, listing: Listing, sessions: Sessions) -> date:
    at = int(np.searchsorted(sample_bars(listing.sample).sessions, np.datetime64(day, "D")))
    return sessions.days[_start_of_year(listing.sample, sessions) + at]


def shrinking(splits: Splits) -> float:
    """What these splits do to a price: a half for two new shares for one old."""
    return prod(old / new for new, old in splits.values())
