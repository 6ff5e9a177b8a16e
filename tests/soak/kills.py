"""Kills in turn while the load goes on."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import psutil
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

SECONDS_TO_BE_THERE = 300.0  # what an earlier kill ended is not up again yet, or no task runs at this moment

Fault = Callable[[], None]

insist = retry(
    retry=retry_if_exception_type((psutil.Error, LookupError, ValueError, AssertionError)),
    wait=wait_fixed(0.5),
    stop=stop_after_delay(SECONDS_TO_BE_THERE),
    reraise=True,
)


@dataclass(slots=True)
class Kills:
    """What can be killed, by a name, and how often each was."""

    faults: Mapping[str, Fault]
    done: Counter[str] = field(default_factory=Counter)

    def go_on(self, every: float, seconds: float) -> None:
        """Kill one after the other, every so often, for so many seconds and until each was killed at least once.

        Raises:
            Exception: what was to be killed was not there for a long time.
        """
        over = time.monotonic() + seconds
        while len(self.done) < len(self.faults) or time.monotonic() + every < over:
            time.sleep(every)
            self._kill_the_next()
        time.sleep(max(0.0, over - time.monotonic()))

    def _kill_the_next(self) -> None:
        name = list(self.faults)[self.done.total() % len(self.faults)]
        insist(self.faults[name])()
        self.done[name] += 1
