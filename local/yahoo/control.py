"""The second door of the local Yahoo: plain HTTP with JSON, to read its counters and to give it orders.

GET    /                                     what it is, and whether it runs
GET    /counters      DELETE /counters       read them; begin anew
GET    /faults        DELETE /faults         those in force; clear all, or one: /faults?ticker=IBM
POST   /faults        {"fault": "rate_limited", "ticker": "IBM", "times": 4, "seconds": 10}
POST   /settings      {"latency": 0.3, "limit": 60, "now": "2026-11-20T22:00:00Z"}    null: as at the start
POST   /splits        {"ticker": "IBM", "day": "2026-11-23", "new": 2, "old": 1}
POST   /dividends     {"ticker": "IBM", "day": "2026-11-23", "amount": 0.65}
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from local.yahoo.faults import Fault
from local.yahoo.market import SampleMarket

if TYPE_CHECKING:
    from local.yahoo.server import LocalYahoo

WHAT = "the local Yahoo of Bellwether: bars of 2009 and 2010 moved to today, not real quotes"


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FaultOrder(_Order):
    """A fault to begin; without a ticker it is everybody's."""

    fault: Fault
    ticker: str | None = None
    times: int | None = Field(None, ge=1)
    seconds: float | None = Field(None, gt=0)


class SettingsOrder(_Order):
    """Settings to change: those that are named."""

    latency: float | None = Field(None, ge=0, le=60)
    limit: int | None = Field(None, ge=0)
    now: AwareDatetime | None = None


class SplitOrder(_Order):
    """A split to announce."""

    ticker: str
    day: date
    new: int = Field(ge=1)
    old: int = Field(1, ge=1)


class DividendOrder(_Order):
    """A dividend to announce."""

    ticker: str
    day: date
    amount: float = Field(gt=0)


class Control(ThreadingHTTPServer):
    """Listens for orders."""

    daemon_threads = True

    def __init__(self, yahoo: "LocalYahoo", port: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.yahoo = yahoo


class _Handler(BaseHTTPRequestHandler):
    """One request; what it asks for stands in ROUTES."""

    server: Control

    def do_GET(self) -> None:
        """Read something."""
        self._answer("GET")

    def do_POST(self) -> None:
        """Give an order."""
        self._answer("POST")

    def do_DELETE(self) -> None:
        """Clear something."""
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        route = ROUTES.get((method, url.path))
        if route is None:
            self._send(404, {"error": f"there is no {method} {url.path}", "there_is": [" ".join(r) for r in ROUTES]})
            return
        try:
            self._send(200, route(self.server.yahoo, body, dict(parse_qsl(url.query))))
        except ValidationError as error:
            self._send(400, {"error": str(error)})
        except _RefusedError as error:
            self._send(409, {"error": str(error)})

    def _send(self, status: int, answer: Mapping[str, Any]) -> None:
        body = json.dumps(answer, indent=2).encode() + b"\n"
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class _RefusedError(Exception):
    """An order that this server cannot carry out."""


def _what(yahoo: "LocalYahoo", body: bytes, query: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "what": WHAT,
        "now": yahoo.clock().isoformat(),
        "latency": yahoo.latency,
        "limit": yahoo.limit,
        "faults": yahoo.faults.in_force(),
    }


def _counters(yahoo: "LocalYahoo", body: bytes, query: Mapping[str, str]) -> Mapping[str, Any]:
    return asdict(yahoo.counters.now())


def _reset_counters(yahoo: "LocalYahoo", body: bytes, query: Mapping[str, str]) -> Mapping[str, Any]:
    yahoo.counters.reset()
    return _counters(yahoo, body, query)


def _faults(yahoo: "LocalYahoo", body: bytes, query: Mapping[str, str]) -> Mapping[str, Any]:
    return yahoo.faults.in_force()


def _order_fault(yahoo: "LocalYahoo", body: bytes, query: Mapping[str, str]) -> Mapping[str, Any]:
    order = FaultOrder.model_validate_json(body)
    yahoo.faults.put(order.fault, order.ticker, times=order.times, seconds=order.seconds)
    return yahoo.faults.in_force()


def _clear_faults(yahoo: "LocalYahoo", body: bytes, query: Mapping[str, str]) -> Mapping[str, Any]:
    yahoo.faults.clear(query.get("ticker"))
    return yahoo.faults.in_force()


def _settings(yahoo: "LocalYahoo", body: bytes, query: Mapping[str, str]) -> Mapping[str, Any]:
    order = SettingsOrder.model_validate_json(body)
    if "latency" in order.model_fields_set:
        yahoo.latency = order.latency or 0.0
    if "limit" in order.model_fields_set:
        yahoo.limit = order.limit
    if "now" in order.model_fields_set:
        yahoo.set_now(order.now)
    return _what(yahoo, body, query)


def _split(yahoo: "LocalYahoo", body: bytes, query: Mapping[str, str]) -> Mapping[str, Any]:
    order = SplitOrder.model_validate_json(body)
    _sample_market(yahoo).announce_split(order.ticker, order.day, order.new, order.old)
    return order.model_dump(mode="json")


def _dividend(yahoo: "LocalYahoo", body: bytes, query: Mapping[str, str]) -> Mapping[str, Any]:
    order = DividendOrder.model_validate_json(body)
    _sample_market(yahoo).announce_dividend(order.ticker, order.day, order.amount)
    return order.model_dump(mode="json")


def _sample_market(yahoo: "LocalYahoo") -> SampleMarket:
    if not isinstance(yahoo.market, SampleMarket):
        raise _RefusedError("the shares of this server are fixed: nothing can be announced of them")
    return yahoo.market


ROUTES: Mapping[tuple[str, str], Callable[["LocalYahoo", bytes, Mapping[str, str]], Mapping[str, Any]]] = {
    ("GET", "/"): _what,
    ("GET", "/counters"): _counters,
    ("DELETE", "/counters"): _reset_counters,
    ("GET", "/faults"): _faults,
    ("POST", "/faults"): _order_fault,
    ("DELETE", "/faults"): _clear_faults,
    ("POST", "/settings"): _settings,
    ("POST", "/splits"): _split,
    ("POST", "/dividends"): _dividend,
}
