"""The record of many verdicts: against figures computed by hand, and against the slow implementation."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.analysis.track_record import without_overlap
from include.model.track_record import FEW, GroupRecord
from tests.analysis.slow_track_record import Case, records
from tests.analysis.test_follow_up import BUY, HOLD, MONDAY, SELL, walks
from tests.analysis.track_records import agree, first_day, line, record_of, shape

TUESDAY = MONDAY + timedelta(days=1)


def group(record: Any, name: str) -> GroupRecord:
    groups = {one.group: one for one in (record.all, *record.by_verdict, *record.by_score)}
    return groups[name]


def test_a_record_computed_by_hand() -> None:
    up = line(100.0, 110.0, 121.0, *[121.0] * 20, ticker="UP")
    down = line(100.0, 96.0, 95.0, *[90.0] * 20, ticker="DOWN")
    cases = [
        replace(BUY, ticker="UP"),
        replace(BUY, ticker="UP", session=TUESDAY, close=110.0, stop_loss=100.0, target=120.0),
        replace(BUY, ticker="DOWN"),
        replace(SELL, ticker="DOWN", session=TUESDAY, close=96.0, stop_loss=99.0, target=92.0),
    ]
    record = record_of(cases, {"UP": up, "DOWN": down})
    buys = group(record, "Buy")
    one, five, twenty = buys.horizons
    # After one session all three count: +10 %, +10 % and -4 %. On Monday both tickers made (10 - 4) / 2 = 3 %, on
    # Tuesday (10 - 100 / 96) / 2 %.
    tuesday = (0.10 + (95 / 96 - 1)) / 2
    assert (one.count, one.counted, one.days, one.hit_rate) == (3, 3, 2, pytest.approx(2 / 3))
    assert (one.mean, one.median) == (pytest.approx(0.16 / 3), pytest.approx(0.10))
    assert one.base_mean == pytest.approx((0.03 + 0.03 + tuesday) / 3)
    # After five sessions Tuesday's Buy of UP shares four of them with Monday's, and does not count.
    assert (five.count, five.counted) == (3, 2)
    assert (five.mean, five.median, five.hit_rate) == tuple(pytest.approx(v) for v in (0.055, 0.055, 0.5))
    assert five.base_mean == pytest.approx((0.21 - 0.10) / 2)
    assert (twenty.counted, twenty.is_small) == (2, True)
    assert twenty.note == "2 counted, fewer than 30: too few to tell skill from luck"
    # UP reaches 110 on Tuesday; DOWN its stop, 95, on Wednesday.
    assert buys.levels is not None
    assert (buys.levels.counted, buys.levels.stop, buys.levels.target) == (2, 0.5, 0.5)
    # All of them: a Sell that fell has gained. DOWN's Sell of Tuesday begins within Monday's Buy, and counts only
    # after one session.
    assert [h.counted for h in record.all.horizons] == [4, 2, 2]
    assert record.all.horizons[0].mean == pytest.approx((0.10 + 0.10 - 0.04 + 1 / 96) / 4)
    assert record.all.horizons[0].base_mean == pytest.approx((0.03 + 0.03 + tuesday - tuesday) / 4)


def test_hold_has_no_hit_rate_and_no_levels_but_a_return() -> None:
    record = record_of([HOLD], {"IBM": line(*range(100, 125))})
    (hold,) = record.by_verdict
    assert (hold.group, hold.levels) == ("Hold", None)
    assert [(h.hit_rate, h.mean) for h in hold.horizons] == [(None, pytest.approx(n / 100)) for n in (1, 5, 20)]
    assert (record.all.verdicts, record.all.horizons[0].note) == (0, "none yet")


def test_what_is_not_known_yet_and_what_never_will_be_is_said_apart() -> None:
    cases = [BUY, replace(BUY, session=TUESDAY), replace(BUY, ticker="KO")]
    bars = {"IBM": line(*[100.0] * 6), "KO": line(*[100.0] * 6, start="2026-01-06", ticker="KO")}
    (buys,) = record_of(cases, bars).by_verdict
    assert (buys.verdicts, buys.pending, buys.unknown) == (3, 2, 1)
    assert [h.count for h in buys.horizons] == [2, 1, 0]
    assert buys.horizons[2].mean is None


def test_enough_verdicts_are_not_called_few() -> None:
    bars = {f"T{number}": line(*range(100, 125), ticker=f"T{number}") for number in range(FEW)}
    (buys,) = record_of([replace(BUY, ticker=ticker) for ticker in bars], bars).by_verdict
    assert [(h.counted, h.is_small, h.note) for h in buys.horizons] == [(FEW, False, None)] * 3


@pytest.mark.parametrize(
    ("score", "band"), [(0, "0-10"), (9.9, "0-10"), (10, "10-20"), (59.9, "50-60"), (90, "90-100"), (100, "90-100")]
)
def test_bands_of_the_score_end_below_the_next_ten(score: float, band: str) -> None:
    record = record_of([replace(HOLD, score=score)], {"IBM": line(*range(100, 125))})
    assert [one.group for one in record.by_score] == [band]


def test_a_buy_that_stands_for_a_month_counts_once_in_twenty_sessions() -> None:
    bars = {"IBM": line(*range(100, 200))}
    days = bars["IBM"].sessions[:41].tolist()
    (buys,) = record_of([replace(BUY, session=day) for day in days], bars).by_verdict
    assert [h.counted for h in buys.horizons] == [41, 9, 3]


STATED = st.lists(
    st.tuples(st.sampled_from([BUY, SELL, HOLD]), st.integers(0, 1), st.integers(0, 44), st.integers(0, 1000)),
    min_size=1,
    max_size=40,
)


@settings(deadline=None, derandomize=True)
@given(walks(), walks(), STATED)
def test_it_is_what_the_slow_implementation_finds(one: Any, other: Any, stated: Any) -> None:
    bars = {"IBM": one, "KO": replace(other, ticker="KO")}
    cases: dict[tuple[str, date], Case] = {}
    for case, which, at, score in stated:
        found = list(bars.values())[which]
        day = found.sessions[min(at, len(found) - 1)].astype(object)
        cases[found.ticker, day] = replace(case, ticker=found.ticker, session=day, score=score / 10)
    agree(shape(record_of(list(cases.values()), bars)), records(cases.values(), bars))


@settings(deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 9)), max_size=40, unique_by=lambda v: v[:2]
    )
)
def test_counted_ones_never_overlap_and_none_is_left_out_that_could_count(stated: list[tuple[int, int, int]]) -> None:
    series, days, lengths = np.array(stated, dtype=np.int64).reshape(-1, 3).T
    ends = days + lengths
    counted = without_overlap(series, days, ends)
    for at in range(len(days)):
        before = counted & (series == series[at]) & (days < days[at]) & (ends > days[at])
        assert counted[at] == (not before.any())


def test_the_order_of_the_verdicts_changes_nothing() -> None:
    bars = {"IBM": line(*range(100, 160)), "KO": line(*range(160, 100, -1), ticker="KO")}
    cases = [replace(BUY, ticker=t, session=day) for t in bars for day in bars[t].sessions[:30].tolist()]
    cases += [replace(SELL, ticker=t, session=day) for t in bars for day in bars[t].sessions[30:].tolist()]
    assert shape(record_of(cases, bars)) == shape(record_of(cases[::-1], bars))
    assert first_day(bars["IBM"]) == record_of(cases, bars).since
