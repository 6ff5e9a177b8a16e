import logging
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from include.market.calendars import calendar_ends, last_known_day, session_ends
from include.market.exchanges import BY_INDEX, BY_SUFFIX, CRYPTO, EXCHANGES, WEEKDAYS, Exchange, exchange_of
from include.market.sessions import FIRST_DAY, LONGEST_CLOSURE

TODAY = date(2026, 11, 20)
WITH_CALENDAR = [exchange for exchange in EXCHANGES.values() if exchange.calendar]


def named(exchange: Exchange) -> str:
    return exchange.name


@pytest.mark.parametrize(
    ("ticker", "name"),
    [
        ("AAPL", "XNYS"),
        ("BRK-B", "XNYS"),
        ("^GSPC", "XNYS"),
        ("^NSEI", "XBOM"),
        ("^CNXIT", "XBOM"),
        ("^TA125.TA", "XTAE"),
        ("M&M.NS", "XBOM"),
        ("500325.BO", "XBOM"),
        ("VOD.L", "XLON"),
        ("AAD.F", "XSTU"),
        ("SHOP.V", "XTSE"),
        ("6488.TWO", "XTAI"),
        ("2222.SR", "XSAU"),
        ("OPAP.AT", "ASEX"),
        ("BTC-USD", "crypto"),
        ("EURUSD=X", "weekdays"),
        ("GC=F", "weekdays"),
        ("ABC.XYZ", "weekdays"),
    ],
)
def test_the_exchange_of_a_ticker_is_read_from_its_symbol(ticker: str, name: str) -> None:
    assert exchange_of(ticker).name == name


@pytest.mark.parametrize("exchange", [*EXCHANGES.values(), CRYPTO, WEEKDAYS], ids=named)
def test_every_exchange_has_sessions_on_each_of_its_weekdays_until_today(
    exchange: Exchange, caplog: pytest.LogCaptureFixture
) -> None:
    ends = session_ends(exchange, TODAY - timedelta(days=60), TODAY)
    assert not caplog.records
    assert {day.weekday() for day in ends} == set(range(7)) - set(exchange.weekend)
    assert list(ends) == sorted(ends)
    for day, end in ends.items():
        assert end.astimezone(ZoneInfo(exchange.timezone)).date() == day


@pytest.mark.parametrize("exchange", WITH_CALENDAR, ids=named)
def test_the_usual_close_is_that_of_the_calendar(exchange: Exchange) -> None:
    """Ours ends the sessions that an operator enters, and those past the calendar's end."""
    zone = ZoneInfo(exchange.timezone)
    ends = calendar_ends(exchange, date(2026, 1, 12), TODAY).values()
    latest = max(end.astimezone(zone).time() for end in ends)
    assert timedelta(0) <= at(exchange.close.isoformat()) - at(latest.isoformat()) <= timedelta(minutes=5)


def at(time: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-20T{time}").replace(tzinfo=UTC)


@pytest.mark.parametrize("exchange", [e for e in WITH_CALENDAR if e.name not in ("XSAU", "XTAE")], ids=named)
def test_every_calendar_knows_the_oldest_day_that_can_be_asked_for(
    exchange: Exchange, caplog: pytest.LogCaptureFixture
) -> None:
    assert calendar_ends(exchange, FIRST_DAY - LONGEST_CLOSURE, FIRST_DAY)
    assert not caplog.records


@pytest.mark.parametrize(("name", "as_of"), [("XSAU", date(2019, 6, 3)), ("XTAE", date(2026, 1, 6))])
def test_days_that_a_calendar_cannot_compute_are_weekdays_and_the_log_says_so(
    name: str, as_of: date, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    exchange = EXCHANGES[name]
    ends = session_ends(exchange, as_of - timedelta(days=6), as_of)
    assert [day for day in ends if day.weekday() in exchange.weekend] == []
    assert len(ends) == 5
    assert f"THE CALENDAR OF {name} DOES NOT KNOW" in caplog.text


def test_the_calendars_that_end_soon_are_known() -> None:
    ends = {exchange.name: last_known_day(exchange) for exchange in EXCHANGES.values()}
    soon = {name for name, day in ends.items() if day and day < date(2028, 1, 1)}
    assert soon == {"XBOM", "XSES", "XSHG"}


def test_names_are_those_that_the_table_of_overrides_takes() -> None:
    assert [name for name in EXCHANGES if not re.fullmatch("[A-Z]{4}", name)] == []
    everywhere = {*BY_SUFFIX.values(), *BY_INDEX.values()}
    assert {exchange for exchange in everywhere if EXCHANGES[exchange.name] is not exchange} == set()
