"""What changed on a list from one session to the next, told once."""

from datetime import date
from typing import Any

import pytest

from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.changes import Change, ChangeKind, PriceBasis
from include.model.errors import ErrorCode, Refusal
from include.model.request import Trigger
from include.storage.changes import ChangesWanted, changes_of_job, changes_of_list, count_changes
from include.storage.connection import Connection
from include.storage.jobs import abandon_job, finalize_job
from include.storage.watchlist import add_to_watchlist, remove_watchlist_entry, rename_watchlist
from tests.storage.demands import demand
from tests.storage.sessions import FRI, MON, THU, TUE, WED, analyse, begin, said

BUY, HOLD, SELL, STRONG_BUY = Verdict.BUY, Verdict.HOLD, Verdict.SELL, Verdict.STRONG_BUY
AWAY = Refusal("IBM", ErrorCode.NO_DATA, "IBM has no prices")
YAHOO = {"data_source": DataSource.YAHOO}


@pytest.fixture(autouse=True)
def watched(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])


def changes(connection: Connection, owner: str = "ann", name: str = "default", **wanted: Any) -> list[Change]:
    """The changes of a list, oldest first."""
    placed = changes_of_list(connection, owner, name, ChangesWanted(**wanted), None, 100)
    return [one.change for one in reversed(placed)]


def kinds(connection: Connection, job_id: str, owner: str = "ann") -> list[str]:
    return sorted(one.change.kind for one in changes_of_job(connection, owner, job_id, None, None, 100))


def bar(connection: Connection, day: date, low: float, high: float, close: float, adjustment: float = 1.0) -> None:
    connection.execute(
        "INSERT INTO prices VALUES ('yahoo', 'IBM', %s, %s, %s, %s, %s, 0, %s)"
        " ON CONFLICT (ticker, data_source, session_date) DO UPDATE SET open = excluded.open, high = excluded.high,"
        " low = excluded.low, close = excluded.close, adjustment = excluded.adjustment",
        [day, close, high, low, close, adjustment],
    )


def replaced(connection: Connection, reason: str) -> None:
    connection.execute(
        "INSERT INTO price_series (data_source, ticker, currency, known_from, replaced_at, replaced_reason)"
        " VALUES ('yahoo', 'IBM', 'USD', '2000-01-03', clock_timestamp(), %s)"
        " ON CONFLICT (ticker, data_source) DO UPDATE SET replaced_at = excluded.replaced_at,"
        " replaced_reason = excluded.replaced_reason",
        [reason],
    )


@pytest.mark.parametrize(
    ("before", "now", "kind"),
    [
        (HOLD, BUY, ChangeKind.NEW_BUY),
        (SELL, STRONG_BUY, ChangeKind.NEW_BUY),
        (BUY, HOLD, ChangeKind.DROPPED),
        (STRONG_BUY, SELL, ChangeKind.DROPPED),
        (BUY, STRONG_BUY, ChangeKind.FLIPPED),
        (HOLD, SELL, ChangeKind.FLIPPED),
    ],
)
def test_another_verdict_than_the_session_before(
    connection: Connection, before: Verdict, now: Verdict, kind: ChangeKind
) -> None:
    analyse(connection, "run-1", THU, said("IBM", before))
    analyse(connection, "run-2", FRI, said("IBM", now))
    first, second = changes(connection)
    assert (first.kind, first.verdict, first.previous_session) == (ChangeKind.NEW, before, None)
    assert (second.kind, second.verdict, second.previous_verdict, second.job_id) == (kind, now, before, "run-2")
    assert (second.previous_session, second.session_date) == (THU, FRI)


def test_the_same_verdict_again_is_no_change(connection: Connection) -> None:
    analyse(connection, "run-1", THU, said("IBM", BUY))
    analyse(connection, "run-2", FRI, said("IBM", BUY, close=101))
    assert [change.kind for change in changes(connection)] == [ChangeKind.NEW]
    assert count_changes(connection, "run-2") == {}


def test_the_same_session_again_changes_nothing_by_whatever_job(connection: Connection) -> None:
    analyse(connection, "run-1", THU, said("IBM", BUY))
    analyse(connection, "run-2", FRI, said("IBM", SELL))
    told = changes(connection)
    finalize_job(connection, "run-2")
    analyse(connection, "run-2", FRI, said("IBM", SELL), clear_number=1)
    analyse(connection, "run-3", FRI, said("IBM", SELL))
    assert changes(connection) == told
    assert kinds(connection, "run-3") == []


def test_another_strategy_or_source_is_another_history(connection: Connection) -> None:
    analyse(connection, "run-1", THU, said("IBM", BUY))
    analyse(connection, "run-2", FRI, said("IBM", HOLD, strategy="momentum"), strategy="momentum")
    analyse(connection, "run-3", FRI, said("IBM", HOLD), **YAHOO)
    assert [change.kind for change in changes(connection)] == [ChangeKind.NEW] * 3


def test_a_change_of_the_strategy_itself_is_told_beside_the_verdict(connection: Connection) -> None:
    analyse(connection, "run-1", THU, said("IBM", BUY))
    analyse(connection, "run-2", FRI, said("IBM", HOLD, strategy_version="v2"), strategy_version="v2")
    assert "strategy itself was changed" in str(changes(connection)[-1].message)


def test_sessions_of_the_past_and_backfills_and_synthetic_prices_say_nothing_of_now(connection: Connection) -> None:
    analyse(connection, "run-1", THU, said("IBM", BUY))
    analyse(connection, "run-2", WED, said("IBM", HOLD))
    analyse(connection, "run-3", FRI, said("IBM", HOLD), trigger=Trigger.BACKFILL)
    analyse(connection, "run-4", date(2010, 8, 23), said("IBM", SELL), data_source=DataSource.DEMO)
    assert [change.job_id for change in changes(connection)] == ["run-1"]


def test_a_job_of_somebody_changes_the_own_lists_and_a_shared_one_everybodys(connection: Connection) -> None:
    add_to_watchlist(connection, "bob", ["IBM"], "mine")
    analyse(connection, "run-1", THU, said("IBM", BUY))
    analyse(connection, "run-2", FRI, said("IBM", HOLD), scope="schedule", trigger=Trigger.SCHEDULE)
    assert [change.kind for change in changes(connection)] == [ChangeKind.NEW, ChangeKind.DROPPED]
    (told,) = changes(connection, "bob", "mine")
    assert (told.kind, told.list, told.previous_session) == (ChangeKind.DROPPED, "mine", THU)
    assert kinds(connection, "run-2", "bob") == ["dropped"]
    assert kinds(connection, "run-2", "eve") == []
    assert count_changes(connection, "run-2") == {ChangeKind.DROPPED: 1}


def test_a_renamed_ticker_changes_the_entry_by_its_old_name(connection: Connection) -> None:
    connection.execute("INSERT INTO ticker_aliases VALUES ('FB', 'META', '2022-06-09', NULL)")
    add_to_watchlist(connection, "ann", ["FB"])
    analyse(connection, "run-1", THU, said("META", BUY), **YAHOO)
    assert [change.ticker for change in changes(connection)] == ["FB"]


def test_a_failure_is_told_when_it_is_new_and_so_is_its_end(connection: Connection) -> None:
    analyse(connection, "run-1", TUE, said("IBM", BUY))
    analyse(connection, "run-2", WED, AWAY)
    analyse(connection, "run-3", THU, AWAY)
    analyse(connection, "run-4", FRI, said("IBM", BUY))
    _, failed, recovered = changes(connection)
    assert (failed.kind, failed.session_date, failed.error_code) == (ChangeKind.FAILED, WED, "no_data")
    assert (failed.message, failed.verdict) == ("IBM has no prices", None)
    assert (recovered.kind, recovered.previous_session, recovered.job_id) == (ChangeKind.RECOVERED, TUE, "run-4")


def test_a_failure_without_a_session_is_of_the_day_of_its_job(connection: Connection) -> None:
    analyse(connection, "run-1", None, AWAY, as_of=WED)
    analyse(connection, "run-2", None, Refusal("IBM", ErrorCode.NO_DATA, "again"))
    assert [(change.kind, change.session_date) for change in changes(connection)] == [(ChangeKind.FAILED, WED)]


def test_a_job_that_cannot_go_on_tells_what_it_had_found(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["JPM"])
    begin(connection, "run-1", FRI, [said("IBM", BUY)], tickers=demand("IBM", "JPM").request.tickers)
    abandon_job(connection, "run-1", "no sign of life")
    assert {(one.ticker, one.kind) for one in changes(connection)} == {("IBM", "new"), ("JPM", "failed")}


@pytest.mark.parametrize(
    ("verdict", "low", "high", "kind", "level", "price", "basis"),
    [
        (BUY, 95.0, 104.0, ChangeKind.STOP, 95, 95, PriceBasis.LOW),
        (BUY, 99.0, 110.0, ChangeKind.TARGET, 110, 110, PriceBasis.HIGH),
        (BUY, 94.0, 111.0, ChangeKind.STOP, 95, 94, PriceBasis.LOW),
        (SELL, 99.0, 105.0, ChangeKind.STOP, 105, 105, PriceBasis.HIGH),
        (SELL, 89.0, 101.0, ChangeKind.TARGET, 90, 89, PriceBasis.LOW),
    ],
)
def test_the_bar_of_the_session_reaches_a_level_of_the_plan_before(
    connection: Connection,
    verdict: Verdict,
    low: float,
    high: float,
    kind: ChangeKind,
    level: float,
    price: float,
    basis: PriceBasis,
) -> None:
    bar(connection, THU, 90, 120, 100)  # the plan is made at its close: what that bar has seen does not count
    bar(connection, FRI, low, high, 100)
    analyse(connection, "run-1", THU, said("IBM", verdict), **YAHOO)
    analyse(connection, "run-2", FRI, said("IBM", verdict), **YAHOO)
    _, hit = changes(connection)
    assert (hit.kind, hit.level, hit.price, hit.basis) == (kind, level, price, basis)
    assert (hit.plan_session, hit.reached_on, hit.adjustment) == (THU, FRI, 1)


def test_a_bar_between_the_levels_reaches_none(connection: Connection) -> None:
    bar(connection, THU, 99, 101, 100)
    bar(connection, FRI, 95.01, 109.99, 100)
    analyse(connection, "run-1", THU, said("IBM", BUY), **YAHOO)
    analyse(connection, "run-2", FRI, said("IBM", BUY), **YAHOO)
    assert [change.kind for change in changes(connection)] == [ChangeKind.NEW]


def test_without_stored_bars_the_close_counts(connection: Connection) -> None:
    analyse(connection, "run-1", THU, said("IBM", BUY))
    analyse(connection, "run-2", FRI, said("IBM", HOLD, close=94.5))
    hit = next(change for change in changes(connection) if change.kind is ChangeKind.STOP)
    assert (hit.level, hit.price, hit.basis) == (95, 94.5, PriceBasis.CLOSE)


def test_a_plan_is_watched_after_its_verdict_is_gone_and_told_once(connection: Connection) -> None:
    analyse(connection, "run-1", MON, said("IBM", BUY))
    analyse(connection, "run-2", TUE, said("IBM", HOLD, close=99))
    analyse(connection, "run-3", WED, said("IBM", HOLD, close=94))
    analyse(connection, "run-4", THU, said("IBM", HOLD, close=93))
    hits = [change for change in changes(connection) if change.kind is ChangeKind.STOP]
    assert [(hit.plan_session, hit.reached_on, hit.job_id) for hit in hits] == [(MON, WED, "run-3")]


def test_of_several_plans_the_oldest_is_told_and_the_others_stay_watched(connection: Connection) -> None:
    analyse(connection, "run-1", MON, said("IBM", BUY, stop="90"))
    analyse(connection, "run-2", TUE, said("IBM", BUY, stop="95"))
    analyse(connection, "run-3", WED, said("IBM", BUY, stop="95"))
    analyse(connection, "run-4", THU, said("IBM", HOLD, close=94))
    analyse(connection, "run-5", FRI, said("IBM", HOLD, close=89))
    hits = [change for change in changes(connection) if change.kind is ChangeKind.STOP]
    assert [(hit.plan_session, hit.job_id) for hit in hits] == [(TUE, "run-4"), (MON, "run-5")]


def test_a_plan_the_other_way_ends_the_one_before(connection: Connection) -> None:
    analyse(connection, "run-1", MON, said("IBM", BUY))
    analyse(connection, "run-2", TUE, said("IBM", SELL, close=99))
    analyse(connection, "run-3", WED, said("IBM", SELL, close=94))
    assert kinds(connection, "run-3") == []


def test_sessions_that_nobody_analysed_are_looked_at_too(connection: Connection) -> None:
    for day, low in ((TUE, 99), (WED, 94), (THU, 96), (FRI, 97)):
        bar(connection, day, low, 101, 100)
    analyse(connection, "run-1", TUE, said("IBM", BUY), **YAHOO)
    analyse(connection, "run-2", FRI, said("IBM", BUY), **YAHOO)
    hit = changes(connection)[-1]
    assert (hit.kind, hit.session_date, hit.reached_on, hit.price) == (ChangeKind.STOP, FRI, WED, 94)


def test_after_a_split_the_levels_are_split_too(connection: Connection) -> None:
    bar(connection, THU, 99, 101, 100)
    analyse(connection, "run-1", THU, said("IBM", BUY), **YAHOO)
    bar(connection, THU, 49.5, 50.5, 50)
    bar(connection, FRI, 47, 51, 50)
    replaced(connection, "split 2:1")
    analyse(connection, "run-2", FRI, said("IBM", BUY, close=50), **YAHOO)
    hit = changes(connection)[-1]
    assert (hit.kind, hit.level, hit.adjustment, hit.price) == (ChangeKind.STOP, 47.5, 0.5, 47)


def test_a_split_alone_reaches_nothing(connection: Connection) -> None:
    bar(connection, THU, 99, 101, 100)
    analyse(connection, "run-1", THU, said("IBM", BUY), **YAHOO)
    bar(connection, THU, 49.5, 50.5, 50)
    bar(connection, FRI, 49, 51, 50)
    replaced(connection, "split 2:1")
    analyse(connection, "run-2", FRI, said("IBM", BUY, close=50), **YAHOO)
    assert kinds(connection, "run-2") == []


def test_after_a_dividend_the_levels_are_lower_by_it(connection: Connection) -> None:
    bar(connection, THU, 99, 101, 100)
    analyse(connection, "run-1", THU, said("IBM", BUY), **YAHOO)
    bar(connection, THU, 99, 101, 100, adjustment=0.98)
    bar(connection, FRI, 94, 99, 98)
    replaced(connection, "dividend")
    analyse(connection, "run-2", FRI, said("IBM", BUY, close=98), **YAHOO)
    assert kinds(connection, "run-2") == []


def test_prices_that_were_corrected_reach_nothing_and_it_is_said_once(connection: Connection) -> None:
    bar(connection, WED, 99, 101, 100)
    analyse(connection, "run-1", WED, said("IBM", BUY), **YAHOO)
    bar(connection, WED, 9.9, 10.1, 10)
    bar(connection, THU, 9.9, 10.1, 10)
    bar(connection, FRI, 9.9, 10.1, 10)
    replaced(connection, "correction")
    analyse(connection, "run-2", THU, said("IBM", BUY, close=10), **YAHOO)
    analyse(connection, "run-3", FRI, said("IBM", BUY, close=10), **YAHOO)
    assert (kinds(connection, "run-2"), kinds(connection, "run-3")) == (["incomparable"], [])
    assert "correction" in str(changes(connection)[-1].message)


def test_pence_in_the_cache_are_pounds_in_the_plan(connection: Connection) -> None:
    bar(connection, THU, 9_900, 10_100, 10_000)
    bar(connection, FRI, 9_400, 10_100, 9_900)
    analyse(connection, "run-1", THU, said("IBM", BUY), **YAHOO)
    analyse(connection, "run-2", FRI, said("IBM", BUY, close=99), **YAHOO)
    hit = changes(connection)[-1]
    assert (hit.kind, hit.level, hit.price) == (ChangeKind.STOP, 95, pytest.approx(94))


def test_changes_follow_their_entry_when_its_list_is_renamed_and_go_with_it(connection: Connection) -> None:
    analyse(connection, "run-1", FRI, said("IBM", BUY))
    rename_watchlist(connection, "ann", "default", "new")
    assert [change.list for change in changes(connection, name="new")] == ["new"]
    remove_watchlist_entry(connection, "ann", "new", "IBM")
    assert changes(connection, name="new") == []


def test_changes_outlive_the_job_that_found_them(connection: Connection) -> None:
    analyse(connection, "run-1", FRI, said("IBM", BUY))
    connection.execute("DELETE FROM analysis_jobs")
    assert [change.job_id for change in changes(connection)] == [None]


def test_changes_are_read_page_by_page_and_by_filter(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["JPM"])
    analyse(connection, "run-1", THU, said("IBM", BUY), said("JPM", BUY))
    analyse(connection, "run-2", FRI, said("IBM", HOLD), said("JPM", HOLD))
    first = changes_of_list(connection, "ann", "default", ChangesWanted(), None, 3)
    rest = changes_of_list(connection, "ann", "default", ChangesWanted(), first[-1].id, 3)
    assert [one.change.kind for one in [*first, *rest]] == ["dropped", "dropped", "new", "new"]
    assert len({one.id for one in [*first, *rest]}) == 4
    assert {one.ticker for one in changes(connection, kind=ChangeKind.DROPPED)} == {"IBM", "JPM"}
    assert [one.session_date for one in changes(connection, ticker="IBM", session=FRI)] == [FRI]
    assert len(changes_of_job(connection, "ann", "run-2", ChangeKind.DROPPED, None, 1)) == 1
