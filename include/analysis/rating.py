"""From prices to the score: what every indicator says, its weight and contribution, and the verdict."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from include.analysis.indicator import Indicator, Signal
from include.analysis.series import Series, UndefinedError
from include.analysis.strategy import Strategy
from include.model.analysis import Reading, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """What the indicators say together; the contributions of the readings add up to score - 50."""

    score: float
    verdict: Verdict
    readings: tuple[Reading, ...]


def rate(series: Series, strategy: Strategy) -> Rating:
    """Read every indicator and weigh the votes: s = sum(vote * w) / sum(w), w = confidence * weight.

    The score is 50 + 50 s with one decimal. The verdict is that of the score that is shown: 60.0 is a Buy also
    where s is 0.1995.
    """
    indicators = strategy.indicators
    answers = [_answer(indicator, series) for indicator in indicators]
    given = strategy.weights([i for i, a in zip(indicators, answers, strict=True) if isinstance(a, Signal)])
    weights = [given.get(i.id, 0.0) if isinstance(a, Signal) else 0.0 for i, a in zip(indicators, answers, strict=True)]
    points = _points(answers, weights)
    tenths = round(10 * sum(points))
    readings = map(_reading, indicators, answers, weights, _adding_up(points, tenths / 10))
    return Rating(score=(500 + tenths) / 10, verdict=_verdict(tenths, strategy), readings=tuple(readings))


def _answer(indicator: Indicator, series: Series) -> Signal | str:
    """What the indicator says, or why it says nothing.

    Figures are rounded here: the last bits differ between processors, and must not reach what is stored.
    """
    if len(series) < indicator.bars:
        return f"{len(series)} of {indicator.bars} bars"
    try:
        value, vote, confidence, rule = indicator.read(series)
    except UndefinedError as reason:
        return str(reason)
    if not math.isfinite(value + confidence):
        return "not a finite number"
    return Signal(float(f"{value:.10g}"), vote, round(min(1.0, max(0.0, confidence)), 9), rule)


def _points(answers: Sequence[Signal | str], weights: Sequence[float]) -> list[float]:
    """Score points of each answer, before rounding: they add up to 50 s."""
    powers = [a.confidence * w if isinstance(a, Signal) else 0.0 for a, w in zip(answers, weights, strict=True)]
    total = sum(powers)
    if not total:
        return [0.0] * len(answers)
    return [50 * a.vote * p / total if isinstance(a, Signal) else 0.0 for a, p in zip(answers, powers, strict=True)]


def _adding_up(points: Sequence[float], score: float) -> list[float]:
    """The points, changed so that they add up to the rounded score (less 50).

    Rounding moved the score by 0.05 at most. The difference is shared in proportion to the size of the points;
    as it is never larger than all of them together, no point changes its sign.
    """
    size = sum(map(abs, points))
    if not size:
        return list(points)
    share = (score - sum(points)) / size
    return [round(p + share * abs(p), 12) for p in points]


def _verdict(tenths: int, strategy: Strategy) -> Verdict:
    """The verdict of a score that lies `tenths` tenths of a point above 50."""
    if abs(tenths) < strategy.plain:
        return Verdict.HOLD
    if abs(tenths) < strategy.strong:
        return Verdict.BUY if tenths > 0 else Verdict.SELL
    return Verdict.STRONG_BUY if tenths > 0 else Verdict.STRONG_SELL


def _reading(indicator: Indicator, answer: Signal | str, weight: float, contribution: float) -> Reading:
    absent = answer if isinstance(answer, str) else None
    value, vote, confidence, rule = (
        (None, 0, 0.0, f"{indicator.label} absent: {answer}") if isinstance(answer, str) else answer
    )
    return Reading(
        id=indicator.id,
        category=indicator.category,
        value=value,
        rule=rule,
        vote=vote,
        confidence=confidence,
        weight=weight,
        contribution=contribution,
        absent=absent,
    )
