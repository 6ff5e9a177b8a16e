"""One connection to the local Yahoo, and what is answered there."""

from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from local.yahoo.answers import UNKNOWN, answer, document
from local.yahoo.faults import Fault
from local.yahoo.stock import Stock
from local.yahoo.window import UnanswerableError, Window, window

if TYPE_CHECKING:
    from local.yahoo.server import LocalYahoo, Proxy

CHART = "/v8/finance/chart/"
CRUMB = "/v1/test/getcrumb"
FAULT_HEADER = "X-Fault"  # a request that names a fault there gets it
HOSTS = ("*.yahoo.com", "*.finance.yahoo.com")
COOKIE = "A3=cookie; Domain=.yahoo.com; Path=/; Max-Age=31536000"
LONGEST_HANG_SECONDS = 300.0
PAGE = b"<html><body>Bad Gateway</body></html>"
JSON, HTML, TEXT = "application/json;charset=utf-8", "text/html", "text/plain"


class Handler(BaseHTTPRequestHandler):
    """CONNECT, then TLS, then requests as if this were every host of Yahoo's."""

    protocol_version = "HTTP/1.1"
    server: "Proxy"
    timeout = 60
    wbufsize = -1  # head and body of an answer go in one piece; two would wait for each other
    disable_nagle_algorithm = True

    @property
    def yahoo(self) -> "LocalYahoo":
        """Whose answers these are."""
        return self.server.yahoo

    def do_CONNECT(self) -> None:
        """Take the connection for one to Yahoo; nobody is led anywhere else."""
        host = self.path.rpartition(":")[0]
        if self.yahoo.faults.of_everything() is Fault.AWAY:
            self.close_connection = True
        elif not host.endswith(".yahoo.com"):
            self.yahoo.counters.note_refused(host)
            self._send(403, f"the local Yahoo leads to Yahoo alone, not to {host}\n".encode(), TEXT)
            self.close_connection = True
        else:
            self._begin_tls()

    def _begin_tls(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.flush()
        self.connection = self.server.keep(self.server.tls.wrap_socket(self.connection, server_side=True))
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        self.close_connection = False

    def setup(self) -> None:
        """Begin a connection."""
        super().setup()
        self.server.keep(self.connection)

    def finish(self) -> None:
        """End it. The server itself closes only what was there before TLS."""
        super().finish()
        self.connection.close()

    def do_GET(self) -> None:
        """Answer as Yahoo, or as the fault in force says."""
        url = urlsplit(self.path)
        is_chart = url.path.startswith(CHART)
        self.yahoo.counters.note_path(CHART if is_chart else url.path)
        if is_chart:
            ticker = unquote(url.path.removeprefix(CHART))
            with self.yahoo.counters.answering(ticker):
                self.yahoo.delay()
                self._chart(ticker, dict(parse_qsl(url.query)))
        else:
            self.yahoo.delay()
            self._other(url.path)

    def do_POST(self) -> None:
        """Answer to the consent page."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.do_GET()

    def _other(self, path: str) -> None:
        """The crumb; else the cookie, the consent page, and what yfinance asks about unknown symbols."""
        fault = self.yahoo.faults.of_everything()
        if fault is not None:
            self._fail(fault)
        elif path == CRUMB:
            self._send(200, b"crumb", TEXT)
        else:
            self._send(404, b"", TEXT, {"Set-Cookie": COOKIE})

    def _chart(self, ticker: str, query: Mapping[str, str]) -> None:
        ordered = self.headers.get(FAULT_HEADER)
        fault = Fault(ordered) if ordered in set(Fault) else self.yahoo.faults.next(ticker)
        if (fault is None or fault.is_of_rows) and not self.yahoo.counters.admit(self.yahoo.limit):
            fault = Fault.RATE_LIMITED
        stock = self.yahoo.stock(ticker, fault)
        if fault is not None and not fault.is_of_rows:
            self._fail(fault, ticker, stock)
        elif stock is None:
            self._fail(Fault.NOT_FOUND)
        else:
            self._rows(ticker, stock, query)

    def _rows(self, ticker: str, stock: Stock, query: Mapping[str, str]) -> None:
        try:
            asked = window(stock, query)
        except UnanswerableError as error:
            reason = {"code": error.code, "description": str(error)}
            self._send(error.status, document(None, reason))
        else:
            self._send(200, answer(ticker, stock, asked, frozenset(query.get("events", "").split(","))))

    def _fail(self, fault: Fault, ticker: str = "", stock: Stock | None = None) -> None:
        match fault:
            case Fault.NOT_FOUND:
                self._send(404, document(None, UNKNOWN))
            case Fault.RATE_LIMITED:
                self._send(429, b"Too Many Requests\r\n", TEXT)
            case Fault.BAD_GATEWAY:
                self._send(502, PAGE, HTML)
            case Fault.ERROR_IN_JSON:
                self._send(500, document(None, {"code": "Internal Server Error", "description": "Something broke"}))
            case Fault.WRONG_TYPE:
                self._send(200, PAGE, HTML)
            case Fault.BROKEN_JSON:
                self._send(200, b'{"chart":{"result":[{"meta"')
            case Fault.EMPTY:
                self._send(200, document([]))
            case Fault.NO_ROWS:
                self._send(200, answer(ticker, stock or Stock(rows=()), Window(0, 0), frozenset()))
            case _:
                self._drop(fault)

    def _drop(self, fault: Fault) -> None:
        """End the connection without a whole answer."""
        if fault is Fault.HANG:
            self.yahoo.closing.wait(LONGEST_HANG_SECONDS)
        elif fault is Fault.CUT:
            self._send(200, b'{"chart":', headers={"Content-Length": "5000"})
        self.close_connection = True

    def _send(self, status: int, body: bytes, kind: str = JSON, headers: Mapping[str, str] | None = None) -> None:
        self.yahoo.counters.note_status(status)
        self.send_response(status)
        fixed = {"Content-Type": kind, "Content-Length": str(len(body))}
        for name, value in {**fixed, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the counters tell it."""
