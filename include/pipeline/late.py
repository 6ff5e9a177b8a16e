"""Bars that their source does not have yet, though the session is over: a run of the schedule waits for them."""

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar

from include.model.bars import Bars
from include.model.errors import ErrorCode, Refusal
from include.model.prices import Delay
from include.settings import settings

LONGEST_CLOSURE = timedelta(days=10)  # a newest bar that is older is no late one: suspended, or delisted
DAY = timedelta(days=1)
SOONEST, LATEST = 1.0, 600.0  # seconds until the task looks again

Found = TypeVar("Found")


def late_bar(found: Found, session: date | None, until: datetime | None) -> Found | Delay | Refusal:
    """What was found for a ticker; when only the bar of `session` is missing, when to look again, `until` that is over.

    For a day after that it is said that it did not come; a bar that is missing for longer is not late.
    """
    if not isinstance(found, Bars) or session is None or until is None:
        return found
    last, now = found.last_session, datetime.now(UTC)
    if last is None or now >= until + DAY or not timedelta() < session - last <= LONGEST_CLOSURE:
        return found
    if now >= until:
        message = f"no bar of {session} had come by {until:%H:%M} UTC, the newest is of {last}"
        return Refusal(found.ticker, ErrorCode.STALE_PRICES, message)
    message = f"no bar of {session} yet, the newest is of {last}: it is asked for again until {until:%H:%M} UTC"
    return Delay(found.ticker, ErrorCode.STALE_PRICES, message, _pause((until - now).total_seconds()))


def _pause(left: float) -> float:
    """Not before the cache would ask the source again, and well before the job could be taken for dead."""
    most = min(LATEST, settings().silent_job_minutes * 20, settings().recheck_minutes * 60)
    return max(SOONEST, min(most, left))
