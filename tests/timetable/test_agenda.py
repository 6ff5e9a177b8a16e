"""The sessions that a timetable plans: those of the calendars, with what operators entered, and without an end."""

import csv
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from include.timetable.agenda import NoSessionError, first_from, newest_over, session_on
from tests.timetable.conftest import Enter

ANSWERS = Path(__file__).parent / "answers"
EXCHANGES = ("XNYS", "XNSE", "XLON", "XTKS")


def answers(exchange: str) -> dict[date, datetime | None]:
    with (ANSWERS / f"{exchange}.csv").open() as file:
        return {
            date.fromisoformat(row["day"]): datetime.fromisoformat(row["close"]).replace(tzinfo=UTC)
            if row["close"]
            else None
            for row in csv.DictReader(file)
        }


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_every_day_of_three_years_is_a_session_or_not_as_the_calendar_has_it(exchange: str) -> None:
    expected = answers(exchange)
    assert len(expected) == 1096
    found = {day: session_on(exchange, day) for day in expected}
    assert {day: session.end if session else None for day, session in found.items()} == expected


@pytest.mark.parametrize("exchange", EXCHANGES)
def test_on_every_day_the_newest_session_over_is_the_last_one_that_has_closed(exchange: str) -> None:
    closes = sorted((close, day) for day, close in answers(exchange).items() if close)
    for (close, day), (later, _) in pairwise(closes):
        assert newest_over(exchange, close).day == day
        assert newest_over(exchange, later - timedelta(seconds=1)).day == day


@pytest.mark.parametrize(
    ("exchange", "day", "close"),
    [
        # holidays: Good Friday, the day of mourning for Carter, Juneteenth, Thanksgiving
        *(("XNYS", day, None) for day in ("2024-03-29", "2025-01-09", "2025-06-19", "2026-11-26")),
        # half days
        *(("XNYS", day, f"{day}T18:00") for day in ("2024-11-29", "2024-12-24", "2025-11-28", "2026-11-27")),
        ("XNYS", "2025-07-03", "2025-07-03T17:00"),
        # summer time begins on 2024-03-10 and ends on 2024-11-03 there
        ("XNYS", "2024-03-08", "2024-03-08T21:00"),
        ("XNYS", "2024-03-11", "2024-03-11T20:00"),
        ("XNYS", "2024-11-01", "2024-11-01T20:00"),
        ("XNYS", "2024-11-04", "2024-11-04T21:00"),
        # and on 2025-03-30 and 2025-10-26 in London
        ("XLON", "2025-03-28", "2025-03-28T16:30"),
        ("XLON", "2025-03-31", "2025-03-31T15:30"),
        ("XLON", "2025-10-24", "2025-10-24T15:30"),
        ("XLON", "2025-10-27", "2025-10-27T16:30"),
        ("XLON", "2024-12-24", "2024-12-24T12:30"),
        ("XLON", "2024-08-26", None),
        # India has no summer time; its Republic Day and Diwali are closed
        ("XNSE", "2024-07-01", "2024-07-01T10:00"),
        ("XNSE", "2024-01-26", None),
        ("XNSE", "2025-10-02", None),
        # Tokyo trades half an hour longer from 2024-11-05 on, and is closed at New Year
        ("XTKS", "2024-11-01", "2024-11-01T06:00"),
        ("XTKS", "2024-11-05", "2024-11-05T06:30"),
        *(("XTKS", day, None) for day in ("2025-01-01", "2025-01-02", "2025-01-03", "2024-12-31")),
    ],
)
def test_the_days_that_people_remember(exchange: str, day: str, close: str | None) -> None:
    session = session_on(exchange, date.fromisoformat(day))
    assert (session and session.end) == (close and utc(close))


def test_a_session_that_the_calendar_does_not_know_is_planned_at_its_own_close(enter: Enter) -> None:
    enter("XBOM", "2026-11-08", is_session=True, closes_at="19:15")  # Muhurat trading, on a Sunday
    assert first_from("XNSE", date(2026, 11, 7)).end == utc("2026-11-08T13:45")


def test_a_day_that_an_operator_closed_is_passed_over(enter: Enter) -> None:
    enter("XNYS", "2026-12-23", is_session=False)
    assert first_from("XNYS", date(2026, 12, 23)).day == date(2026, 12, 24)
    assert newest_over("XNYS", utc("2026-12-24T12:00")).day == date(2026, 12, 22)


def test_an_early_close_that_was_entered_brings_the_run_forward(enter: Enter) -> None:
    assert first_from("XNYS", date(2026, 12, 23)).end == utc("2026-12-23T21:00")
    enter("XNYS", "2026-12-23", is_session=True, closes_at="13:00")
    assert first_from("XNYS", date(2026, 12, 23)).end == utc("2026-12-23T18:00")


def test_past_the_end_of_a_calendar_every_weekday_is_planned(caplog: pytest.LogCaptureFixture) -> None:
    days, day = [], date(2026, 12, 30)
    for _ in range(5):
        day = first_from("XNSE", day).day + timedelta(days=1)
        days.append(day - timedelta(days=1))
    assert [str(day) for day in days] == ["2026-12-30", "2026-12-31", "2027-01-01", "2027-01-04", "2027-01-05"]
    assert "THE CALENDAR OF XBOM ENDS ON 2026-12-31" in caplog.text


def test_the_fallback_goes_on_for_years_and_takes_entered_holidays(enter: Enter) -> None:
    enter("XBOM", "2031-01-27", is_session=False)
    assert first_from("XNSE", date(2031, 1, 25)).day == date(2031, 1, 28)


@pytest.mark.parametrize(
    ("exchange", "after", "close"),
    [
        ("weekdays", "2026-11-21", "2026-11-23T23:59:59.999999"),
        ("crypto", "2026-11-21", "2026-11-21T23:59:59.999999"),
        ("ASEX", "2026-11-21", "2026-11-23T16:00"),  # Athens, which has no calendar
    ],
)
def test_what_has_no_calendar_has_its_days(exchange: str, after: str, close: str) -> None:
    assert first_from(exchange, date.fromisoformat(after)).end == utc(close)


def test_an_exchange_that_was_closed_for_a_year_is_said_to_have_none(enter: Enter) -> None:
    for number in range(800):
        enter("XNYS", str(date(2026, 6, 1) + timedelta(days=number)), is_session=False)
    with pytest.raises(NoSessionError, match="XNYS has no session in the year from 2026-11-22 on"):
        first_from("XNYS", date(2026, 11, 22))


def test_a_strange_exchange_is_named_with_those_that_there_are() -> None:
    with pytest.raises(LookupError, match=r"there is no exchange 'NYSE'; allowed: .*XNSE, XNYS"):
        first_from("NYSE", date(2026, 11, 20))


def test_whoever_imports_the_timetable_imports_no_calendar(tmp_path: Path) -> None:
    code = (
        "import sys; from include.timetable.session_timetable import SessionTimetable; "
        "table = SessionTimetable.deserialize(SessionTimetable('XNYS').serialize()); table.validate(); table.summary; "
        "print([name for name in ('pandas', 'exchange_calendars', 'psycopg') if name in sys.modules])"
    )
    env = {**os.environ, "AIRFLOW_HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True, timeout=120)
    assert ran.stdout.splitlines()[-1] == "[]"
