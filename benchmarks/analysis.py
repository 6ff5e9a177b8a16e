"""The analysis alone: processor time a ticker, beside TA-Lib's bare C calls for the same indicators."""

import time
from collections.abc import Callable
from datetime import date
from functools import partial

import talib

from benchmarks.figures import Figure, middle, spread
from include.analysis import Strategy, analyze, load_strategies
from include.market.sources.demo import demo_bars
from include.model.analysis import Analysis
from include.model.bars import Bars

TICKERS = 200
BARS = 500
ROUNDS = 5
UNTIL = date(2026, 6, 30)


def measure() -> list[Figure]:
    """Milliseconds of processor time for one ticker of 500 bars, all in: indicators, votes, explanation, plan."""
    series = [demo_bars(f"BENCH{n}", UNTIL, BARS) for n in range(TICKERS)]
    strategies = load_strategies()
    goals = {"balanced": 0.5, "technical_rating": 1.0}
    times: dict[str, list[float]] = {name: [] for name in ("bare", *goals)}
    for _ in range(ROUNDS):
        times["bare"].append(_milliseconds(series, _bare_talib))
        for name in goals:
            times[name].append(_milliseconds(series, partial(_analyse, strategies[name])))
    figures = [
        Figure(name=f"analysis, {name}", value=middle(times[name]), unit="ms", goal=goal, detail=spread(times[name]))
        for name, goal in goals.items()
    ]
    bare = Figure(name="bare TA-Lib calls, balanced", value=middle(times["bare"]), unit="ms", detail="12 indicators")
    ratio = middle([ours / base for ours, base in zip(times["balanced"], times["bare"], strict=True)])
    return [*figures, bare, Figure(name="analysis, balanced : bare calls", value=ratio, unit="x", goal=2.5)]


def _analyse(strategy: Strategy, bars: Bars) -> None:
    analysis = analyze(bars, strategy)
    if not isinstance(analysis, Analysis):
        raise TypeError(f"the benchmark's bars were refused: {analysis}")


def _milliseconds(series: list[Bars], work: Callable[[Bars], None]) -> float:
    """Processor time of `work` for one series, in milliseconds."""
    start = time.process_time()
    for bars in series:
        work(bars)
    return (time.process_time() - start) * 1000 / len(series)


def _bare_talib(bars: Bars) -> None:
    """What TA-Lib needs for the indicators of `weighted_votes`; it has no Chaikin money flow, AD stands in."""
    high, low, close, volume = bars.high, bars.low, bars.close, bars.volume
    talib.RSI(close, 14)
    talib.STOCH(high, low, close, fastk_period=14, slowk_period=3, slowd_period=3)
    talib.CCI(high, low, close, 20)
    talib.WILLR(high, low, close, 14)
    talib.MACD(close, 12, 26, 9)
    talib.ADX(high, low, close, 14)
    talib.PLUS_DI(high, low, close, 14)
    talib.MINUS_DI(high, low, close, 14)
    talib.EMA(close, 50)
    talib.EMA(close, 200)
    talib.SAR(high, low, 0.02, 0.2)
    talib.BBANDS(close, 20, 2, 2)
    talib.EMA(talib.OBV(close, volume), 20)
    talib.AD(high, low, close, volume)
    talib.ATR(high, low, close, 14)
