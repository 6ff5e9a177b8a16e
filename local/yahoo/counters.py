"""How often was asked, for what, how fast and how many at once."""

import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What has been seen. `total`, `by_path` and `by_status` count every request, also those for cookies.

    All else is about chart requests: `busiest_window` is the largest number of them within any 60 s, `violations` are
    those beyond the limit. `refused_hosts` are the hosts, not Yahoo's, that somebody wanted to be led to.
    """

    total: int
    charts: int
    by_path: dict[str, int]
    by_ticker: dict[str, int]
    by_status: dict[int, int]
    busiest_window: int
    in_flight: int
    most_in_flight: int
    violations: int
    refused_hosts: dict[str, int]


class Counters:
    """Counts from many threads. `window_seconds` is the length of the sliding window."""

    def __init__(self, window_seconds: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock, self._lock = window_seconds, clock, threading.Lock()
        self._in_flight = 0
        self.reset()

    def reset(self) -> None:
        """Begin anew; what is in flight stays so."""
        with self._lock:
            self._paths, self._tickers, self._hosts = Counter[str](), Counter[str](), Counter[str]()
            self._statuses = Counter[int]()
            self._arrived, self._admitted = deque[float](), deque[float]()
            self._busiest = self._violations = 0
            self._most_in_flight = self._in_flight

    def note_path(self, path: str) -> None:
        """Count a request of any kind."""
        with self._lock:
            self._paths[path] += 1

    def note_status(self, status: int) -> None:
        """Count an answer of any kind by its status."""
        with self._lock:
            self._statuses[status] += 1

    def note_refused(self, host: str) -> None:
        """Count an attempt to go elsewhere than to Yahoo."""
        with self._lock:
            self._hosts[host] += 1

    @contextmanager
    def answering(self, ticker: str) -> Iterator[None]:
        """Count a chart request, and that it is in flight during the block."""
        with self._lock:
            self._tickers[ticker] += 1
            self._busiest = max(self._busiest, self._slide(self._arrived, arrives=True))
            self._in_flight += 1
            self._most_in_flight = max(self._most_in_flight, self._in_flight)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight -= 1

    def admit(self, limit: int | None) -> bool:
        """Whether one more chart request may be answered now; one that may not is a violation, and fills no window."""
        with self._lock:
            if limit is not None and self._slide(self._admitted) >= limit:
                self._violations += 1
                return False
            self._slide(self._admitted, arrives=True)
            return True

    def _slide(self, window: deque[float], *, arrives: bool = False) -> int:
        """How many are within the window that ends now."""
        now = self._clock()
        if arrives:
            window.append(now)
        while window and window[0] <= now - self._seconds:
            window.popleft()
        return len(window)

    def now(self) -> Counts:
        """What has been seen so far."""
        with self._lock:
            return Counts(
                total=self._paths.total(),
                charts=self._tickers.total(),
                by_path=dict(self._paths),
                by_ticker=dict(self._tickers),
                by_status=dict(self._statuses),
                busiest_window=self._busiest,
                in_flight=self._in_flight,
                most_in_flight=self._most_in_flight,
                violations=self._violations,
                refused_hosts=dict(self._hosts),
            )
