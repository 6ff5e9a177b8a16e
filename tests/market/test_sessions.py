import logging
import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from include.market.calendars import session_ends
from include.market.exchanges import NEW_YORK
from include.market.sessions import next_completion, resolve_sessions
from include.model.bars import DataSource
from include.model.calendar import CalendarOverrides, SessionOverride
from include.model.errors import InvalidRequestError

SAMPLE, DEMO, YAHOO = DataSource.SAMPLE, DataSource.DEMO, DataSource.YAHOO
SATURDAY = datetime(2026, 11, 21, 12, tzinfo=UTC)


def session(ticker: str, source: DataSource, now: datetime, as_of: date | None = None, **more: Any) -> date:
    """The session at `now`, as if bars were final at the close."""
    return resolve_sessions([ticker], source, as_of, now, **{"delay": timedelta(), **more})[ticker]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_sample_ends_on_its_last_day_whatever_the_clock_says() -> None:
    assert resolve_sessions(["IBM", "NOPE"], SAMPLE, None, SATURDAY) == {
        "IBM": date(2010, 8, 20),
        "NOPE": date(2010, 8, 20),
    }


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [("2010-08-20", "2010-08-20"), ("2010-08-15", "2010-08-13"), ("2009-12-25", "2009-12-24"), ("2009-08-21",) * 2],
)
def test_a_closed_day_of_the_sample_means_the_session_before_it(as_of: str, expected: str) -> None:
    assert session("IBM", SAMPLE, SATURDAY, date.fromisoformat(as_of)) == date.fromisoformat(expected)


@pytest.mark.parametrize("as_of", [date(2009, 8, 20), date(2010, 8, 21), date(2026, 11, 20)])
def test_a_date_outside_the_sample_is_refused_with_its_range(as_of: date) -> None:
    with pytest.raises(InvalidRequestError, match="from 2009-08-21 to 2010-08-20") as caught:
        session("IBM", SAMPLE, SATURDAY, as_of)
    assert [(problem.field, problem.value) for problem in caught.value.problems] == [("as_of", as_of.isoformat())]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-20T23:59:59", "2026-11-19"),
        ("2026-11-21T00:00:00", "2026-11-20"),
        ("2026-11-22T12:00:00", "2026-11-20"),
        ("2026-11-23T12:00:00", "2026-11-20"),
        ("2026-11-24T00:00:01", "2026-11-23"),
    ],
)
def test_the_demo_ends_on_the_last_weekday_that_is_over(now: str, expected: str) -> None:
    assert session("ACME", DEMO, utc(now)) == date.fromisoformat(expected)


def test_the_demo_takes_any_day_that_is_over_and_no_other() -> None:
    assert session("ACME", DEMO, SATURDAY, date(2026, 11, 15)) == date(2026, 11, 13)
    assert session("ACME", DEMO, SATURDAY, date(2000, 1, 3)) == date(2000, 1, 3)
    for as_of in (date(2026, 11, 23), date(2000, 1, 2)):
        with pytest.raises(InvalidRequestError, match="give a date from 2000-01-03 to 2026-11-21"):
            session("ACME", DEMO, SATURDAY, as_of)


@pytest.mark.parametrize(
    ("ticker", "now", "expected"),
    [
        ("AAPL", "2026-11-20T20:59:59", "2026-11-19"),  # New York closes at 21:00 UTC in winter
        ("AAPL", "2026-11-20T21:00:00", "2026-11-20"),
        ("AAPL", "2026-10-30T20:00:00", "2026-10-30"),  # and at 20:00 in summer time, which ends on 1 November
        ("AAPL", "2026-11-02T20:00:00", "2026-10-30"),
        ("AAPL", "2026-11-22T10:00:00", "2026-11-20"),  # Sunday
        ("AAPL", "2026-11-27T03:00:00", "2026-11-25"),  # Thanksgiving was Thursday
        ("AAPL", "2026-11-27T18:00:00", "2026-11-27"),  # and Friday closes at 13:00
        ("TCS.NS", "2026-11-20T10:00:00", "2026-11-20"),  # 15:30 in India
        ("TCS.NS", "2026-11-20T09:59:00", "2026-11-19"),
        ("500325.BO", "2026-10-02T23:00:00", "2026-10-01"),  # Gandhi Jayanti
        ("^NSEI", "2026-11-20T10:00:00", "2026-11-20"),
        ("VOD.L", "2026-11-20T16:30:00", "2026-11-20"),
        ("7203.T", "2026-11-23T20:00:00", "2026-11-20"),  # Labour Thanksgiving Day
        ("0700.HK", "2026-11-20T08:00:00", "2026-11-20"),
        ("SAP.DE", "2026-11-20T16:29:00", "2026-11-19"),
        ("SHOP.TO", "2026-11-20T21:00:00", "2026-11-20"),
        ("BHP.AX", "2026-11-19T23:30:00", "2026-11-19"),  # already Friday in Sydney, before its session ends
        ("BTC-USD", "2026-11-22T00:00:01", "2026-11-21"),  # every day is a session
        ("EURUSD=X", "2026-11-22T00:00:01", "2026-11-20"),
        ("ABC.XYZ", "2026-11-20T23:00:00", "2026-11-19"),  # unknown suffix: weekdays, over when the UTC day is
        ("BRK-B", "2026-11-20T21:00:00", "2026-11-20"),
    ],
)
def test_the_last_completed_session_is_that_of_the_ticker_s_exchange(ticker: str, now: str, expected: str) -> None:
    assert session(ticker, YAHOO, utc(now)) == date.fromisoformat(expected)


def test_tickers_of_many_exchanges_are_resolved_together() -> None:
    now = utc("2026-11-20T12:00:00")
    sessions = resolve_sessions(["AAPL", "TCS.NS", "IBM"], YAHOO, None, now)
    assert sessions == {"AAPL": date(2026, 11, 19), "TCS.NS": date(2026, 11, 20), "IBM": date(2026, 11, 19)}


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [("2026-11-21", "2026-11-20"), ("2026-07-03", "2026-07-02"), ("2001-09-14", "2001-09-10"), ("2015-06-02",) * 2],
)
def test_a_closed_day_means_the_session_before_it(as_of: str, expected: str) -> None:
    assert session("AAPL", YAHOO, SATURDAY, date.fromisoformat(as_of)) == date.fromisoformat(expected)


def test_an_open_session_cannot_be_asked_for_where_it_is_open() -> None:
    now = utc("2026-11-20T12:00:00")
    assert session("TCS.NS", YAHOO, now, date(2026, 11, 20)) == date(2026, 11, 20)
    with pytest.raises(InvalidRequestError, match="XNYS is 2026-11-19: give a date from 2000-01-03 to 2026-11-19"):
        resolve_sessions(["TCS.NS", "AAPL"], YAHOO, date(2026, 11, 20), now)


@pytest.mark.parametrize("as_of", [date(2026, 11, 23), date(1999, 12, 31), date(1, 1, 1), date.max])
def test_a_date_to_come_or_before_the_data_begins_is_refused(as_of: date) -> None:
    with pytest.raises(InvalidRequestError, match="give a date from 2000-01-03 to 2026-11-21") as caught:
        session("AAPL", YAHOO, SATURDAY, as_of)
    assert [problem.field for problem in caught.value.problems] == ["as_of"]


def test_past_the_end_of_the_calendar_weekdays_count_and_the_log_says_so(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    assert session("TCS.NS", YAHOO, utc("2026-12-10T12:00:00")) == date(2026, 12, 10)
    assert not caplog.records  # which it says as soon as the next sessions are beyond it
    assert session("TCS.NS", YAHOO, utc("2026-12-31T12:00:00")) == date(2026, 12, 31)
    assert session("TCS.NS", YAHOO, utc("2027-01-04T09:00:00")) == date(2027, 1, 1)
    assert session("TCS.NS", YAHOO, utc("2028-03-06T10:00:00")) == date(2028, 3, 6)
    assert session("TCS.NS", YAHOO, utc("2028-03-06T10:00:00"), date(2026, 10, 2)) == date(2026, 10, 1)
    assert "THE CALENDAR OF XBOM ENDS ON 2026-12-31" in caplog.text


def test_a_clock_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        session("AAPL", YAHOO, SATURDAY.replace(tzinfo=None))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/Los_Angeles"])
def test_the_host_s_time_zone_does_not_matter(zone: str) -> None:
    program = (
        "from datetime import *; from include.market.sessions import resolve_sessions as r;"
        "from include.model.bars import DataSource as S;"
        "now = datetime(2026, 11, 20, 21, 30, tzinfo=UTC);"
        "print(*r(['AAPL', 'TCS.NS', 'BTC-USD'], S.YAHOO, None, now).values(), *r(['A'], S.DEMO, None, now).values())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"TZ": zone},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.split() == ["2026-11-20", "2026-11-20", "2026-11-19", "2026-11-19"]


def test_each_hour_of_a_year_has_a_completed_session_that_never_goes_back() -> None:
    hours = [utc("2026-01-01T00:00:00") + timedelta(hours=7 * n) for n in range(0, 1250, 125)]
    sessions = [session("AAPL", YAHOO, now) for now in hours]
    assert sessions == sorted(sessions)
    assert all(found <= now.date() for found, now in zip(sessions, hours, strict=True))


def closed(exchange: str, day: str) -> SessionOverride:
    return SessionOverride(exchange=exchange, day=date.fromisoformat(day), is_session=False, note="closed")


def held(exchange: str, day: str, closes_at: str | None = None) -> SessionOverride:
    return SessionOverride(
        exchange=exchange,
        day=date.fromisoformat(day),
        is_session=True,
        closes_at=closes_at and time.fromisoformat(closes_at),
        note="held",
    )


OVERRIDES = CalendarOverrides(
    (
        closed("XNYS", "2025-01-09"),  # a day of mourning, which no rule foresees
        held("XBOM", "2025-02-01"),  # the budget was read on a Saturday
        held("XBOM", "2026-11-08", "19:15"),  # Muhurat trading, on a Sunday evening
        held("XNYS", "2026-11-20", "13:00"),  # Friday
        held("XNYS", "2026-11-27", None),  # closes early by its rules
        held("XNYS", "2026-11-01"),  # the Sunday on which New York's summer time ends
        held("XNYS", "2026-03-08", "13:00"),  # and the one on which it begins
        closed("XBOM", "2027-01-26"),  # Republic Day, past the end of the calendar
        held("XBOM", "2027-02-06"),
        closed("XLON", "2026-11-20"),
    )
)


@pytest.mark.parametrize(
    ("ticker", "now", "without", "with_overrides"),
    [
        ("AAPL", "2025-01-10T12:00:00", "2025-01-08", "2025-01-08"),  # which exchange-calendars has learnt meanwhile
        ("VOD.L", "2026-11-20T20:00:00", "2026-11-20", "2026-11-19"),
        ("TCS.NS", "2025-02-01T09:59:00", "2025-01-31", "2025-01-31"),
        ("TCS.NS", "2025-02-01T10:00:00", "2025-01-31", "2025-02-01"),
        ("TCS.NS", "2026-11-08T13:44:59", "2026-11-06", "2026-11-06"),
        ("TCS.NS", "2026-11-08T13:45:00", "2026-11-06", "2026-11-08"),  # 19:15 in India
        ("AAPL", "2026-11-20T17:59:59", "2026-11-19", "2026-11-19"),
        ("AAPL", "2026-11-20T18:00:00", "2026-11-19", "2026-11-20"),  # 13:00 in New York in winter
        ("AAPL", "2026-11-27T18:00:00", "2026-11-27", "2026-11-25"),  # as usual: 16:00, although its rules say 13:00
        ("AAPL", "2026-11-27T21:00:00", "2026-11-27", "2026-11-27"),
        ("AAPL", "2026-11-01T20:59:59", "2026-10-30", "2026-10-30"),
        ("AAPL", "2026-11-01T21:00:00", "2026-10-30", "2026-11-01"),  # winter time at the close already
        ("AAPL", "2026-03-08T16:59:59", "2026-03-06", "2026-03-06"),
        ("AAPL", "2026-03-08T17:00:00", "2026-03-06", "2026-03-08"),  # summer time at the close already
        ("TCS.NS", "2027-01-26T12:00:00", "2027-01-26", "2027-01-25"),
        ("TCS.NS", "2027-02-07T12:00:00", "2027-02-05", "2027-02-06"),
    ],
)
def test_overrides_beat_the_calendar(ticker: str, now: str, without: str, with_overrides: str) -> None:
    assert session(ticker, YAHOO, utc(now)) == date.fromisoformat(without)
    assert session(ticker, YAHOO, utc(now), overrides=OVERRIDES) == date.fromisoformat(with_overrides)


@pytest.mark.parametrize(
    ("ticker", "as_of", "expected"),
    [
        ("VOD.L", "2026-11-20", "2026-11-19"),
        ("TCS.NS", "2026-11-08", "2026-11-08"),
        ("TCS.NS", "2026-11-07", "2026-11-06"),
        ("AAPL", "2026-11-01", "2026-11-01"),
        ("AAPL", "2026-03-08", "2026-03-08"),
    ],
)
def test_a_date_means_the_last_session_up_to_it_with_overrides_too(ticker: str, as_of: str, expected: str) -> None:
    assert session(ticker, YAHOO, SATURDAY, date.fromisoformat(as_of), overrides=OVERRIDES).isoformat() == expected


def test_a_session_that_an_override_keeps_open_cannot_be_asked_for() -> None:
    now = utc("2026-11-27T19:00:00")
    assert session("AAPL", YAHOO, now, date(2026, 11, 27)) == date(2026, 11, 27)
    with pytest.raises(InvalidRequestError, match="XNYS is 2026-11-25: give a date from 2000-01-03 to 2026-11-26"):
        session("AAPL", YAHOO, now, date(2026, 11, 27), overrides=OVERRIDES)


def test_overrides_leave_the_sample_and_the_demo_alone() -> None:
    everything_closed = CalendarOverrides((closed("XNYS", "2010-08-20"), closed("XNYS", "2026-11-20")))
    assert session("IBM", SAMPLE, SATURDAY, overrides=everything_closed) == date(2010, 8, 20)
    assert session("IBM", DEMO, SATURDAY, overrides=everything_closed) == date(2026, 11, 20)


def test_an_override_of_an_exchange_that_is_none_is_named_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    session("TCS.NS", YAHOO, SATURDAY, overrides=CalendarOverrides((closed("XNSE", "2026-11-20"),)))
    assert "calendar_overrides names XNSE, which changes nothing; the exchanges are " in caplog.text
    assert "XBOM" in caplog.text


@pytest.mark.parametrize(
    ("ticker", "now", "expected"),
    [
        ("AAPL", "2026-11-20T21:29:59", "2026-11-19"),
        ("AAPL", "2026-11-20T21:30:00", "2026-11-20"),
        ("AAPL", "2026-11-27T18:29:59", "2026-11-25"),  # an early close
        ("AAPL", "2026-11-27T18:30:00", "2026-11-27"),
        ("TCS.NS", "2026-11-20T10:29:59", "2026-11-19"),
        ("TCS.NS", "2026-11-20T10:30:00", "2026-11-20"),
        ("BTC-USD", "2026-11-22T00:29:59", "2026-11-20"),  # yesterday's bar is not final either
        ("BTC-USD", "2026-11-22T00:30:00", "2026-11-21"),
    ],
)
def test_a_session_is_completed_half_an_hour_after_its_close(ticker: str, now: str, expected: str) -> None:
    assert resolve_sessions([ticker], YAHOO, None, utc(now)) == {ticker: date.fromisoformat(expected)}


def test_what_is_not_final_yet_cannot_be_asked_for() -> None:
    now = utc("2026-11-22T00:10:00")
    with pytest.raises(InvalidRequestError, match="crypto is 2026-11-20: give a date from 2000-01-03 to 2026-11-20"):
        resolve_sessions(["BTC-USD"], YAHOO, date(2026, 11, 21), now)
    assert resolve_sessions(["BTC-USD"], YAHOO, date(2026, 11, 20), now) == {"BTC-USD": date(2026, 11, 20)}


def test_the_sample_and_the_demo_do_not_wait() -> None:
    now = utc("2026-11-21T00:00:00")
    assert session("ACME", DEMO, now, delay=timedelta(hours=5)) == date(2026, 11, 20)
    assert session("IBM", SAMPLE, now, delay=timedelta(hours=5)) == date(2010, 8, 20)


@pytest.mark.parametrize(
    ("tickers", "source", "now", "expected"),
    [
        (["AAPL"], YAHOO, "2026-11-20T20:59:59", "2026-11-20T21:00:00"),
        (["AAPL"], YAHOO, "2026-11-20T21:00:00", "2026-11-23T21:00:00"),
        (["AAPL"], YAHOO, "2026-11-27T12:00:00", "2026-11-27T18:00:00"),  # an early close
        (["AAPL", "TCS.NS"], YAHOO, "2026-11-22T12:00:00", "2026-11-23T10:00:00"),  # whichever is the first
        (["TCS.NS"], YAHOO, "2026-12-31T12:00:00", "2027-01-01T10:00:00"),  # past the calendar's end
        (["A"], DEMO, "2026-11-21T12:00:00", "2026-11-23T23:59:59.999999"),
    ],
)
def test_the_next_session_is_completed_when_it_is(
    tickers: list[str], source: DataSource, now: str, expected: str
) -> None:
    assert next_completion(tickers, source, utc(now), delay=timedelta()) == utc(expected)


def test_the_sample_has_no_session_to_come() -> None:
    assert next_completion(["IBM"], SAMPLE, SATURDAY) is None


def test_the_delay_and_what_operators_entered_count_for_the_next_session_too() -> None:
    friday = utc("2026-11-20T21:05:00")
    assert next_completion(["AAPL"], YAHOO, friday, delay=timedelta(minutes=15)) == utc("2026-11-20T21:15:00")
    closed = CalendarOverrides((SessionOverride(exchange="XNYS", day=date(2026, 11, 23), is_session=False),))
    assert next_completion(["AAPL"], YAHOO, friday, overrides=closed, delay=timedelta()) == utc("2026-11-24T21:00:00")


@pytest.mark.parametrize("ticker", ["AAPL", "TCS.NS", "BTC-USD", "ABC.XYZ", "TEVA.TA", "2330.TW"])
def test_sessions_stay_what_they_are_until_that_moment_and_not_longer(ticker: str) -> None:
    now = utc("2026-02-10T09:17:00")  # before the longest closure of Taiwan
    for _ in range(8):
        until = next_completion([ticker], YAHOO, now, delay=timedelta(minutes=15))
        assert until is not None
        before, just_before, then = (
            session(ticker, YAHOO, moment, delay=timedelta(minutes=15))
            for moment in (now, until - timedelta(seconds=1), until)
        )
        assert before == just_before < then
        now = until


@pytest.mark.parametrize(
    ("day", "closes"),
    [("2026-11-26", None), ("2026-11-27", "2026-11-27T18:00:00"), ("2026-11-25", "2026-11-25T21:00:00")],
)
def test_a_single_day_is_looked_up_in_the_calendar_too(
    day: str, closes: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Of which exchange-calendars makes no calendar by itself."""
    only = date.fromisoformat(day)
    assert session_ends(NEW_YORK, only, only) == ({only: utc(closes)} if closes else {})
    assert caplog.text == ""
