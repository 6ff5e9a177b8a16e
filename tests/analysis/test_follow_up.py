"""What came of one verdict: returns by session, the level that came first, and what is not known is said."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.analysis.follow_up import follow_up
from include.model.analysis import Verdict
from include.model.bars import Bars
from include.model.track_record import HORIZONS, LONGEST, FollowUpState, Touch
from tests.analysis.slow_track_record import Case, followed, rows_of
from tests.analysis.track_records import first_day, line, past_verdict

MONDAY = date(2026, 1, 5)
BUY = Case(ticker="IBM", session=MONDAY, verdict=Verdict.BUY, score=70, close=100.0, stop_loss=95.0, target=110.0)
SELL = replace(BUY, verdict=Verdict.SELL, score=30, stop_loss=105.0, target=90.0)
HOLD = replace(BUY, verdict=Verdict.HOLD, score=50, stop_loss=None, target=None)
CALM = (100.0,) * 21


def touch(case: Case, bars: Bars) -> tuple[Touch | None, int | None]:
    found = follow_up(past_verdict(case), bars)
    return found.first_touch, found.touched_after


def test_a_verdict_computed_by_hand() -> None:
    closes = [100.0, 102.0, 101.0, 99.0, 98.0, 104.0, *[104.0] * 14, 107.0, 500.0]
    low = [*closes[:7], 95.01, *closes[8:]]
    high = [*closes[:12], 110.0, *closes[13:]]
    found = follow_up(past_verdict(BUY), line(*closes, low=low, high=high))
    assert found.returns == pytest.approx((0.02, 0.04, 0.07))
    assert found.sessions == (date(2026, 1, 6), date(2026, 1, 12), date(2026, 2, 2))
    assert (found.state, found.through) == (FollowUpState.COMPLETE, date(2026, 2, 2))
    assert (found.first_touch, found.touched_after) == (Touch.TARGET, 12)


def test_both_levels_in_one_bar_are_the_stop() -> None:
    high, low = [*CALM[:3], 111.0, *CALM[4:]], [*CALM[:3], 94.0, *CALM[4:]]
    assert touch(BUY, line(*CALM, high=high, low=low)) == (Touch.STOP, 3)
    high, low = [*CALM[:3], 106.0, *CALM[4:]], [*CALM[:3], 89.0, *CALM[4:]]
    assert touch(SELL, line(*CALM, high=high, low=low)) == (Touch.STOP, 3)


def test_a_level_is_reached_when_a_price_equals_it() -> None:
    assert touch(BUY, line(*CALM[:4], 95.0, *CALM[5:])) == (Touch.STOP, 4)
    assert touch(BUY, line(*CALM[:4], 110.0, *CALM[5:])) == (Touch.TARGET, 4)
    assert touch(SELL, line(*CALM[:4], 105.0, *CALM[5:])) == (Touch.STOP, 4)
    assert touch(SELL, line(*CALM[:4], 90.0, *CALM[5:])) == (Touch.TARGET, 4)
    assert touch(BUY, line(*CALM)) == (Touch.NEITHER, None)
    assert touch(HOLD, line(*CALM[:4], 1.0, *CALM[5:])) == (None, None)


def test_the_session_of_the_verdict_and_those_after_the_last_one_touch_nothing() -> None:
    bars = line(*CALM, 95.0, low=[50.0, *CALM[1:], 95.0])
    assert touch(BUY, bars) == (Touch.NEITHER, None)


def test_a_later_split_or_dividend_crosses_no_level() -> None:
    closes = np.array([*CALM[:8], 94.0, *CALM[9:]])
    for factor in (0.5, 1 / 3, 10.0, 0.97):
        assert touch(BUY, line(*np.array(CALM) * factor)) == (Touch.NEITHER, None)
        assert touch(BUY, line(*closes * factor)) == (Touch.STOP, 8)


def test_too_few_sessions_are_pending_and_a_level_that_was_reached_is_known_already() -> None:
    found = follow_up(past_verdict(BUY), line(*CALM[:6]))
    assert (found.state, found.first_touch) == (FollowUpState.PENDING, None)
    assert found.returns == (0.0, 0.0, None)
    assert touch(BUY, line(100.0, 90.0)) == (Touch.STOP, 1)


def test_prices_that_end_are_said_to() -> None:
    found = follow_up(past_verdict(BUY), line(*CALM[:6]), is_over=True)
    assert (found.state, found.returns[2], found.first_touch) == (FollowUpState.ENDED, None, None)


def test_what_comes_after_a_halt_is_another_story() -> None:
    before, after = line(*CALM[:4]), line(200.0, *CALM[:20], start="2026-03-02")
    names = ("sessions", "open", "high", "low", "close", "volume")
    bars = replace(before, **{n: np.concatenate([getattr(before, n), getattr(after, n)]) for n in names})
    found = follow_up(past_verdict(BUY), bars)
    assert (found.state, found.through) == (FollowUpState.HALTED, date(2026, 1, 8))
    assert (found.returns, found.first_touch) == ((0.0, None, None), None)


@pytest.mark.parametrize(
    ("bars", "state"),
    [
        (None, FollowUpState.PENDING),
        (line(), FollowUpState.PENDING),
        (line(*CALM, start="2025-06-02"), FollowUpState.PENDING),
        (line(*CALM, start="2026-01-06"), FollowUpState.NO_BAR),
    ],
)
def test_a_verdict_without_a_bar_has_no_return(bars: Bars | None, state: FollowUpState) -> None:
    found = follow_up(past_verdict(BUY), bars)
    assert (found.state, found.returns, found.first_touch) == (state, (None,) * 3, None)
    if state is FollowUpState.PENDING:
        assert follow_up(past_verdict(BUY), bars, is_over=True).state is FollowUpState.ENDED


@st.composite
def walks(draw: st.DrawFn) -> Bars:
    """Bars with holes, splits of highs and lows that reach levels, and histories of any length."""
    steps = draw(st.lists(st.sampled_from([1, 1, 1, 1, 3, 4, 14, 15, 40]), max_size=45))
    days = np.datetime64(MONDAY, "D") + np.cumsum([0, *steps]).astype("m8[D]")
    percent = st.sampled_from([90, 95, 96, 99, 100, 100, 101, 104, 105, 110, 200])
    count = len(days)
    close = np.array(draw(st.lists(percent, min_size=count, max_size=count)), dtype=np.float64)
    up = np.array(draw(st.lists(st.sampled_from([0, 0, 1, 9]), min_size=count, max_size=count)))
    down = np.array(draw(st.lists(st.sampled_from([0, 0, 1, 9]), min_size=count, max_size=count)))
    factor = draw(st.sampled_from([1.0, 0.5, 1 / 3, 0.01, 20.0]))
    bars = replace(line(*close), sessions=days, high=close + up, low=close - down)
    scaled = {name: getattr(bars, name) * factor for name in ("open", "high", "low", "close")}
    return replace(bars, **scaled)


CASES = st.sampled_from([BUY, SELL, HOLD])


@settings(deadline=None, derandomize=True)
@given(walks(), CASES, st.integers(0, 20))
def test_it_is_what_the_slow_implementation_finds(bars: Bars, case: Case, at: int) -> None:
    day = bars.sessions[min(at, len(bars) - 1)].astype(object)
    asked = replace(case, session=day)
    found, slow = follow_up(past_verdict(asked), bars), followed(asked, rows_of(bars))
    assert found.returns == tuple(slow.returns.get(n) for n in HORIZONS)
    assert found.sessions == tuple(slow.sessions.get(n) for n in HORIZONS)
    assert (found.first_touch, found.touched_after) == (slow.touch, slow.touched_after)


@settings(deadline=None, derandomize=True)
@given(walks(), CASES, st.floats(0.01, 100))
def test_it_does_not_look_ahead(bars: Bars, case: Case, other: float) -> None:
    asked = past_verdict(replace(case, session=first_day(bars)))
    known = follow_up(asked, bars)
    beyond = np.arange(len(bars)) > LONGEST
    moved = {name: getattr(bars, name) * np.where(beyond, other, 1.0) for name in ("high", "low", "close")}
    assert follow_up(asked, replace(bars, **moved)) == known
    assert follow_up(asked, bars.until(known.through)).returns == known.returns


@settings(deadline=None, derandomize=True)
@given(walks(), CASES)
def test_more_bars_only_add(bars: Bars, case: Case) -> None:
    asked = past_verdict(replace(case, session=first_day(bars)))
    whole = follow_up(asked, bars)
    for at in range(len(bars)):
        part = follow_up(asked, bars.until(bars.sessions[at].astype(object)))
        assert all(a in (None, b) for a, b in zip(part.returns, whole.returns, strict=True))
        assert part.first_touch in (None, whole.first_touch)
