"""The moving averages of the public technical rating, as levels to compare the close with; in counted prices."""

from typing import NamedTuple

from include.analysis import c_talib as talib
from include.analysis.measures import traded_volume
from include.analysis.series import Series

CLOUD_SHIFT = 25
"""The cloud is drawn 26 bars ahead, the bar of its making counted: today's cloud was made 25 bars ago."""


class Ichimoku(NamedTuple):
    """The lines of Ichimoku Kinko Hyo at the newest bar."""

    conversion: float
    base: float
    lead_a: float
    lead_b: float


def sma(s: Series, period: int) -> float:
    """Simple average."""
    return float(s.close[-period:].mean())


def ema(s: Series, period: int) -> float:
    """Exponential average."""
    return float(s.ema(period)[-1])


def hull(s: Series, period: int) -> float:
    """Hull's average: WMA(2 WMA(n/2) - WMA(n)) over the root of n, both rounded down."""
    root = int(period**0.5)
    closes = s.close[-(period + root - 1) :]
    raw = 2 * talib.WMA(closes, period // 2) - talib.WMA(closes, period)
    return float(talib.WMA(raw[-root:], root)[-1])


def vwma(s: Series, period: int) -> float:
    """Average weighted by volume."""
    total = traded_volume(s, period)
    return float(s.close[-period:] @ s.volume[-period:] / total)


def ichimoku(s: Series, conversion: int, base: int, lead: int) -> Ichimoku:
    """The lines as a chart shows them at the newest bar: conversion and base of now, the leads of 25 bars ago.

    The leads of now would make the rule a contradiction: lead A, the middle of conversion and base, cannot lie below
    the base while the conversion lies above it.
    """
    past = -CLOUD_SHIFT
    lead_a = (_middle(s, conversion, past) + _middle(s, base, past)) / 2
    return Ichimoku(_middle(s, conversion), _middle(s, base), lead_a, _middle(s, lead, past))


def _middle(s: Series, period: int, end: int | None = None) -> float:
    """Middle between the highest high and the lowest low of the `period` bars before index `end`."""
    part = slice((end or 0) - period, end)
    return float(s.high[part].max() + s.low[part].min()) / 2
