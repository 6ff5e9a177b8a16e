"""The rules of the public technical rating: each makes, from a measure and its thresholds, what a vote reads.

A vote has no confidence of its own: each that has a value counts the same in its group, also when it votes 0.
"""

from collections.abc import Callable
from typing import TypeAlias

from include.analysis.averages import Ichimoku
from include.analysis.indicator import Signal
from include.analysis.measures import Pair
from include.analysis.series import Series, sign

Rule: TypeAlias = Callable[[Series], Signal]

_SIDE = ("level with", "above", "below")  # by sign: 0, 1, -1


def average(name: str, level: Callable[[Series], float]) -> Rule:
    """The close above its average votes +1, below it -1."""

    def read(s: Series) -> Signal:
        value = level(s)
        vote = sign(s.last - value, s.last)
        return _equal(s.unit * value, vote, f"close {_SIDE[vote]} {name}: {s.money(s.last)} and {s.money(value)}")

    return read


def ichimoku(lines: Callable[[Series], Ichimoku]) -> Rule:
    """+1 when lead A > lead B, base > lead A, conversion > base and close > conversion; -1 when all are reversed."""

    def read(s: Series) -> Signal:
        i = lines(s)
        steps = (i.lead_a - i.lead_b, i.base - i.lead_a, i.conversion - i.base, s.last - i.conversion)
        signs = {sign(step, s.last) for step in steps}
        vote = signs.pop() if len(signs) == 1 else 0
        word = ("Ichimoku lines mixed", "Ichimoku lines all rising", "Ichimoku lines all falling")[vote]
        names = ("conversion", "base", "lead A", "lead B")
        figures = ", ".join(f"{name} {s.money(value)}" for name, value in zip(names, i, strict=True))
        return _equal(s.unit * i.base, vote, f"{word}: close {s.money(s.last)}, {figures}")

    return read


def turn(name: str, low: float, high: float, values: Callable[[Series], list[float]]) -> Rule:
    """+1 below `low` and higher than the bar before, -1 above `high` and lower than the bar before."""

    def read(s: Series) -> Signal:
        before, now = values(s)
        place, move = _outside(now, low, high), sign(now - before, high - low)
        vote = -place if place and move == -place else 0
        word = ("neutral", "oversold and rising", "overbought and falling")[vote]
        return _equal(now, vote, f"{name} {word}: {now:.1f} after {before:.1f}, thresholds {low:g} and {high:g}")

    return read


def cross(
    name: str, low: float, high: float, lines: Callable[[Series], Pair], against_trend: int | None = None
) -> Rule:
    """+1 when %K and %D are below `low` and %K crosses above %D, -1 in the mirror.

    `against_trend`: the +1 only with the close below its EMA of that period, the -1 only with the close above it.
    """

    def read(s: Series) -> Signal:
        k, d = lines(s)
        place = _outside(k[-1], low, high)
        agreed = place == _outside(d[-1], low, high) and _crossed(k, d, 100) == -place
        vote = -place if agreed else 0
        if against_trend and sign(s.last - float(s.ema(against_trend)[-1]), s.last) != -vote:
            vote = 0
        word = ("neutral", "oversold, %K crosses above %D", "overbought, %K crosses below %D")[vote]
        return _equal(k[-1], vote, f"{name} {word}: %K {k[-1]:.1f}, %D {d[-1]:.1f}, thresholds {low:g} and {high:g}")

    return read


def directions(name: str, least: float, measure: Callable[[Series], tuple[list[float], list[float], float]]) -> Rule:
    """With the ADX above `least`: +1 when +DI crosses above -DI, -1 when it crosses below."""

    def read(s: Series) -> Signal:
        plus, minus, adx = measure(s)
        vote = _crossed(plus, minus, 100) if sign(adx - least, 100) > 0 else 0
        word = ("no new direction", "+DI crosses above -DI", "+DI crosses below -DI")[vote]
        return _equal(adx, vote, f"{word}: {plus[-1]:.1f} and {minus[-1]:.1f}, {name} {adx:.1f}, least {least:g}")

    return read


def saucer(name: str, values: Callable[[Series], list[float]]) -> Rule:
    """+1 when the oscillator crosses above 0, or is above 0 and turns up (a saucer); -1 in the mirror."""

    def read(s: Series) -> Signal:
        first, before, now = values(s)
        side, crossed = sign(now, s.last), sign(before, s.last) != sign(now, s.last)
        turned = sign(now - before, s.last) == side and sign(first - before, s.last) == side
        vote = side if crossed or turned else 0
        words = ("crosses above 0", "crosses below 0") if crossed else ("saucer above 0", "saucer below 0")
        word = ("neutral", *words)[vote]
        return _equal(
            s.unit * now, vote, f"{name} {word}: {s.money(now, signed=True)} after {s.money(before, signed=True)}"
        )

    return read


def momentum(name: str, period: int) -> Rule:
    """+1 when the change over `period` bars is above that of the bar before, -1 when below."""

    def read(s: Series) -> Signal:
        now = float(s.close[-1] - s.close[-1 - period])
        before = float(s.close[-2] - s.close[-2 - period])
        vote = sign(now - before, s.last)
        word = ("unchanged", "rising", "falling")[vote]
        return _equal(
            s.unit * now, vote, f"{name} {word}: {s.money(now, signed=True)} after {s.money(before, signed=True)}"
        )

    return read


def signal_line(name: str, lines: Callable[[Series], tuple[float, float]]) -> Rule:
    """+1 when the line is above its signal line, -1 when below."""

    def read(s: Series) -> Signal:
        line, average_ = lines(s)
        vote = sign(line - average_, s.last)
        figures = f"{s.money(line, signed=True)} and {s.money(average_, signed=True)}"
        return _equal(s.unit * line, vote, f"{name} {_SIDE[vote]} its signal: {figures}")

    return read


def powers(period: int, trend: int) -> Rule:
    """Elder's powers, high and low less the EMA of `period`; EMA(`trend`) gives the trend.

    +1 in an uptrend with bear power below 0 and rising, -1 in a downtrend with bull power above 0 and falling.
    """

    def read(s: Series) -> Signal:
        middle = s.ema(period)[-2:]
        bull, bear = (s.high[-2:] - middle).tolist(), (s.low[-2:] - middle).tolist()
        side = sign(s.last - float(s.ema(trend)[-1]), s.last)
        buys = side > 0 > sign(bear[-1], s.last) and sign(bear[-1] - bear[-2], s.last) > 0
        sells = side < 0 < sign(bull[-1], s.last) and sign(bull[-1] - bull[-2], s.last) < 0
        word = "bear power fading" if buys else "bull power fading" if sells else "bull and bear power neutral"
        figures = f"bull {s.money(bull[-1], signed=True)}, bear {s.money(bear[-1], signed=True)}"
        rule = f"{word}: {figures}, close {_SIDE[side]} EMA{trend}"
        return _equal(s.unit * (bull[-1] + bear[-1]), int(buys) - int(sells), rule)

    return read


def outside(name: str, low: float, high: float, value: Callable[[Series], float]) -> Rule:
    """+1 above `high`, -1 below `low`: strength, where the other oscillators see exhaustion."""

    def read(s: Series) -> Signal:
        now = value(s)
        vote = _outside(now, low, high)
        word = ("neutral", "strong", "weak")[vote]
        return _equal(now, vote, f"{name} {word}: {now:.1f}, thresholds {low:g} and {high:g}")

    return read


def _equal(value: float, vote: int, rule: str) -> Signal:
    return Signal(value, vote, 1.0, rule)


def _outside(value: float, low: float, high: float) -> int:
    """1 above `high`, -1 below `low`, 0 between."""
    return int(sign(value - high, high - low) > 0) - int(sign(low - value, high - low) > 0)


def _crossed(line: list[float], other: list[float], scale: float) -> int:
    """1 when the line comes to lie above the other at the newest bar, -1 when below, else 0."""
    before, now = (sign(a - b, scale) for a, b in zip(line[-2:], other[-2:], strict=True))
    return now if now != before else 0
