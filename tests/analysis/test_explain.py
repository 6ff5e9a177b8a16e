"""An analysis in words."""

import re
from dataclasses import replace

import numpy as np
import pytest

from include.analysis import Strategy, analyze, load_strategies, strongest_reasons
from include.analysis.explain import summarize
from include.analysis.rating import Rating
from include.model.analysis import Analysis, Category, Reading, Verdict
from include.model.bars import Bars
from tests.analysis.samples import complete_tickers, sample_bars
from tests.analysis.series_strategies import make_bars


def reading(id_: str, category: Category, contribution: float, absent: str | None = None) -> Reading:
    vote = (contribution > 0) - (contribution < 0)
    return Reading(
        id=id_,
        category=category,
        value=None if absent else 1.0,
        rule=f"{id_} says so: 1.0",
        vote=vote,
        confidence=abs(vote),
        weight=1.0,
        contribution=contribution,
        absent=absent,
    )


def rating(score: float, verdict: Verdict, *readings: Reading) -> Rating:
    return Rating(score=score, verdict=verdict, readings=readings)


def analysed(bars: Bars, strategy: str = "balanced") -> Analysis:
    found = analyze(bars, load_strategies()[strategy])
    assert isinstance(found, Analysis)
    return found


def test_the_summary_reads_as_people_speak() -> None:
    said = rating(
        67.4,
        Verdict.BUY,
        reading("adx", Category.TREND, 14.1),
        reading("rsi", Category.MOMENTUM, 4.0),
        reading("cci", Category.MOMENTUM, -1.0),
        reading("cmf", Category.VOLUME, 0.3),
        reading("bollinger", Category.VOLATILITY, 0.0),
        reading("ema_cross", Category.TREND, 0.0, "180 of 200 bars"),
        reading("atr", Category.VOLATILITY, 0.0),
    )
    assert summarize(said, {"ema_cross": "EMA cross"}) == (
        "Buy, 67.4: trend +14.1, momentum +3.0, volume +0.3; 3 for, 1 against, 1 neutral, "
        "EMA cross absent (180 of 200 bars)"
    )


def test_for_and_against_are_for_and_against_the_verdict() -> None:
    readings = (reading("adx", Category.TREND, -20.0), reading("rsi", Category.MOMENTUM, 5.0))
    assert "; 1 for, 1 against, 0 neutral" in summarize(rating(35.0, Verdict.SELL, *readings), {})
    down = (reading("adx", Category.TREND, -20.0), reading("macd", Category.TREND, -5.0))
    assert "; 2 for, 0 against, 0 neutral" in summarize(rating(25.0, Verdict.SELL, *down), {})
    assert "; 0 for, 2 against, 0 neutral" in summarize(rating(41.0, Verdict.HOLD, *down), {})


def test_the_points_that_are_shown_add_up_to_the_score() -> None:
    for strategy in load_strategies():
        for ticker in complete_tickers()[::15]:
            found = analysed(sample_bars()[ticker], strategy)
            shown = re.findall(r"(?:trend|momentum|volatility|volume) ([+-]\d+\.\d)", found.summary)
            assert sum(map(float, shown)) == pytest.approx(found.score - 50, abs=1e-6), found.summary


def test_a_summary_without_any_vote_says_so() -> None:
    found = analysed(make_bars(np.full(250, 10.0)))
    assert found.summary.startswith("Hold, 50.0: nothing moves it; 0 for, 0 against, 4 neutral, ADX absent (no range")


def test_strongest_reasons_are_the_largest_contributions() -> None:
    found = analysed(sample_bars()["IBM"])
    assert strongest_reasons(found) == [
        "close below parabolic SAR -15.4",
        "money flow buying +13.3",
        "Williams %R14 oversold +7.9",
    ]
    assert len(strongest_reasons(found, 5)) == 5
    assert strongest_reasons(replace(found, readings=())) == []


def test_what_does_not_move_the_score_is_no_reason() -> None:
    assert strongest_reasons(analysed(make_bars(np.full(250, 10.0)))) == []


@pytest.mark.parametrize("strategy", load_strategies().values(), ids=lambda s: s.id)
def test_every_rule_begins_with_a_phrase_and_goes_on_with_figures(strategy: Strategy) -> None:
    for ticker in complete_tickers()[::30]:
        for r in analysed(sample_bars()[ticker], strategy.id).readings:
            phrase, colon, figures = r.rule.partition(": ")
            assert phrase
            assert colon
            assert re.search(r"\d", figures), r.rule


def test_the_rule_shows_the_value_and_the_threshold_that_were_applied() -> None:
    rules = {r.id: r.rule for r in analysed(sample_bars()["XOM"]).readings}
    assert rules["cci"] == "CCI20 oversold: -138.6 below -100"
    assert rules["adx"] == "+DI below -DI: 20.2 and 33.1, ADX14 18.8"
    assert rules["ema_cross"] == "EMA50 below EMA200: 60.73 and 65.18, -6.8 %"
    assert rules["cmf"] == "money flow buying: CMF20 +0.16, threshold 0.05"
    assert rules["atr"] == "ATR14 sizes the stop: 1.13, 1.9 % of the close"
