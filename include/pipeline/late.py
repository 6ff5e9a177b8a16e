"""Bars that their source does not have yet, though the session is over: a run of the schedule waits for them."""

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from include.model.bars import Bars
from include.model.errors import ErrorCode
from include.model.prices import Delay
from include.settings import settings

LONGEST_CLOSURE = timedelta(days=10)  # a newest bar that is older is no late one: suspended, or delisted
SOONEST, LATEST = 1.0, 600.0  # seconds until the task looks again

Found = TypeVar("Found")


def late_bar(found: Found, session: date | None, until: datetime | None) -> Found | Delay:
    """What was found for a ticker; when only the bar of `session` is missing, before `until`, when to look again."""
    if not isinstance(found, Bars) or session is None or until is None:
        return found
    last, now = found.last_session, datetime.now(UTC)
    if last is None or now >= until or not timedelta() < session - last <= LONGEST_CLOSURE:
        return found
    message = f"no bar of {session} yet, the newest is of {last}: it is asked for again until {until:%H:%M} UTC"
    return Delay(found.ticker, ErrorCode.STALE_PRICES, message, _pause((until - now).total_seconds()))


def _pause(left: float) -> float:
    """Not before the cache would ask the source again, and well before the job could be taken for dead."""
    most = min(LATEST, settings().silent_job_minutes * 20, settings().recheck_minutes * 60)
    return max(SOONEST, min(most, left))
