"""An analysis in words: one line, and the strongest reasons."""

from collections.abc import Mapping, Sequence

from include.analysis.catalog import Atr
from include.analysis.rating import Rating
from include.model.analysis import Analysis, Category, Reading, Verdict


def summarize(rating: Rating, labels: Mapping[str, str]) -> str:
    """One line: verdict, score, points by category, votes for and against the verdict, what is absent and why.

    For Hold, and everything that buys, a vote for is one that says buy. The points shown add up to the score.
    """
    points = points_by_category(rating.readings)
    shares = ", ".join(f"{category} {share:+.1f}" for category, share in points.items() if share)
    absent = [f", {labels[r.id]} absent ({r.absent})" for r in rating.readings if r.absent]
    head = f"{rating.verdict}, {rating.score:.1f}"
    return f"{head}: {shares or 'nothing moves it'}; {_counts(rating)}{''.join(absent)}"


def strongest_reasons(analysis: Analysis, count: int = 3) -> list[str]:
    """The readings that moved the score most, as `EMA50 above EMA200 +6.2`; fewer where fewer moved it."""
    moving = [r for r in analysis.readings if abs(r.contribution) >= 0.05]
    moving.sort(key=lambda r: -abs(r.contribution))
    return [f"{r.rule.partition(':')[0]} {r.contribution:+.1f}" for r in moving[:count]]


def _counts(rating: Rating) -> str:
    up = -1 if rating.verdict in (Verdict.SELL, Verdict.STRONG_SELL) else 1
    votes = [up * r.vote for r in rating.readings if not r.absent and r.id != Atr.id]
    return f"{votes.count(1)} for, {votes.count(-1)} against, {votes.count(0)} neutral"


def points_by_category(readings: Sequence[Reading]) -> dict[Category, float]:
    """Score points by category with one decimal, rounded so that they add up to the score less 50.

    What is left goes where rounding took most.
    """
    points = dict.fromkeys(Category, 0.0)
    for reading in readings:
        points[reading.category] += 10 * reading.contribution
    tenths = {category: round(share) for category, share in points.items()}
    left = round(sum(points.values())) - sum(tenths.values())
    step = 1 if left > 0 else -1
    for category in sorted(points, key=lambda c: step * (tenths[c] - points[c]))[: abs(left)]:
        tenths[category] += step
    return {category: share / 10 for category, share in tenths.items()}
