"""Bars that hypothesis makes up: walks in ticks, wild jumps, standstills, days without volume."""

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from include.model.bars import Bars, DataSource, Ticks

TICKS = (0.0001, 0.01, 0.05, 1.0)


def make_bars(
    close: np.ndarray,
    *,
    open_: np.ndarray | None = None,
    high: np.ndarray | None = None,
    low: np.ndarray | None = None,
    volume: np.ndarray | None = None,
    tick: float = 0.01,
) -> Bars:
    """Bars of one session a day; what is not given follows from the closes."""
    close = np.asarray(close, dtype=np.float64)
    open_ = close if open_ is None else open_
    return Bars(
        ticker="TEST",
        source=DataSource.DEMO,
        currency="USD",
        sessions=np.datetime64("2020-01-01", "D") + np.arange(len(close)),
        open=np.asarray(open_, dtype=np.float64),
        high=np.maximum(open_, close) if high is None else np.asarray(high, dtype=np.float64),
        low=np.minimum(open_, close) if low is None else np.asarray(low, dtype=np.float64),
        close=close,
        volume=np.full(len(close), 1e6) if volume is None else np.asarray(volume, dtype=np.float64),
        ticks=Ticks(((0, tick),)),
    )


@st.composite
def walks(draw: st.DrawFn, min_size: int = 60, max_size: int = 260) -> Bars:
    """A walk in whole ticks, at any level from one tick to a million ticks, with gaps and standstills."""
    n, tick = draw(st.integers(min_size, max_size)), draw(st.sampled_from(TICKS))
    step = draw(st.sampled_from((0, 1, 20, 5000)))
    start = draw(st.integers(1, 1_000_000))
    moves = draw(arrays(np.int64, n, elements=st.integers(-step, step)))
    gaps, up, down = (draw(arrays(np.int64, n, elements=st.integers(0, step))) for _ in range(3))
    close = np.maximum(1, start + moves.cumsum())
    open_ = np.maximum(1, close - moves + gaps)
    high, low = np.maximum(open_, close) + up, np.maximum(1, np.minimum(open_, close) - down)
    volume = draw(arrays(np.int64, n, elements=st.integers(0, 10**9)))
    return make_bars(close * tick, open_=open_ * tick, high=high * tick, low=low * tick, volume=volume, tick=tick)


@st.composite
def wild(draw: st.DrawFn) -> Bars:
    """Any prices from 1e-4 to 1e6 in any order."""
    n = draw(st.integers(60, 210))
    prices = draw(arrays(np.float64, (2, n), elements=st.floats(1e-4, 1e6)))
    reach = draw(arrays(np.float64, (2, n), elements=st.floats(1, 1.5)))
    high, low = prices.max(axis=0) * reach[0], prices.min(axis=0) / reach[1]
    volume = draw(arrays(np.float64, n, elements=st.just(0.0) | st.floats(1e-3, 1e12)))
    return make_bars(prices[0], open_=prices[1], high=high, low=low, volume=volume)


def any_bars() -> st.SearchStrategy[Bars]:
    return st.one_of(walks(), wild())
