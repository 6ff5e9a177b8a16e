"""The numbers behind the indicators: series in, figures out, no opinion.

The definitions are TA-Lib's (Wilder's smoothing where Wilder defined it, an EMA seeded with the mean of its first n
values, population deviation). Where TA-Lib answers 0 although the figure is undefined, `UndefinedError` says why.
A figure with a finite window is computed from that window alone; the others from all bars. `last` asks for the
newest `last` values, the newest at the end.
"""

from typing import TypeAlias

import numpy as np

from include.analysis import c_talib as talib
from include.analysis.series import NOISE, Floats, Series, UndefinedError

Pair: TypeAlias = tuple[list[float], list[float]]


def rsi(s: Series, period: int, last: int = 1) -> list[float]:
    """Relative strength index (Wilder 1978); undefined when the close stood still."""
    values: list[float] = _rsi(s, period, last).tolist()
    return values


def stochastic(s: Series, period: int, slow: int, signal: int, last: int = 1) -> Pair:
    """Slow %K and %D (Lane)."""
    part = slice(-(period + slow + signal - 2 + last - 1), None)
    high, low, close = s.high[part], s.low[part], s.close[part]
    _require_range(high, low, s, period, f"no range in {period} bars")
    k, d = talib.STOCH(high, low, close, period, slow, talib.MA_Type.SMA, signal, talib.MA_Type.SMA)
    return k[-last:].tolist(), d[-last:].tolist()


def cci(s: Series, period: int, last: int = 1) -> list[float]:
    """Commodity channel index (Lambert)."""
    part = slice(-(period + last - 1), None)
    high, low, close = s.high[part], s.low[part], s.close[part]
    typical = (high + low + close) / 3
    _require_range(typical, typical, s, period, f"no deviation in {period} bars")
    values: list[float] = talib.CCI(high, low, close, period)[-last:].tolist()
    return values


def williams_r(s: Series, period: int, last: int = 1) -> list[float]:
    """Williams %R, -100..0."""
    part = slice(-(period + last - 1), None)
    high, low, close = s.high[part], s.low[part], s.close[part]
    _require_range(high, low, s, period, f"no range in {period} bars")
    values: list[float] = talib.WILLR(high, low, close, period)[-last:].tolist()
    return values


def macd(s: Series, fast: int, slow: int, signal: int) -> tuple[float, float]:
    """MACD line and its signal line (Appel), counted."""
    line, average, _ = talib.MACD(s.close, fast, slow, signal)
    return float(line[-1]), float(average[-1])


def directional(s: Series, period: int) -> tuple[list[float], list[float], float]:
    """The last two +DI and -DI, and the ADX (Wilder 1978)."""
    if true_range(s, period).max() <= NOISE * s.last:
        raise UndefinedError(f"no range in {period} bars")
    plus = talib.PLUS_DI(s.high, s.low, s.close, period)[-2:]
    minus = talib.MINUS_DI(s.high, s.low, s.close, period)[-2:]
    return plus.tolist(), minus.tolist(), float(talib.ADX(s.high, s.low, s.close, period)[-1])


def parabolic_sar(s: Series, step: float, limit: float) -> float:
    """Parabolic stop and reverse (Wilder 1978), counted."""
    return float(talib.SAR(s.high, s.low, step, limit)[-1])


def percent_b(s: Series, period: int, deviations: float) -> float:
    """Where the close lies in its Bollinger band: 0 on the lower band, 1 on the upper.

    The closes are shifted and stretched to a range of 1 first: TA-Lib takes E[x^2] - E[x]^2, which of a price that
    hardly moves leaves nothing but rounding.
    """
    closes = s.close[-period:] - s.last
    spread = float(closes.max() - closes.min())
    if spread <= NOISE * s.last:
        raise UndefinedError(f"no deviation in {period} bars")
    upper, _, lower = talib.BBANDS(closes / spread, period, deviations, deviations, talib.MA_Type.SMA)
    return float(-lower[-1] / (upper[-1] - lower[-1]))


def atr(s: Series, period: int) -> float:
    """Average true range (Wilder 1978), counted."""
    return float(talib.ATR(s.high, s.low, s.close, period)[-1])


def obv_lead(s: Series, period: int) -> float:
    """On-balance volume minus its own EMA, in days of mean volume over `period` bars."""
    mean = traded_volume(s, period) / period
    balance = talib.OBV(s.close, s.volume)
    # Where the count begins is arbitrary: counted from its end, the difference keeps all its digits.
    return float(-talib.EMA(balance - balance[-1], period)[-1] / mean)


def cmf(s: Series, period: int) -> float:
    """Chaikin money flow, -1..1. A bar without range has no flow, its volume counts."""
    total = traded_volume(s, period)
    high, low, close, volume = s.high[-period:], s.low[-period:], s.close[-period:], s.volume[-period:]
    span = high - low
    moved = span > NOISE * s.last
    if not moved.any():
        raise UndefinedError(f"no range in {period} bars")
    flow = np.divide(2 * close - high - low, span, out=np.zeros(period), where=moved)
    return float(flow @ volume / total)


def true_range(s: Series, count: int) -> Floats:
    """The last `count` true ranges: the bar's range, widened to the close before it."""
    before = s.close[-count - 1 : -1]
    values: Floats = np.maximum(s.high[-count:], before) - np.minimum(s.low[-count:], before)
    return values


def traded_volume(s: Series, period: int) -> float:
    """Shares of the last `period` bars; undefined when there were none."""
    total = float(s.volume[-period:].sum())
    if not total > 0:
        raise UndefinedError(f"no volume in {period} bars")
    return total


def awesome(s: Series, fast: int, slow: int) -> list[float]:
    """Awesome oscillator (Williams) on the middles of high and low, the last three values, counted."""
    middle = (s.high[-slow - 2 :] + s.low[-slow - 2 :]) / 2
    values: list[float] = (talib.SMA(middle, fast) - talib.SMA(middle, slow))[-3:].tolist()
    return values


def stochastic_rsi(s: Series, period: int, window: int, slow: int, signal: int) -> Pair:
    """%K and %D of the RSI within its own range (Chande and Kroll), the last two values of each."""
    values = _rsi(s, period, window + slow + signal - 1)
    highest, lowest = talib.MAX(values, window), talib.MIN(values, window)
    span = (highest - lowest)[window - 1 :]
    if span.min() <= NOISE * 100:
        raise UndefinedError(f"no range of the RSI in {window} bars")
    k = talib.SMA(100 * (values - lowest)[window - 1 :] / span, slow)
    d = talib.SMA(k[slow - 1 :], signal)
    return k[-2:].tolist(), d[-2:].tolist()


def ultimate(s: Series, short: int, middle: int, long: int) -> float:
    """Ultimate oscillator (Williams), 0..100."""
    if true_range(s, short).max() <= NOISE * s.last:
        raise UndefinedError(f"no range in {short} bars")
    part = slice(-long - 1, None)
    return float(talib.ULTOSC(s.high[part], s.low[part], s.close[part], short, middle, long)[-1])


def _rsi(s: Series, period: int, last: int) -> Floats:
    closes = s.close[-(period + last) :]
    _require_range(closes, closes, s, period + 1, f"close unchanged for {period} bars")
    return s.rsi(period)[-last:]


def _require_range(high: Floats, low: Floats, s: Series, period: int, reason: str) -> None:
    """Every window of `period` bars must have a highest high above its lowest low."""
    if len(high) == period:
        narrowest = high.max() - low.min()
    else:
        narrowest = (talib.MAX(high, period) - talib.MIN(low, period))[period - 1 :].min()
    if narrowest <= NOISE * s.last:
        raise UndefinedError(reason)
