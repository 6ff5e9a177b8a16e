"""Which session to analyse: the last completed one of each ticker's exchange, or the one that `as_of` names."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import assert_never
from zoneinfo import ZoneInfo

from include.market.calendars import session_ends, warn_of_strangers
from include.market.exchanges import WEEKDAYS, Exchange, exchange_of
from include.market.sources.sample import sample_sessions
from include.model.bars import DataSource
from include.model.calendar import NO_OVERRIDES, CalendarOverrides
from include.model.errors import FieldProblem, InvalidRequestError
from include.settings import settings

FIRST_DAY = date(2000, 1, 3)  # no calendar is asked for older days, and the demo has no older prices
LONGEST_CLOSURE = timedelta(days=40)  # every exchange has a session within it
AHEAD = timedelta(days=20)  # within which the next session is: a New Year's closure takes twelve


class _DateError(Exception):
    """A date that cannot be analysed; its text says what can."""


def resolve_sessions(
    tickers: Iterable[str],
    source: DataSource,
    as_of: date | None,
    now: datetime,
    *,
    overrides: CalendarOverrides = NO_OVERRIDES,
    delay: timedelta | None = None,
) -> Mapping[str, date]:
    """The session to analyse for each ticker, at `now` (aware).

    Without `as_of` it is the last completed session of the ticker's exchange, else the last session up to `as_of`.
    A session of a live source is completed `delay` after its close (None: the setting `close_delay_minutes`).
    Raises InvalidRequestError when `as_of` is not over yet, or lies before the data begins.
    """
    if now.tzinfo is None:
        raise ValueError("now needs a time zone")
    exchanges = {ticker: _exchange(source, ticker) for ticker in tickers}
    latest_close = now - _delay(source, delay)
    if source is DataSource.YAHOO:
        warn_of_strangers(overrides)
    sessions: dict[Exchange | None, date] = {}
    problems: dict[str, None] = {}
    for exchange in dict.fromkeys(exchanges.values()):
        try:
            sessions[exchange] = _listed(exchange, as_of, now, latest_close, overrides) if exchange else _sample(as_of)
        except _DateError as error:
            problems[str(error)] = None
    if as_of and problems:
        raise InvalidRequestError([FieldProblem("as_of", as_of.isoformat(), reason) for reason in problems])
    return {ticker: sessions[exchange] for ticker, exchange in exchanges.items()}


def next_completion(
    tickers: Iterable[str],
    source: DataSource,
    now: datetime,
    *,
    overrides: CalendarOverrides = NO_OVERRIDES,
    delay: timedelta | None = None,
) -> datetime | None:
    """The moment after `now` (aware) from which `resolve_sessions` without a day gives another session for one of them.

    None when no exchange of theirs has a session in the next twenty days; the sample never has another one.
    """
    wait = _delay(source, delay)
    exchanges = {_exchange(source, ticker) for ticker in tickers}
    ends = [end for exchange in exchanges if exchange for end in _ends(exchange, None, now, overrides).values()]
    return min((end + wait for end in ends if end + wait > now), default=None)


def last_completed_session(
    exchange: Exchange,
    now: datetime,
    *,
    overrides: CalendarOverrides = NO_OVERRIDES,
    delay: timedelta | None = None,
) -> date:
    """The newest session of an exchange whose bar is final at `now` (aware)."""
    return _listed(exchange, None, now, now - _delay(DataSource.YAHOO, delay), overrides)


def _delay(source: DataSource, delay: timedelta | None) -> timedelta:
    """How long after its close a session's bar is final; synthetic bars are at once."""
    if source is not DataSource.YAHOO:
        return timedelta()
    return timedelta(minutes=settings().close_delay_minutes) if delay is None else delay


def _exchange(source: DataSource, ticker: str) -> Exchange | None:
    """Whose sessions count. The sample has its own, those of its file: None."""
    match source:
        case DataSource.SAMPLE:
            return None
        case DataSource.DEMO:
            return WEEKDAYS
        case DataSource.YAHOO:
            return exchange_of(ticker)
        case _:
            assert_never(source)


def _sample(as_of: date | None) -> date:
    sessions: list[date] = sample_sessions().tolist()
    if as_of is None:
        return sessions[-1]
    if not sessions[0] <= as_of <= sessions[-1]:
        raise _DateError(f"the sample has prices from {sessions[0]} to {sessions[-1]}: give a date of these")
    return max(session for session in sessions if session <= as_of)


def _listed(
    exchange: Exchange, as_of: date | None, now: datetime, latest_close: datetime, overrides: CalendarOverrides
) -> date:
    ends = _ends(exchange, as_of, now, overrides)
    completed = [session for session, end in ends.items() if end <= latest_close]
    if as_of is None:
        return completed[-1]
    # today can be asked for unless its session is not completed
    today = _today(exchange, now)
    latest = next((session - timedelta(days=1) for session in ends if session > completed[-1]), today)
    if not FIRST_DAY <= as_of <= latest:
        raise _DateError(
            f"the last completed session of {exchange.name} is {completed[-1]}: "
            f"give a date from {FIRST_DAY} to {latest}"
        )
    return max(session for session in completed if session <= as_of)


def _ends(exchange: Exchange, as_of: date | None, now: datetime, overrides: CalendarOverrides) -> dict[date, datetime]:
    """The sessions that may count at `now`, up to that day; without a day also the next ones."""
    today = _today(exchange, now)
    oldest = max(FIRST_DAY, min(as_of or today, today)) - LONGEST_CLOSURE
    return session_ends(exchange, oldest, today if as_of else today + AHEAD, overrides)


def _today(exchange: Exchange, now: datetime) -> date:
    return now.astimezone(ZoneInfo(exchange.timezone)).date()
