"""The score, worked out by hand."""

from dataclasses import dataclass

import numpy as np
import pytest

from include.analysis import Strategy, load_strategies
from include.analysis.indicator import Signal
from include.analysis.rating import Rating, rate
from include.analysis.series import Series, UndefinedError, sign
from include.analysis.strategy import WeightedVotes
from include.model.analysis import Category, Verdict
from tests.analysis.series_strategies import make_bars


@dataclass(frozen=True)
class Said:
    """An indicator that says what the test wants; None: nothing."""

    id: str
    vote: int
    confidence: float
    value: float | None = 1.0
    label: str = "Said"
    says: str = "what the test wants"
    category: Category = Category.TREND
    bars: int = 1

    def read(self, series: Series) -> Signal:
        if self.value is None:
            raise UndefinedError("no range in 14 bars")
        return Signal(self.value, self.vote, self.confidence, f"said {self.vote}: {len(series)} bars")


class Scripted(WeightedVotes):
    """Weighted votes with the answers and weights of the test."""

    said: tuple[Said, ...]
    given: dict[str, float]

    @property
    def indicators(self) -> tuple[Said, ...]:
        return self.said

    def weights(self, present: object) -> dict[str, float]:
        return self.given


def rated(*said: Said, **weights: float) -> Rating:
    balanced = load_strategies()["balanced"]
    strategy = Scripted.model_construct(**dict(balanced), said=said, given=weights)
    return rate(Series.of(make_bars(np.full(60, 10.0))), strategy)


def test_a_score_worked_out_by_hand() -> None:
    # w: 0.5 * 2 = 1, 1 * 0.5 = 0.5, 0.25 * 2 = 0.5; s = (1 - 0.5 + 0.5) / 2 = 0.5
    rating = rated(Said("a", 1, 0.5), Said("b", -1, 1.0), Said("c", 1, 0.25), a=2, b=0.5, c=2)
    assert (rating.score, rating.verdict) == (75.0, Verdict.BUY)
    assert [r.contribution for r in rating.readings] == pytest.approx([25, -12.5, 12.5])
    assert [r.weight for r in rating.readings] == [2, 0.5, 2]


def test_neutral_indicators_take_no_part() -> None:
    alone = rated(Said("a", 1, 0.5), Said("b", -1, 0.2), a=1, b=1)
    among = rated(Said("a", 1, 0.5), Said("n", 0, 0.0), Said("b", -1, 0.2), a=1, n=5, b=1)
    assert among.score == alone.score == pytest.approx(50 + 50 * 0.3 / 0.7, abs=0.05)


def test_nobody_votes_is_the_middle() -> None:
    rating = rated(Said("a", 0, 0.0), Said("b", 0, 0.0), a=1, b=1)
    assert (rating.score, rating.verdict) == (50.0, Verdict.HOLD)
    assert [r.contribution for r in rating.readings] == [0.0, 0.0]


def test_an_absent_indicator_has_a_reason_and_nothing_else() -> None:
    rating = rated(Said("a", 1, 1.0), Said("b", -1, 1.0, value=None), Said("c", -1, 1.0, bars=200), a=1, b=1, c=1)
    _, b, c = rating.readings
    assert (b.absent, c.absent) == ("no range in 14 bars", "60 of 200 bars")
    assert (b.value, b.vote, b.confidence, b.weight, b.contribution) == (None, 0, 0.0, 0.0, 0.0)
    assert b.rule == "Said absent: no range in 14 bars"
    assert rating.score == 100.0


@pytest.mark.parametrize("figure", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_a_number_is_absent(figure: float) -> None:
    rating = rated(Said("a", 1, 1.0, value=figure), Said("b", 1, figure), a=1, b=1)
    assert [r.absent for r in rating.readings] == ["not a finite number"] * 2


def test_confidence_is_clipped() -> None:
    rating = rated(Said("a", 1, 7.0), Said("b", -1, -3.0), a=1, b=1)
    assert [r.confidence for r in rating.readings] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("share", "score", "verdict"),
    [
        (0.2, 60.0, Verdict.BUY),
        (0.1991, 60.0, Verdict.BUY),  # 59.955 is shown as 60.0
        (0.1989, 59.9, Verdict.HOLD),
        (0.6, 80.0, Verdict.STRONG_BUY),
        (0.5989, 79.9, Verdict.BUY),
        (-0.2, 40.0, Verdict.SELL),
        (-0.1989, 40.1, Verdict.HOLD),
        (-0.6, 20.0, Verdict.STRONG_SELL),
        (-0.5989, 20.1, Verdict.SELL),
        (1.0, 100.0, Verdict.STRONG_BUY),
        (-1.0, 0.0, Verdict.STRONG_SELL),
        (0.0, 50.0, Verdict.HOLD),
    ],
)
def test_the_score_that_is_shown_and_the_verdict_never_contradict(share: float, score: float, verdict: Verdict) -> None:
    rating = rated(Said("a", 1, 1.0), Said("b", -1, 1.0), a=(1 + share) / 2, b=(1 - share) / 2)
    assert (rating.score, rating.verdict) == (score, verdict)
    assert sum(r.contribution for r in rating.readings) == pytest.approx(score - 50, abs=1e-9)


def test_rounding_never_turns_the_sign_of_a_contribution() -> None:
    rating = rated(Said("a", 1, 1.0), Said("b", -1, 1.0), a=0.5004, b=0.4996)
    assert rating.score == 50.0
    plus, minus = (r.contribution for r in rating.readings)
    assert plus == -minus == pytest.approx(25, abs=0.03)


def test_technical_rating_is_the_mean_of_two_means() -> None:
    strategy = load_strategies()["technical_rating"]
    averages = [i for i in strategy.indicators if i.category is Category.TREND]
    oscillators = [i for i in strategy.indicators if i.category is Category.MOMENTUM]
    assert (len(averages), len(oscillators)) == (15, 11)
    weights = strategy.weights([*averages[:13], *oscillators])
    assert weights[averages[0].id] == 0.5 / 13
    assert weights[oscillators[0].id] == 0.5 / 11
    assert sum(weights.values()) == pytest.approx(1)


@pytest.mark.parametrize(("tenths", "expected"), [(50, False), (51, True)])
def test_technical_rating_buys_above_a_tenth_and_holds_at_it(tenths: int, expected: bool) -> None:
    assert (tenths >= load_strategies()["technical_rating"].plain) is expected


@pytest.mark.parametrize(
    ("difference", "scale", "expected"),
    [(0.1 + 0.2 - 0.3, 0.3, 0), (1e-6, 1, 1), (-1e-6, 1, -1), (1e-6, 1e4, 0), (0, 1, 0)],
)
def test_rounding_is_no_difference(difference: float, scale: float, expected: int) -> None:
    assert sign(difference, scale) == expected


def test_a_strategy_rates_with_its_own_weights() -> None:
    strategies: dict[str, Strategy] = dict(load_strategies())
    trend = strategies["trend_following"]
    assert trend.weights(trend.indicators)["macd"] == pytest.approx(2.5 * 1.5)
    assert strategies["mean_reversion"].weights(())["rsi"] == pytest.approx(2.5 * 1.5)
    assert strategies["momentum_breakout"].weights(())["cmf"] == pytest.approx(2.5 * 1.5)
    assert set(strategies["balanced"].weights(()).values()) == {1.0}
