"""When the next request may leave, and the two reasons why it may not."""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from include.model.errors import ErrorCode

MARGIN = 0.95
"""The share of the allowed rate that is used: requests that leave evenly do not arrive so."""


class NotNowError(Exception):
    """No request may leave for a while: others have their turn, or the source has a pause. Ask again in `seconds`."""

    def __init__(self, code: ErrorCode, message: str, seconds: float) -> None:
        self.code, self.seconds = code, seconds
        super().__init__(message)


class GivenUpError(Exception):
    """The source has been away for so long that nobody waits for it any more."""

    def __init__(self, code: ErrorCode, message: str) -> None:
        self.code = code
        super().__init__(message)


class Pace(Protocol):
    """The rate at which a source may be asked. Threads share it."""

    def turn(self) -> None:
        """Return when a request may leave, and count it.

        Raises NotNowError or GivenUpError when that will not be soon, or never.
        """


def spacing(per_minute: int) -> tuple[float, float]:
    """Seconds between requests, and how many seconds of them may leave at once after a rest.

    In no minute leave more than `per_minute`, with some seconds to spare for those that arrive late.
    """
    burst = max(1, min(per_minute // 12, 10))
    between = 60 / max(per_minute * MARGIN - burst + 1, per_minute / 2)
    return between, (burst - 1) * between


class LocalPace:
    """A pace for one process alone, as a look from the terminal has it."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._between, self._burst = spacing(per_minute)
        self._clock = clock
        self._due = clock()
        self._lock = threading.Lock()

    def turn(self) -> None:
        """Sleep until the next request may leave."""
        with self._lock:
            now = self._clock()
            due = max(self._due, now)
            self._due = due + self._between
        time.sleep(max(0.0, due - self._burst - now))
