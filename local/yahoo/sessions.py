"""The sessions of an exchange as the local Yahoo counts them."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from include.market.calendars import session_ends
from include.market.exchanges import Exchange
from local.yahoo.listings import ANCHOR, LONG_AGO, OPENS, USUAL_OPENING

AHEAD = timedelta(days=45)  # from the first of a month: one list a month, and tomorrow is always in it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sessions:
    """All sessions of an exchange from LONG_AGO to some days ahead, oldest first, with their beginnings and ends."""

    days: tuple[date, ...]
    begins: tuple[datetime, ...]
    ends: tuple[datetime, ...]

    def completed(self, now: datetime) -> int:
        """How many of them are over."""
        return bisect_right(self.ends, now)

    def begun(self, now: datetime) -> int:
        """How many of them have begun."""
        return bisect_right(self.begins, now)

    def period(self, today: date) -> tuple[datetime, datetime]:
        """Beginning and end of today's session; when there is none today, of the one before."""
        at = bisect_right(self.days, today) - 1
        return self.begins[at], self.ends[at]


def sessions_of(exchange: Exchange, now: datetime) -> Sessions:
    """The sessions of an exchange, up to the middle of the month after `now`."""
    return _until(exchange, max(ANCHOR, now.astimezone(UTC).date().replace(day=1) + AHEAD))


@lru_cache(maxsize=64)
def _until(exchange: Exchange, last: date) -> Sessions:
    ends = session_ends(exchange, LONG_AGO, last)
    zone, opens = ZoneInfo(exchange.timezone), OPENS.get(exchange.name, USUAL_OPENING)
    begins = tuple(datetime.combine(day, opens, zone).astimezone(UTC) for day in ends)
    return Sessions(days=tuple(ends), begins=begins, ends=tuple(ends.values()))
