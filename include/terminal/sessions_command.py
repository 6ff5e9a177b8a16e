"""`python -m include.market sessions XBOM`: the sessions of an exchange, and what overrides change."""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from rich.table import Table

from include.market.calendars import calendar_ends, last_known_day, session_ends, warn_of_strangers
from include.market.exchanges import Exchange, exchange_of, find_exchange
from include.market.sessions import FIRST_DAY, last_completed_session
from include.market.symbols import normalize_ticker
from include.model.calendar import NO_OVERRIDES, CalendarOverrides, SessionOverride
from include.model.errors import BellwetherError, FieldProblem, InvalidRequestError
from include.settings import settings
from include.storage.address import NoAddressError, stocks_address
from include.storage.calendars import calendar_overrides
from include.storage.connection import DatabaseError, connect
from include.terminal.console import console

BACK, AHEAD = timedelta(days=10), timedelta(days=18)  # around today, when no dates are given
LONGEST = timedelta(days=3660)


class OverridesUnknownError(BellwetherError):
    """The overrides cannot be read; says why."""

    code = "overrides_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day as the calendar and the overrides have it; an end is None where there is no session."""

    day: date
    by_calendar: datetime | None
    ends: datetime | None
    override: SessionOverride | None


def run(arguments: Sequence[str]) -> int:
    """Print the days of one exchange that are sessions, or would be without a holiday or an override."""
    options = _parser().parse_args(arguments)
    exchange = _exchange(options.listing)
    now = datetime.now(UTC)
    first, last = _range(options, now.astimezone(ZoneInfo(exchange.timezone)).date())
    overrides = _overrides()
    warn_of_strangers(overrides)
    terminal = console()
    terminal.print(_headline(exchange, now, overrides))
    terminal.print(_table(exchange, list(_days(exchange, first, last, overrides))))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.market sessions",
        description="The sessions of an exchange with their ends, its holidays, and what calendar_overrides changes.",
    )
    parser.add_argument("listing", metavar="EXCHANGE|TICKER", help="XNYS, XBOM ..., or a ticker: TCS.NS")
    parser.add_argument("--from", dest="first", metavar="DATE", help="as 2026-11-01; else ten days ago")
    parser.add_argument("--to", dest="last", metavar="DATE", help="else four weeks after the first")
    return parser


def _exchange(listing: str) -> Exchange:
    for name in (listing, listing.upper()):
        with suppress(LookupError):
            return find_exchange(name)
    try:
        return exchange_of(normalize_ticker(listing))
    except ValueError as error:
        raise InvalidRequestError([FieldProblem("EXCHANGE|TICKER", listing, str(error))]) from error


def _range(options: argparse.Namespace, today: date) -> tuple[date, date]:
    first = _date("--from", options.first) or today - BACK
    last = _date("--to", options.last) or first + BACK + AHEAD
    if not FIRST_DAY <= first <= last <= first + LONGEST:
        reason = f"give dates in their order, from {FIRST_DAY} on, and not more than ten years"
        raise InvalidRequestError([FieldProblem("--from, --to", f"{first} {last}", reason)])
    return first, last


def _date(option: str, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequestError([FieldProblem(option, text, "give a date as 2026-11-20")]) from error


def _overrides() -> CalendarOverrides:
    """What is in the database; none, with a word about it, where the environment does not say where that is."""
    try:
        address = stocks_address(os.environ, settings().connection_id)
    except NoAddressError as error:
        print(f"Without overrides, which are in the database: {error.args[0]}", file=sys.stderr)
        return NO_OVERRIDES
    try:
        with connect(address.conninfo) as connection:
            return calendar_overrides(connection)
    except DatabaseError as error:
        raise OverridesUnknownError(f"the overrides cannot be read from the database: {error}") from error


def _headline(exchange: Exchange, now: datetime, overrides: CalendarOverrides) -> str:
    known = last_known_day(exchange)
    holidays = f"known until {known}" if known else "known" if exchange.calendar else "not known"
    entered = len(overrides.of(exchange.name))
    completed = last_completed_session(exchange, now, overrides=overrides)
    delay = f"{settings().close_delay_minutes:g} minutes after its close"
    return (
        f"{exchange.name}, {exchange.timezone}. Holidays are {holidays}; overrides: {entered}.\n"
        f"The last completed session is {completed}; one counts as completed {delay}."
    )


def _days(exchange: Exchange, first: date, last: date, overrides: CalendarOverrides) -> Iterator[Day]:
    """Every day but the ordinary weekends."""
    by_calendar = calendar_ends(exchange, first, last)
    ends = session_ends(exchange, first, last, overrides)
    changed = overrides.of(exchange.name)
    for number in range((last - first).days + 1):
        day = first + timedelta(days=number)
        if day in ends or day in changed or day in by_calendar or day.weekday() not in exchange.weekend:
            yield Day(day=day, by_calendar=by_calendar.get(day), ends=ends.get(day), override=changed.get(day))


def _table(exchange: Exchange, days: Sequence[Day]) -> Table:
    table = Table("Day", "Ends, local time", "UTC", "")
    for day in days:
        utc = day.ends.strftime("%H:%M") if day.ends else ""
        table.add_row(f"{day.day:%a} {day.day}", _local(exchange, day.ends), utc, _remark(exchange, day))
    return table


def _local(exchange: Exchange, end: datetime | None) -> str:
    return end.astimezone(ZoneInfo(exchange.timezone)).strftime("%H:%M") if end else "closed"


def _remark(exchange: Exchange, day: Day) -> str:
    """Why a day is as it is, where that is not what one expects."""
    if day.override:
        return f"override: {day.override.note} (by the calendar: {_local(exchange, day.by_calendar)})"
    if day.ends is None:
        return "holiday"
    known = last_known_day(exchange)
    if exchange.calendar and known and day.day > known:
        return "holidays are not known"
    usual = f"{exchange.close:%H:%M}"
    return "" if _local(exchange, day.ends) == usual else f"usually {usual}"
