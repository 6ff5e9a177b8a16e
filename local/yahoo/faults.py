"""What goes wrong, for whom, and for how long."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Fault(StrEnum):
    """What can go wrong with one ticker, or with all of them."""

    NOT_FOUND = "not_found"  # 404, as for an unknown or delisted symbol
    RATE_LIMITED = "rate_limited"  # 429
    BAD_GATEWAY = "bad_gateway"  # 502 with a page for people
    ERROR_IN_JSON = "error_in_json"  # 500 with a reason in JSON
    AWAY = "away"  # the connection is closed without an answer
    HANG = "hang"  # no answer until the server is closed
    CUT = "cut"  # half an answer, then the connection is closed
    BROKEN_JSON = "broken_json"  # 200 with half a document
    WRONG_TYPE = "wrong_type"  # 200 with a page for people
    EMPTY = "empty"  # 200 with an empty result
    NO_ROWS = "no_rows"  # 200 with a description of the share and no rows
    NULL_ROWS = "null_rows"  # every row is there, and every value in it null
    HALF_ROW = "half_row"  # the last row has a volume and no close
    LATE_BAR = "late_bar"  # the last row is not there yet

    @property
    def is_of_rows(self) -> bool:
        """Whether the answer is sound but for its rows."""
        return self in (Fault.NULL_ROWS, Fault.HALF_ROW, Fault.LATE_BAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A fault that was ordered. `times` and `until` (monotonic seconds) end it; None: it stays until it is cleared."""

    fault: Fault
    times: int | None = None
    until: float | None = None


class Faults:
    """The faults in force, by ticker; under the key None for everything that is asked, cookies too."""

    def __init__(self, faults: Mapping[str, Fault] | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._orders: dict[str | None, Order] = {ticker: Order(fault=fault) for ticker, fault in (faults or {}).items()}
        self._clock = clock
        self._lock = threading.Lock()

    def put(
        self, fault: Fault, ticker: str | None = None, *, times: int | None = None, seconds: float | None = None
    ) -> None:
        """Let a fault happen to one ticker, or without one to everything; for so many chart requests, or so long.

        The real client asks twice when it is answered 400 and above, so that it uses up two `times`.
        """
        until = None if seconds is None else self._clock() + seconds
        with self._lock:
            self._orders[ticker] = Order(fault=fault, times=times, until=until)

    def clear(self, ticker: str | None = None) -> None:
        """End the fault of one ticker; without one, end them all."""
        with self._lock:
            if ticker is None:
                self._orders.clear()
            else:
                self._orders.pop(ticker, None)

    def of_everything(self) -> Fault | None:
        """The fault that everything has now; asking for it does not use it up."""
        with self._lock:
            return self._in_force(None)

    def next(self, ticker: str) -> Fault | None:
        """The fault of the next chart request for a ticker, everybody's before its own; uses one of its `times`."""
        with self._lock:
            for key in (None, ticker):
                fault = self._in_force(key)
                if fault is not None:
                    self._use(key)
                    return fault
        return None

    def in_force(self) -> dict[str, Fault]:
        """All faults by ticker, that of everything under `*`."""
        with self._lock:
            found = {key: self._in_force(key) for key in list(self._orders)}
        return {"*" if key is None else key: fault for key, fault in found.items() if fault is not None}

    def _in_force(self, key: str | None) -> Fault | None:
        order = self._orders.get(key)
        if order is None:
            return None
        if order.times == 0 or (order.until is not None and self._clock() >= order.until):
            del self._orders[key]
            return None
        return order.fault

    def _use(self, key: str | None) -> None:
        order = self._orders[key]
        if order.times is not None:
            self._orders[key] = replace(order, times=order.times - 1)
