"""When the sessions of an exchange are over."""

import logging
import warnings
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.market.exchanges import Exchange

log = logging.getLogger(__name__)

SATURDAY = 5


def session_ends(exchange: Exchange, first: date, last: date) -> dict[date, datetime]:
    """Every session from `first` to `last` with the moment when it is over, oldest first.

    Past the end of what exchange-calendars knows (India: 2026-12-31) every weekday is taken as a session, with a
    warning in the log.
    """
    if exchange.calendar is None:
        return _weekdays(exchange, first, last)
    try:
        return _from_calendar(exchange.calendar, first, last)
    except ValueError:  # what exchange-calendars says to a day past its end, and to much else
        end = _last_known_day(exchange.calendar)
        if end is None or last <= end:
            raise
    log.warning(
        "THE CALENDAR OF %s ENDS ON %s: after it every weekday counts as a session, its holidays are not known. "
        "A newer exchange-calendars may know them.",
        exchange.name,
        end,
    )
    known = _from_calendar(exchange.calendar, first, end) if first <= end else {}
    return known | _weekdays(exchange, max(first, end + timedelta(days=1)), last)


def _weekdays(exchange: Exchange, first: date, last: date) -> dict[date, datetime]:
    zone = ZoneInfo(exchange.timezone)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {
        day: datetime.combine(day, exchange.close, zone).astimezone(UTC)
        for day in days
        if exchange.every_day or day.weekday() < SATURDAY
    }


def _from_calendar(name: str, first: date, last: date) -> dict[date, datetime]:
    closes = _calendar(name, start=first, end=last).closes
    return {session.date(): close.to_pydatetime() for session, close in closes.items()}


def _last_known_day(name: str) -> date | None:
    """The last day whose holidays exchange-calendars knows, None when its rules go on for ever."""
    bound = _calendar(name).bound_max()
    return None if bound is None else bound.date()


def _calendar(name: str, **days: date) -> Any:  # noqa: ANN401 - exchange-calendars has no types
    import exchange_calendars  # half a second that the sample and the demo need not pay

    # exchange-calendars 4.13 uses what pandas 3.1 has deprecated.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return exchange_calendars.get_calendar(name, **days)
