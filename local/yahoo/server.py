"""The local Yahoo, to be used in tests and as a process of `make run SOURCE=yahoo-local`.

The real client finds it by its environment alone, which has to be set before curl_cffi is imported: so the client is a
process of its own.

    with LocalYahoo(folder, faults={"GONE": Fault.NOT_FOUND}) as yahoo:
        subprocess.run([...], env=os.environ | yahoo.environment)
        yahoo.counters.now().by_ticker["IBM"]               # how often was it asked for
        yahoo.faults.put(Fault.RATE_LIMITED, "IBM", times=4)  # or seconds=2; without a ticker: everything
        yahoo.faults.clear()
        yahoo.latency, yahoo.limit = 0.3, 60                # seconds an answer; chart requests a minute
        yahoo.market.announce_split("IBM", day, new=2)      # the history changes when that session begins
        yahoo.set_now(some_evening)                         # what the server takes for now

`market` is `SampleMarket()` unless told otherwise; `FixedMarket({"ABC": Stock(rows=...)})` has a test's own rows. The
same can be done over plain HTTP at `control_url`, see control.py.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from weakref import WeakSet

from include.market.sources import utc_now
from local.yahoo.authority import write_authority
from local.yahoo.control import Control
from local.yahoo.counters import Counters
from local.yahoo.environment import environment
from local.yahoo.faults import Fault, Faults
from local.yahoo.handler import HOSTS, Handler
from local.yahoo.market import Market, SampleMarket
from local.yahoo.stock import Row, Stock

Connection = TypeVar("Connection", bound=socket.socket)


class Proxy(ThreadingHTTPServer):
    """The listening socket, and the connections that are open; a thread for each."""

    daemon_threads = False  # closing waits for every connection to end
    request_queue_size = 256

    def __init__(self, yahoo: "LocalYahoo", port: int, certificate: Path) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.yahoo = yahoo
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(certificate)
        self._open = WeakSet[socket.socket]()

    def keep(self, connection: Connection) -> Connection:
        """Remember a connection, to end it with the server."""
        self._open.add(connection)
        return connection

    def end_connections(self) -> None:
        """Wake up the threads that wait for a client's next request."""
        for connection in list(self._open):
            try:
                socket.socket.shutdown(connection, socket.SHUT_RDWR)  # not TLS's own: its thread still reads there
            except OSError:
                continue  # it has ended

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that give up on a hanging answer are no error here."""


class LocalYahoo:
    """A Yahoo on this machine; see the top of this file. `folder` is where its certificates are written."""

    def __init__(
        self,
        folder: Path,
        *,
        market: Market | None = None,
        faults: Mapping[str, Fault] | None = None,
        latency: float = 0.0,
        limit: int | None = None,
        window_seconds: float = 60.0,
        port: int = 0,
        control_port: int = 0,
    ) -> None:
        self.market = market or SampleMarket()
        self.faults, self.counters = Faults(faults), Counters(window_seconds)
        self.latency, self.limit = latency, limit
        self.clock: Callable[[], datetime] = utc_now
        self.closing, self._building = threading.Event(), threading.Lock()
        self._folder = folder
        self._proxy = Proxy(self, port, write_authority(folder, HOSTS)[1])
        self._control = Control(self, control_port)

    @property
    def environment(self) -> dict[str, str]:
        """What sends the real client here."""
        return environment(self._folder, self._proxy.server_port)

    @property
    def control_url(self) -> str:
        """Where counters are read and faults are ordered over plain HTTP."""
        return f"http://127.0.0.1:{self._control.server_port}"

    def stock(self, ticker: str, fault: Fault | None = None) -> Stock | None:
        """A share as it is told about now, with a fault in its rows."""
        # One at a time: else the first requests, which come together, all read the sample and make the calendars.
        with self._building:
            stock = self.market.stock(ticker, self.clock())
            return stock if stock is None or fault is None or not fault.is_of_rows else _with_fault(stock, fault)

    def set_now(self, now: datetime | None) -> None:
        """Take a moment for now, and let it stand; None: as the clock of this machine has it."""
        self.clock = utc_now if now is None else (lambda: now)

    def delay(self) -> None:
        """Let an answer take the time that the network would."""
        if self.latency:
            self.closing.wait(self.latency)

    def __enter__(self) -> Self:
        for server in (self._proxy, self._control):
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        for server in (self._control, self._proxy):
            server.shutdown()
        self._proxy.end_connections()
        for server in (self._control, self._proxy):
            server.server_close()


@lru_cache(maxsize=256)
def _with_fault(stock: Stock, fault: Fault) -> Stock:
    if not stock.rows:
        return stock
    *before, last = stock.rows
    match fault:
        case Fault.NULL_ROWS:
            rows = [Row(row.day, None, None, None, None, None) for row in stock.rows]
        case Fault.HALF_ROW:
            rows = [*before, replace(last, close=None)]
        case _:
            rows = before
    return replace(stock, rows=tuple(rows))
