"""The timetable as Airflow uses it: planned, written down and read again, caught up with or not."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from include.model.calendar import NO_OVERRIDES, CalendarOverrides, SessionOverride
from include.storage.connection import Connection
from tests.timetable.test_agenda import EXCHANGES, answers

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]

HALF_AN_HOUR = timedelta(minutes=30)
CLOSED = (
    "INSERT INTO calendar_overrides (exchange, day, is_session, note) VALUES ('XNYS', '2026-12-23', false, 'a storm')"
)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def made(airflow: None, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Make a timetable; at a moment, when one is given."""
    from include.timetable import agenda, session_timetable

    agenda._year.cache_clear()
    monkeypatch.setattr(agenda, "known_overrides", lambda: NO_OVERRIDES)

    def make(exchange: str = "XNYS", at: str | None = None, **more: Any) -> Any:
        if at is not None:
            monkeypatch.setattr(session_timetable, "utc_now", lambda: utc(at))
        return session_timetable.SessionTimetable(exchange, **more)

    return make


def restricted(earliest: str | None, latest: str | None = None, *, catchup: bool = True) -> Any:
    from airflow.timetables.base import TimeRestriction

    moments = [None if text is None else utc(text) for text in (earliest, latest)]
    return TimeRestriction(*moments, catchup)


def planned(timetable: Any, restriction: Any, last: Any = None) -> Iterator[Any]:
    """Every run, one after the other, as Airflow asks for them."""
    while info := timetable.next_dagrun_info(last_automated_data_interval=last, restriction=restriction):
        yield info
        last = info.data_interval


def run_after(timetable: Any, last: str | None, restriction: Any) -> Any:
    """The day and moment of the run that follows one of the session `last`."""
    from airflow.timetables.base import DataInterval

    before = None if last is None else DataInterval(utc(last), utc(f"{last}T21:00"))
    info = timetable.next_dagrun_info(last_automated_data_interval=before, restriction=restriction)
    return str(info.logical_date.date()), f"{info.run_after:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_three_years_have_a_run_for_each_session_and_no_other(made: Callable[..., Any], exchange: str) -> None:
    infos = list(planned(made(exchange), restricted("2024-01-01", "2026-12-31")))
    expected = {day: close for day, close in answers(exchange).items() if close}
    assert [info.logical_date.date() for info in infos] == list(expected)
    assert [info.run_after for info in infos] == [close + HALF_AN_HOUR for close in expected.values()]
    assert [info.data_interval.end for info in infos] == list(expected.values())
    assert {(info.data_interval.start.hour, info.data_interval.start.minute) for info in infos} == {(0, 0)}


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-20T20:59", "2026-11-19"),  # before the close
        ("2026-11-20T21:29", "2026-11-19"),  # after it, and before the bar is final
        ("2026-11-20T21:30", "2026-11-20"),
        ("2026-11-22T12:00", "2026-11-20"),  # Sunday
        ("2026-11-26T23:00", "2026-11-25"),  # Thanksgiving
        ("2026-11-27T18:30", "2026-11-27"),  # a half day
    ],
)
def test_without_catch_up_the_first_run_is_for_the_newest_session_that_is_due(
    made: Callable[..., Any], now: str, day: str
) -> None:
    assert run_after(made(at=now), None, restricted("2026-01-01", catchup=False))[0] == day
    assert run_after(made(at=now), None, restricted(None, catchup=True))[0] == day


def test_after_an_outage_of_three_sessions_each_is_caught_up_with_once(made: Callable[..., Any]) -> None:
    timetable, restriction = made(at="2026-11-20T22:00"), restricted("2026-01-01")
    from airflow.timetables.base import DataInterval

    last = DataInterval(utc("2026-11-17"), utc("2026-11-17T21:00"))
    infos = [next_run for next_run, _ in zip(planned(timetable, restriction, last), range(4), strict=False)]
    assert [(str(i.logical_date.date()), f"{i.run_after:%d %H:%M}") for i in infos] == [
        ("2026-11-18", "18 21:30"),
        ("2026-11-19", "19 21:30"),
        ("2026-11-20", "20 21:30"),
        ("2026-11-23", "23 21:30"),  # lies ahead
    ]


def test_after_an_outage_without_catch_up_the_newest_runs_once_and_then_the_next(made: Callable[..., Any]) -> None:
    timetable, restriction = made(at="2026-11-20T22:00"), restricted("2026-01-01", catchup=False)
    assert run_after(timetable, "2026-11-17", restriction) == ("2026-11-20", "2026-11-20T21:30")
    assert run_after(timetable, "2026-11-20", restriction) == ("2026-11-23", "2026-11-23T21:30")


def test_nothing_before_the_start_date_is_caught_up_with_whatever_ran_last(made: Callable[..., Any]) -> None:
    assert run_after(made(), "2010-08-20", restricted("2026-11-14"))[0] == "2026-11-16"
    assert run_after(made(), None, restricted("2026-11-16T00:00:01"))[0] == "2026-11-17"


def test_an_end_date_ends_it(made: Callable[..., Any]) -> None:
    days = [str(i.logical_date.date()) for i in planned(made(), restricted("2026-11-19", "2026-11-23"))]
    assert days == ["2026-11-19", "2026-11-20", "2026-11-23"]


def test_an_exchange_that_opens_the_day_before_in_utc_has_its_own_days(made: Callable[..., Any]) -> None:
    first = next(planned(made("XASX"), restricted("2026-11-20")))
    assert (str(first.logical_date), str(first.run_after)) == ("2026-11-20 00:00:00+00:00", "2026-11-20 05:30:00+00:00")


def test_it_goes_on_past_the_end_of_the_calendar(made: Callable[..., Any]) -> None:
    assert run_after(made("XNSE"), "2026-12-31", restricted("2026-01-01")) == ("2027-01-01", "2027-01-01T10:30")
    assert run_after(made("XNSE"), "2035-12-31", restricted("2026-01-01")) == ("2036-01-01", "2036-01-01T10:30")


def test_a_scheduled_run_is_named_by_exchange_and_session_and_others_as_airflow_does(
    made: Callable[..., Any],
) -> None:
    from airflow.utils.types import DagRunType

    info = next(planned(made("XNSE"), restricted("2026-11-20")))
    names = {
        kind: made("XNSE").generate_run_id(
            run_type=kind, run_after=info.run_after, data_interval=info.data_interval, partition_key=None
        )
        for kind in (DagRunType.SCHEDULED, DagRunType.MANUAL)
    }
    assert names[DagRunType.SCHEDULED] == "scheduled__XNSE__2026-11-20"
    assert names[DagRunType.MANUAL] == "manual__2026-11-20T10:30:00+00:00"


@pytest.mark.parametrize(
    ("run_after", "day"),
    [
        ("2026-11-20T00:00", "2026-11-20"),  # the date of a session is that session
        ("2026-11-21T00:00", "2026-11-20"),
        ("2026-11-20T12:00", "2026-11-19"),
        ("2026-11-20T21:30", "2026-11-20"),
    ],
)
def test_a_run_by_hand_has_the_session_of_its_date(made: Callable[..., Any], run_after: str, day: str) -> None:
    assert str(made().infer_manual_data_interval(run_after=utc(run_after)).start.date()) == day


def test_airflow_writes_it_down_and_reads_it_again(made: Callable[..., Any]) -> None:
    from airflow.sdk import DAG
    from airflow.serialization.serialized_objects import DagSerialization

    with DAG("evening", schedule=made("XTKS", delay=timedelta(minutes=45)), start_date=utc("2026-01-01")) as dag:
        pass
    timetable = DagSerialization.from_dict(DagSerialization.to_dict(dag)).timetable
    assert (type(timetable).__name__, timetable.exchange, timetable.delay) == (
        "SessionTimetable",
        "XTKS",
        timedelta(minutes=45),
    )
    assert timetable.summary == "XTKS close + 45 minutes"
    assert timetable.description == "Every session of XTKS, 45 minutes after its close"
    assert run_after(timetable, "2026-11-20", restricted("2026-01-01")) == ("2026-11-24", "2026-11-24T07:15")


def test_an_unknown_exchange_is_refused_when_the_dag_is_read(made: Callable[..., Any]) -> None:
    from airflow.exceptions import AirflowTimetableInvalid

    made("XNSE").validate()
    with pytest.raises(AirflowTimetableInvalid, match="there is no exchange 'NYSE'"):
        made("NYSE").validate()


def test_for_backfills_only_it_plans_what_they_ask_for_and_nothing_by_itself(made: Callable[..., Any]) -> None:
    timetable = made(backfills_only=True)
    assert (
        timetable.next_dagrun_info(
            last_automated_data_interval=None, restriction=restricted("2026-01-01", catchup=False)
        )
        is None
    )
    assert len(list(planned(timetable, restricted("2026-11-16", "2026-11-20")))) == 5
    assert timetable.deserialize(timetable.serialize()).summary == "XNYS backfills"


@pytest.fixture
def reading(airflow: None, app_url: str, monkeypatch: pytest.MonkeyPatch) -> Callable[[], CalendarOverrides]:
    """What a process that has just begun knows of the overrides in the database."""
    from include.timetable import overrides

    monkeypatch.setenv("AIRFLOW_CONN_STOCKS_DB", app_url)
    monkeypatch.setattr(overrides, "_known", None)
    monkeypatch.setattr(overrides, "GOOD_FOR", 0.0)
    return overrides.known_overrides


def test_what_operators_entered_is_read_from_the_database(
    reading: Callable[[], CalendarOverrides], connection: Connection
) -> None:
    connection.execute(CLOSED)
    storm = SessionOverride(exchange="XNYS", day=date(2026, 12, 23), is_session=False, note="a storm")
    assert reading().entries == (storm,)


def test_while_the_database_is_away_what_was_known_last_holds(
    reading: Callable[[], CalendarOverrides], connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection.execute(CLOSED)
    known = reading()
    for nowhere in ("postgresql://u:p@127.0.0.1:1/none", "nonsense", ""):
        monkeypatch.setenv("AIRFLOW_CONN_STOCKS_DB", nowhere)
        assert reading() == known
