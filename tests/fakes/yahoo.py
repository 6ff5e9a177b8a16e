"""A Yahoo Finance on this machine, for the real client.

It is a forward proxy on 127.0.0.1 that ends TLS itself, with an authority made for the occasion. Nothing in the client
is patched: the environment `FakeYahoo.environment` alone sends it here, and has to be set before curl_cffi is imported,
so the client runs in a process of its own.

    with FakeYahoo({"AAPL": Stock(rows=weekday_rows(...)), "GONE": Fault.NOT_FOUND}, folder) as yahoo:
        subprocess.run([...], env=yahoo.environment)
"""

import json
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from tests.fakes.authority import write_authority

CHART = "/v8/finance/chart/"
UNKNOWN = {"code": "Not Found", "description": "No data found, symbol may be delisted"}


class Fault(StrEnum):
    """What can go wrong with one ticker."""

    NOT_FOUND = "404, as for an unknown or delisted symbol"
    RATE_LIMITED = "429"
    BAD_GATEWAY = "502 with a page for people"
    ERROR_IN_JSON = "500 with a reason in JSON"
    HANG = "no answer until the server is closed"
    CUT = "half an answer, then the connection is closed"
    BROKEN_JSON = "200 with half a document"
    EMPTY = "200 with an empty result"
    NO_ROWS = "200 with a description of the share and no rows"


@dataclass(frozen=True, slots=True)
class Row:
    """One daily bar as Yahoo sends it: adjusted for splits, not for dividends. None stands for null."""

    day: date
    open: float | None
    high: float | None
    low: float | None
    close: float | None
    volume: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """A share and its history. `period` is the current session (start, end), which Yahoo tells with each answer."""

    rows: tuple[Row, ...]
    currency: str = "USD"
    timezone: str = "America/New_York"
    period: tuple[datetime, datetime] | None = None
    dividends: Mapping[date, float] = field(default_factory=dict)
    splits: Mapping[date, tuple[int, int]] = field(default_factory=dict)

    def epoch(self, day: date) -> int:
        """When the session of that day opens."""
        return int(datetime.combine(day, time(9, 30), ZoneInfo(self.timezone)).timestamp())


def chart(ticker: str, stock: Stock, since: int) -> dict[str, Any]:
    """The document that Yahoo answers with."""
    rows = [row for row in stock.rows if stock.epoch(row.day) >= since]
    quote = {name: [getattr(row, name) for row in rows] for name in ("open", "high", "low", "close", "volume")}
    return {
        "meta": _meta(ticker, stock),
        "timestamp": [stock.epoch(row.day) for row in rows],
        "events": _events(stock),
        "indicators": {"quote": [quote], "adjclose": [{"adjclose": [_adjusted(stock, row) for row in rows]}]},
    }


def _meta(ticker: str, stock: Stock) -> dict[str, Any]:
    meta = {
        "currency": stock.currency,
        "symbol": ticker,
        "exchangeName": "NMS",
        "instrumentType": "EQUITY",
        "exchangeTimezoneName": stock.timezone,
        "gmtoffset": 0,
        "regularMarketPrice": stock.rows[-1].close,
        "dataGranularity": "1d",
        "range": "",
        "validRanges": ["1d", "5d", "1mo", "1y", "5y", "max"],
    }
    if stock.period:
        start, end = (int(moment.timestamp()) for moment in stock.period)
        part = {"timezone": "EST", "start": start, "end": end, "gmtoffset": 0}
        meta["currentTradingPeriod"] = {"pre": dict(part), "regular": dict(part), "post": dict(part)}
    return meta


def _events(stock: Stock) -> dict[str, Any]:
    dividends = {stock.epoch(day): amount for day, amount in stock.dividends.items()}
    splits = {stock.epoch(day): ratio for day, ratio in stock.splits.items()}
    return {
        "dividends": {str(when): {"amount": amount, "date": when} for when, amount in dividends.items()},
        "splits": {
            str(when): {"date": when, "numerator": new, "denominator": old, "splitRatio": f"{new}:{old}"}
            for when, (new, old) in splits.items()
        },
    }


def _adjusted(stock: Stock, row: Row) -> float | None:
    """The close less what dividends took out of the price since: factor 1 - dividend / close before it."""
    if row.close is None:
        return None
    price = row.close
    for day, amount in stock.dividends.items():
        if row.day < day:
            before = max((other for other in stock.rows if other.day < day), key=lambda other: other.day)
            price *= 1 - amount / (before.close or 1)
    return price


class _Handler(BaseHTTPRequestHandler):
    """One connection: CONNECT, then TLS, then requests as if this were every host of Yahoo's."""

    protocol_version = "HTTP/1.1"
    server: "FakeYahoo"
    timeout = 30

    def do_CONNECT(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb", buffering=0)
        self.close_connection = False

    def finish(self) -> None:
        super().finish()
        self.connection.close()  # the server closes only what was there before TLS

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if self.server.mute:
            self._fail(Fault.HANG, "")
        elif url.path.startswith(CHART):
            self._chart(unquote(url.path.removeprefix(CHART)), parse_qs(url.query))
        elif url.path == "/v1/test/getcrumb":
            self._send(200, "crumb")
        else:  # the cookie, the consent page, and what yfinance asks about unknown symbols
            self._send(404, "", {"Set-Cookie": "A3=cookie; Domain=.yahoo.com; Path=/; Max-Age=31536000"})

    def _chart(self, ticker: str, query: dict[str, list[str]]) -> None:
        self.server.note(ticker)
        answer = self.server.stocks.get(ticker, Fault.NOT_FOUND)
        if isinstance(answer, Stock):
            since = int(query.get("period1", ["0"])[0])
            self._send_json(200, [chart(ticker, answer, since)], None)
        else:
            self._fail(answer, ticker)

    def _fail(self, fault: Fault, ticker: str) -> None:
        match fault:
            case Fault.NOT_FOUND:
                self._send_json(404, None, UNKNOWN)
            case Fault.RATE_LIMITED:
                self._send(429, "Too Many Requests\r\n")
            case Fault.BAD_GATEWAY:
                self._send(502, "<html><body>Bad Gateway</body></html>")
            case Fault.ERROR_IN_JSON:
                self._send_json(500, None, {"code": "Internal Server Error", "description": "Something broke"})
            case Fault.HANG:
                self.server.closing.wait(60)
                self.close_connection = True
            case Fault.CUT:
                self._send(200, '{"chart":', {"Content-Length": "5000"})
                self.close_connection = True
            case Fault.BROKEN_JSON:
                self._send(200, '{"chart":{"result":[{"meta"')
            case Fault.EMPTY:
                self._send_json(200, [], None)
            case Fault.NO_ROWS:
                meta = _meta(ticker, Stock(rows=(Row(date(2024, 1, 2), 1, 1, 1, 1, 1),)))
                self._send_json(200, [{"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}], None)

    def _send_json(self, status: int, result: list[Any] | None, error: dict[str, str] | None) -> None:
        self._send(status, json.dumps({"chart": {"result": result, "error": error}}))

    def _send(self, status: int, body: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body.encode()))} | dict(headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the tests look at `FakeYahoo.asked`."""


class FakeYahoo(ThreadingHTTPServer):
    """Answers for `stocks`, each with its history or its fault; every other symbol is unknown.

    `asked` counts the chart requests of each ticker. `folder` is where the certificates are written. A `mute` server
    takes every connection, also those for cookies, and never answers.
    """

    daemon_threads = False  # closing waits for every connection to end

    def __init__(self, stocks: Mapping[str, Stock | Fault], folder: Path, *, mute: bool = False) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stocks = stocks
        self.mute = mute
        self.asked: dict[str, int] = {}
        self.closing = threading.Event()
        self._lock = threading.Lock()
        self._authority, certificate = write_authority(folder, ["*.yahoo.com", "*.finance.yahoo.com"])
        self.tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.tls.load_cert_chain(certificate)

    @property
    def environment(self) -> dict[str, str]:
        """What sends the real client here."""
        authority = str(self._authority)
        return {
            "HTTPS_PROXY": f"http://127.0.0.1:{self.server_port}",
            "NO_PROXY": "",
            "no_proxy": "",
            "CURL_CA_BUNDLE": authority,
            "REQUESTS_CA_BUNDLE": authority,
            "SSL_CERT_FILE": authority,
        }

    def note(self, ticker: str) -> None:
        """Count a request."""
        with self._lock:
            self.asked[ticker] = self.asked.get(ticker, 0) + 1

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that give up on a hanging answer are no error here."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self.shutdown()
        self.server_close()
