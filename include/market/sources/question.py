"""What a source is asked for one ticker."""

from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

FEWEST_SESSIONS_A_YEAR = 240
SOME_CLOSURES = 30  # days


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """All completed bars of a ticker from `since` on; `timezone` is the exchange's, where it is known."""

    ticker: str
    since: date
    timezone: str | None = None


def reach(session: date, bars: int) -> date:
    """A day from which on any exchange has had `bars` sessions up to `session`."""
    return session - timedelta(days=SOME_CLOSURES + ceil(bars * 365 / FEWEST_SESSIONS_A_YEAR))
