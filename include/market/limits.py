"""The pace that all processes on all hosts keep together: one row of the database, and its clock."""

import random
import threading
import time
from datetime import UTC

from include.market.pace import GivenUpError, NotNowError, spacing
from include.model.bars import DataSource
from include.model.errors import ErrorCode
from include.model.operating import SourceStanding
from include.model.viewer import Viewer
from include.settings import Settings
from include.storage.connection import Connection
from include.storage.database import Database
from include.storage.limits import Pauses, Rate, SourceState, add_source, source_state, take_turn
from include.storage.operating import source_standing

MOST_FAILURES = 6
LONGEST_PAUSE = 900.0
HORIZON = 2.0
"""A request is counted at most so many seconds before it leaves, so that nobody who is killed holds up the others."""

LOOK_EVERY = 1.0
TIMEOUTS_OF_A_PROBE = 2


def pauses(settings: Settings) -> Pauses:
    """When everybody pauses, and for how long."""
    return Pauses(most_failures=MOST_FAILURES, first=settings.pause_seconds, longest=LONGEST_PAUSE)


class SharedPace:
    """The pace of one fetcher, among all others. `database` is its own: its threads wait for it alone."""

    def __init__(self, database: Database, source: DataSource, settings: Settings, holder: str) -> None:
        between, burst = spacing(settings.requests_per_minute)
        self._rate = Rate(between=between, burst=burst)
        self._database, self._source, self._settings, self._holder = database, source, settings, holder
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._deadline = time.monotonic() + settings.fetch_wait_seconds
        database.run(lambda connection: add_source(connection, source))

    def stop(self) -> None:
        """Let no request leave any more, and wake up those who wait."""
        self._over.set()

    def turn(self) -> None:
        """Return when a request may leave, and count it; see Pace."""
        while not self._over.is_set():
            state, seconds = self._try()
            if seconds is not None:
                time.sleep(seconds)
                return
            self._wait(state)
        raise NotNowError(ErrorCode.INTERRUPTED, "its task is over", 0.0)

    def _try(self) -> tuple[SourceState | None, float | None]:
        """The seconds until the next request, when that is soon; else how the source is."""
        holder = f"{self._holder}/{threading.get_ident()}"
        probe = TIMEOUTS_OF_A_PROBE * self._settings.fetch_timeout_seconds
        with self._lock:
            seconds = self._database.run(
                lambda connection: take_turn(connection, self._source, self._rate, holder, HORIZON, probe)
            )
            if seconds is not None:
                return None, seconds
            return self._database.run(lambda connection: source_state(connection, self._source)), None

    def _wait(self, state: SourceState | None) -> None:
        """Wait for a moment, unless the turn is too far off for this task."""
        left = self._deadline - time.monotonic()
        seconds = LOOK_EVERY
        if state is not None and state.paused_seconds:
            self._check_pause(state, left)
            seconds = state.paused_seconds
        elif state is not None:
            seconds = max(0.01, state.due_seconds - self._rate.burst - HORIZON)
        if left <= 0:
            raise NotNowError(ErrorCode.RATE_LIMITED, self._waits(), seconds)
        self._over.wait(min(seconds, LOOK_EVERY) * random.uniform(1, 1.2))  # noqa: S311 - so that not all look at once

    def _check_pause(self, state: SourceState, left: float) -> None:
        """Wait for nobody who has been away for too long, and in this task for no pause that is longer than it."""
        paused, code = state.paused_seconds, state.paused_code or ErrorCode.SOURCE_UNAVAILABLE
        if state.probed:
            return
        if state.failing_since is not None and (state.failing_seconds or 0) > 60 * self._settings.away_minutes:
            since = f"{state.failing_since.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
            raise GivenUpError(code, f"no usable answer since {since}, nobody waits any more: {state.paused_message}")
        if paused > left:
            raise NotNowError(code, f"a pause of {paused:.0f} more seconds: {state.paused_message}", paused)

    def _waits(self) -> str:
        return f"waits for its turn: {self._source} gets {self._settings.requests_per_minute} requests a minute in all"


def standing(connection: Connection, viewer: Viewer, source: DataSource, settings: Settings) -> SourceStanding | None:
    """How a source stands for all processes together, None when nobody has asked it yet."""
    per_minute = settings.requests_per_minute
    between, burst = spacing(per_minute)
    rate = Rate(between=between, burst=burst)
    return source_standing(connection, viewer, source, per_minute, rate, 60 * settings.away_minutes)
