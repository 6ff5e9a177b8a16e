"""When the sessions of an exchange are over: its calendar, and over that what operators entered."""

import logging
import warnings
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from include.market.exchanges import EXCHANGES, Exchange
from include.model.calendar import NO_OVERRIDES, CalendarOverrides

log = logging.getLogger(__name__)

KNOWN_TO_ALL = (date(2026, 6, 1), date(2026, 7, 1))  # days that every calendar of exchange-calendars knows


def session_ends(
    exchange: Exchange, first: date, last: date, overrides: CalendarOverrides = NO_OVERRIDES
) -> dict[date, datetime]:
    """Every session from `first` to `last` with the moment when it is over, oldest first.

    Past the end of what exchange-calendars knows (India: 2026-12-31) every weekday is taken as a session, with a
    warning in the log. Overrides hold before and after that end.
    """
    ends = calendar_ends(exchange, first, last)
    for day, override in overrides.of(exchange.name).items():
        if not first <= day <= last:
            continue
        if override.is_session:
            ends[day] = _end(exchange, day, override.closes_at or exchange.close)
        else:
            ends.pop(day, None)
    return dict(sorted(ends.items()))


def calendar_ends(exchange: Exchange, first: date, last: date) -> dict[date, datetime]:
    """The same as the calendar alone knows it."""
    if exchange.calendar is None:
        return _weekdays(exchange, first, last)
    try:
        return _from_calendar(exchange.calendar, first, last)
    except (ValueError, NotImplementedError) as error:  # days that it does not know, or a fault of its own on them
        return _without_calendar(exchange, first, last, error)


def last_known_day(exchange: Exchange) -> date | None:
    """The last day whose holidays are known, None when the calendar goes on for ever, or there is none."""
    if exchange.calendar is None:
        return None
    start, end = KNOWN_TO_ALL
    bound = _calendar(exchange.calendar, start=start, end=end).bound_max()
    return None if bound is None else bound.date()


def warn_of_strangers(overrides: CalendarOverrides) -> None:
    """Say which overrides change nothing because they name no exchange of ours."""
    strangers = sorted({entry.exchange for entry in overrides.entries} - EXCHANGES.keys())
    if strangers:
        log.warning(
            "calendar_overrides names %s, which changes nothing; the exchanges are %s",
            ", ".join(strangers),
            ", ".join(sorted(EXCHANGES)),
        )


def _without_calendar(exchange: Exchange, first: date, last: date, error: Exception) -> dict[date, datetime]:
    end = last_known_day(exchange)
    if end is None or last <= end:
        log.warning(
            "THE CALENDAR OF %s DOES NOT KNOW %s TO %s (%.100s): every weekday counts as a session there.",
            exchange.name,
            first,
            last,
            error,
        )
        return _weekdays(exchange, first, last)
    log.warning(
        "THE CALENDAR OF %s ENDS ON %s: after it every weekday counts as a session, unless an override says otherwise. "
        "Enter its holidays in calendar_overrides, or install a newer exchange-calendars.",
        exchange.name,
        end,
    )
    known = calendar_ends(exchange, first, end) if first <= end else {}
    return known | _weekdays(exchange, max(first, end + timedelta(days=1)), last)


def _weekdays(exchange: Exchange, first: date, last: date) -> dict[date, datetime]:
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return {day: _end(exchange, day, exchange.close) for day in days if day.weekday() not in exchange.weekend}


def _end(exchange: Exchange, day: date, close: time) -> datetime:
    return datetime.combine(day, close, ZoneInfo(exchange.timezone)).astimezone(UTC)


def _from_calendar(name: str, first: date, last: date) -> dict[date, datetime]:
    start = first if first < last else first - timedelta(days=1)  # it knows no calendar of a single day
    closes = _calendar(name, start=start, end=last).closes
    ends = {session.date(): close.to_pydatetime() for session, close in closes.items()}
    return {day: end for day, end in ends.items() if day >= first}


def _calendar(name: str, **days: date) -> Any:  # noqa: ANN401 - exchange-calendars has no types
    import exchange_calendars  # half a second that the sample and the demo need not pay

    # exchange-calendars 4.13 uses what pandas 3.1 has deprecated.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return exchange_calendars.get_calendar(name, **days)
