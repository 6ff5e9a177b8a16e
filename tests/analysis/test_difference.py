"""What changed between two sessions, as values and in words."""

from dataclasses import replace
from datetime import date

import pytest

from include.analysis import analyze, compare, describe_difference, load_strategies
from include.model.analysis import Analysis, Category, Reading, Verdict
from tests.analysis.samples import sample_bars


def reading(id_: str, rule: str, vote: int, contribution: float = 0.0, absent: str | None = None) -> Reading:
    return Reading(
        id=id_,
        category=Category.MOMENTUM,
        value=None if absent else 1.0,
        rule=rule,
        vote=vote,
        confidence=abs(vote),
        weight=1.0,
        contribution=contribution,
        absent=absent,
    )


def analysis(day: int, score: float, *readings: Reading, verdict: Verdict = Verdict.HOLD) -> Analysis:
    return Analysis(
        ticker="IBM",
        strategy="balanced",
        strategy_version="v1",
        session=date(2010, 8, day),
        close=100.0,
        currency="USD",
        bars_used=245,
        bars_hash="",
        score=score,
        verdict=verdict,
        plan=None,
        readings=readings,
        summary="",
    )


def said(before: Reading, now: Reading) -> str:
    """The words for one indicator."""
    return describe_difference(compare(analysis(19, 50.0, before), analysis(20, 50.0, now))).split("; ")[0]


def test_the_line_that_a_person_reads() -> None:
    before = (
        reading("rsi", "RSI14 oversold: 28.0 below 30", 1, 3),
        reading("macd", "MACD below its signal: 1", -1, -7),
    )
    now = (reading("rsi", "RSI14 neutral: 31.0", 0), reading("macd", "MACD above its signal: 1", 1, 2.3))
    difference = compare(analysis(19, 46.1, *before), analysis(20, 52.3, *now))
    assert describe_difference(difference) == (
        "MACD crossed above its signal; RSI14 left oversold; score 46.1 -> 52.3 (+6.2)"
    )
    assert [(m.now.id, m.points) for m in difference.moves] == [("macd", pytest.approx(9.3)), ("rsi", -3)]
    assert (difference.previous_session, difference.session) == (date(2010, 8, 19), date(2010, 8, 20))


@pytest.mark.parametrize(
    ("before", "now", "words"),
    [
        ("RSI14 neutral", "RSI14 overbought", "RSI14 turned overbought"),
        ("RSI14 overbought", "RSI14 neutral", "RSI14 left overbought"),
        ("Bollinger %B neutral", "Bollinger %B below the lower band", "close broke out below the lower band"),
        ("Bollinger %B above the upper band", "Bollinger %B neutral", "close came back inside the Bollinger band"),
        ("+DI above -DI", "+DI below -DI", "+DI crossed below -DI"),
        ("EMA50 below EMA200", "EMA50 above EMA200", "EMA50 crossed above EMA200"),
        ("money flow neutral", "money flow selling", "money flow turned to selling"),
        ("money flow buying", "money flow neutral", "money flow stopped buying"),
        ("close below SMA10", "close level with SMA10", "close came level with SMA10"),
        ("close level with SMA10", "close above SMA10", "close crossed above SMA10"),
        ("Ichimoku lines mixed", "Ichimoku lines all rising", "Ichimoku lines turned, all rising"),
        ("Ichimoku lines all falling", "Ichimoku lines mixed", "Ichimoku lines no longer all falling"),
        ("CCI20 neutral", "CCI20 oversold and rising", "CCI20 turned up from oversold"),
        ("CCI20 neutral", "CCI20 overbought and falling", "CCI20 turned down from overbought"),
        ("AO neutral", "AO crosses above 0", "AO crosses above 0"),
        ("AO saucer below 0", "AO neutral", "signal over: AO saucer below 0"),
        ("no new direction", "+DI crosses above -DI", "+DI crosses above -DI"),
        ("Momentum10 falling", "Momentum10 rising", "Momentum10 turned rising"),
        ("Ultimate neutral", "Ultimate weak", "Ultimate turned weak"),
        ("Ultimate strong", "Ultimate neutral", "Ultimate no longer strong"),
        ("bull and bear power neutral", "bear power fading", "bear power fading"),
    ],
)
def test_turns_in_the_words_of_the_trade(before: str, now: str, words: str) -> None:
    silent = ("neutral", "mixed", "level with", "no new direction")
    votes = [0 if any(word in phrase for word in silent) else 1 for phrase in (before, now)]
    if all(votes):
        votes[0] = -1
    assert said(reading("x", f"{before}: 1.0", votes[0]), reading("x", f"{now}: 2.0", votes[1])) == words


def test_what_comes_and_what_goes_is_told() -> None:
    absent = reading("ema_cross", "EMA cross absent: 199 of 200 bars", 0, absent="199 of 200 bars")
    present = reading("ema_cross", "EMA50 above EMA200: 2 and 1", 1)
    assert said(absent, present) == "EMA50 above EMA200, absent before"
    assert said(present, absent) == "EMA cross absent (199 of 200 bars)"


def test_without_a_turn_the_largest_move_is_told() -> None:
    before, now = reading("x", "MACD above its signal: 1", 1, 4), reading("x", "MACD above its signal: 2", 1, 6.1)
    line = describe_difference(compare(analysis(19, 54.0, before), analysis(20, 56.1, now)))
    assert line == "no vote changed, most moved MACD above its signal by +2.1; score 54.0 -> 56.1 (+2.1)"
    still = describe_difference(compare(analysis(19, 54.0, before), analysis(20, 54.0, before)))
    assert still == "no vote changed; score unchanged at 54.0"


def test_another_verdict_is_told_and_many_turns_are_counted() -> None:
    before = [reading(f"x{n}", f"X{n} neutral: 1", 0) for n in range(6)]
    now = [reading(f"x{n}", f"X{n} oversold: 1", 1, 6 - n) for n in range(6)]
    line = describe_difference(
        compare(analysis(19, 50.0, *before), analysis(20, 71.0, *now, verdict=Verdict.BUY)), count=2
    )
    assert line == "X0 turned oversold; X1 turned oversold; 4 more turned; Hold -> Buy; score 50.0 -> 71.0 (+21.0)"


@pytest.mark.parametrize("other", [{"ticker": "JPM"}, {"strategy": "mine"}, {"strategy_version": "v2"}])
def test_only_what_is_comparable_is_compared(other: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"the same {next(iter(other))}"):
        compare(replace(analysis(19, 50.0), **other), analysis(20, 50.0))  # type: ignore[arg-type]


@pytest.mark.parametrize("strategy", load_strategies())
def test_changes_of_real_prices_add_up_to_the_change_of_the_score(strategy: str) -> None:
    bars = sample_bars()["IBM"]
    for end in range(190, 245, 6):
        earlier, later = (
            analyze(bars, load_strategies()[strategy], bars.sessions[n].astype(object)) for n in (end - 1, end)
        )
        assert isinstance(earlier, Analysis)
        assert isinstance(later, Analysis)
        difference = compare(earlier, later)
        unseen = 0.05 * len(later.readings)
        assert sum(m.points for m in difference.moves) == pytest.approx(later.score - earlier.score, abs=unseen)
        assert sum(m.is_turn for m in difference.moves) == sum(
            (a.vote, a.absent is None) != (b.vote, b.absent is None)
            for a, b in zip(earlier.readings, later.readings, strict=True)
        )
