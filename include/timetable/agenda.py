"""The sessions of an exchange as a timetable asks for them: the next one, and the newest that is over.

Imported by the scheduler and the DAG processor alone, when they plan a run: calendars take a second and some 40 MB.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from include.market.calendars import session_ends
from include.market.exchanges import find_exchange
from include.model.calendar import CalendarOverrides
from include.timetable.overrides import known_overrides

LONGEST_CLOSURE = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Session:
    """One session of an exchange: its day there, and the moment when it is over (UTC)."""

    day: date
    end: datetime

    @property
    def label(self) -> datetime:
        """Midnight UTC of its day: the same form for every exchange, also where it opens the day before in UTC."""
        return datetime.combine(self.day, datetime.min.time(), UTC)


class NoSessionError(LookupError):
    """An exchange has had no session for a year, by its calendar and what operators entered."""


def first_from(exchange: str, day: date) -> Session:
    """The first session on `day` or later. There is always one: past its end a calendar has weekdays."""
    for session in _between(exchange, day, day + LONGEST_CLOSURE):
        if session.day >= day:
            return session
    raise NoSessionError(f"{exchange} has no session in the year from {day} on")


def newest_over(exchange: str, moment: datetime) -> Session:
    """The newest session that is over at `moment`."""
    day = moment.date() + timedelta(days=1)  # east of Greenwich the day begins earlier
    over = [one for one in _between(exchange, day - LONGEST_CLOSURE, day) if one.end <= moment]
    if not over:
        raise NoSessionError(f"{exchange} has had no session in the year before {moment}")
    return over[-1]


def session_on(exchange: str, day: date) -> Session | None:
    """The session of a day, None when there is none."""
    session = first_from(exchange, day)
    return session if session.day == day else None


def _between(exchange: str, first: date, last: date) -> Iterator[Session]:
    """Every session of the years from that of `first` to that of `last`, oldest first."""
    overrides = known_overrides()
    for year in range(first.year, last.year + 1):
        for day, end in _year(exchange, year, overrides).items():
            yield Session(day=day, end=end)


@lru_cache(maxsize=64)  # a backfill asks for hundreds of sessions, one by one; each calendar is 0.15 s
def _year(exchange: str, year: int, overrides: CalendarOverrides) -> Mapping[date, datetime]:
    return session_ends(find_exchange(exchange), date(year, 1, 1), date(year, 12, 31), overrides)
