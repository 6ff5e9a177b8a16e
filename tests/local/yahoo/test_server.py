"""The server over TLS: each fault on the wire, the limit, the counters, and the second door."""

import json
import socket
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from local.yahoo.faults import Fault
from local.yahoo.server import LocalYahoo
from local.yahoo.stock import Stock
from tests.local.yahoo.asking import CHART, chart, http

FRIDAY_NIGHT = datetime(2026, 11, 20, 22, tzinfo=UTC)


@pytest.fixture
def yahoo(tmp_path: Path) -> Iterator[LocalYahoo]:
    with LocalYahoo(tmp_path / "yahoo") as running:
        running.set_now(FRIDAY_NIGHT)
        yield running


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        (Fault.NOT_FOUND, 404, "No data found, symbol may be delisted"),
        (Fault.RATE_LIMITED, 429, "Too Many Requests"),
        (Fault.BAD_GATEWAY, 502, "<html>"),
        (Fault.ERROR_IN_JSON, 500, "Something broke"),
        (Fault.WRONG_TYPE, 200, "<html>"),
        (Fault.EMPTY, 200, '{"chart":{"result":[],"error":null}}'),
    ],
)
def test_a_fault_is_that_of_its_ticker_until_it_is_cleared(
    yahoo: LocalYahoo, fault: Fault, status: int, body: str
) -> None:
    yahoo.faults.put(fault, "IBM")
    with http(yahoo) as client:
        for _ in range(2):
            answer = client.get(CHART + "IBM")
            assert (answer.status_code, body in answer.text) == (status, True)
        assert chart(client, "KO")["meta"]["symbol"] == "KO"
        yahoo.faults.clear("IBM")
        assert chart(client, "IBM")["meta"]["symbol"] == "IBM"


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.AWAY])
def test_a_connection_that_breaks_off_is_an_error_of_transport(yahoo: LocalYahoo, fault: Fault) -> None:
    yahoo.faults.put(fault, "IBM", times=1)
    with http(yahoo) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get(CHART + "IBM")
        assert client.get(CHART + "IBM").is_success


def test_broken_json_cannot_be_read(yahoo: LocalYahoo) -> None:
    yahoo.faults.put(Fault.BROKEN_JSON, "IBM")
    with http(yahoo) as client, pytest.raises(json.JSONDecodeError):
        client.get(CHART + "IBM").json()


def test_what_hangs_answers_nothing_and_does_not_hold_up_the_end(yahoo: LocalYahoo) -> None:
    yahoo.faults.put(Fault.HANG, "IBM")
    with http(yahoo, timeout=0.2) as client:
        with pytest.raises(httpx.TimeoutException):
            client.get(CHART + "IBM")
        assert client.get(CHART + "KO", timeout=30).is_success


def test_faults_of_the_rows(yahoo: LocalYahoo) -> None:
    def last(ticker: str) -> tuple[int, float | None, int | None]:
        found = chart(client, ticker, range="5d")
        quote = found["indicators"]["quote"][0]
        return found["timestamp"][-1], quote["close"][-1], quote["volume"][-1]

    with http(yahoo) as client:
        when, close, volume = last("IBM")
        yahoo.faults.put(Fault.HALF_ROW, "IBM")
        assert last("IBM") == (when, None, volume)
        yahoo.faults.put(Fault.NULL_ROWS, "IBM")
        assert last("IBM") == (when, None, None)
        yahoo.faults.put(Fault.LATE_BAR, "IBM", times=1)
        assert last("IBM")[0] < when
        assert last("IBM") == (when, close, volume)
        yahoo.faults.put(Fault.NO_ROWS, "IBM")
        assert "timestamp" not in chart(client, "IBM")


def test_a_header_can_order_a_fault_for_its_request_alone(yahoo: LocalYahoo) -> None:
    with http(yahoo) as client:
        assert client.get(CHART + "IBM", headers={"X-Fault": "rate_limited"}).status_code == 429
        assert client.get(CHART + "IBM").status_code == 200


def test_everything_limited_is_also_the_crumb(yahoo: LocalYahoo) -> None:
    yahoo.faults.put(Fault.RATE_LIMITED)
    with http(yahoo) as client:
        asked = [
            client.get(url).status_code for url in (CHART + "IBM", "https://query1.finance.yahoo.com/v1/test/getcrumb")
        ]
    assert asked == [429, 429]


def test_a_yahoo_that_is_away_takes_no_connection(yahoo: LocalYahoo) -> None:
    yahoo.faults.put(Fault.AWAY)
    with http(yahoo) as client, pytest.raises(httpx.TransportError):
        client.get(CHART + "IBM")
    assert yahoo.counters.now().total == 0


def test_nobody_is_led_elsewhere(yahoo: LocalYahoo) -> None:
    with http(yahoo) as client, pytest.raises(httpx.ProxyError, match="403"):
        client.get("https://example.com/")
    assert yahoo.counters.now().refused_hosts == {"example.com": 1}


def test_beyond_the_limit_there_is_429_and_a_violation(tmp_path: Path) -> None:
    with LocalYahoo(tmp_path, limit=3) as yahoo, http(yahoo) as client:
        assert [client.get(CHART + "IBM").status_code for _ in range(5)] == [200, 200, 200, 429, 429]
        seen = yahoo.counters.now()
    assert (seen.violations, seen.busiest_window, seen.by_status) == (2, 5, {200: 3, 429: 2})


def test_many_at_once_are_all_answered_and_counted(yahoo: LocalYahoo) -> None:
    together = threading.Barrier(32)

    def one(number: int) -> int:
        with http(yahoo) as client:
            together.wait(30)
            return client.get(CHART + ("IBM", "KO")[number % 2], params={"range": "1y"}).status_code

    with ThreadPoolExecutor(32) as pool:
        assert set(pool.map(one, range(32))) == {200}
    seen = yahoo.counters.now()
    assert (seen.charts, seen.by_ticker) == (32, {"IBM": 16, "KO": 16})
    assert 1 <= seen.most_in_flight <= 32


class BusyMarket:
    """One that notices when it is asked for two shares at once."""

    def __init__(self) -> None:
        self.asked, self.overlapped = threading.Semaphore(1), False

    def stock(self, ticker: str, now: datetime) -> Stock | None:
        self.overlapped |= not self.asked.acquire(blocking=False)
        threading.Event().wait(0.01)
        self.asked.release()
        return None


def test_shares_are_made_one_at_a_time(tmp_path: Path) -> None:
    market = BusyMarket()
    with LocalYahoo(tmp_path, market=market) as yahoo, ThreadPoolExecutor(8) as pool:
        assert list(pool.map(yahoo.stock, "ABCDEFGH")) == [None] * 8
    assert not market.overlapped


def test_the_end_does_not_wait_for_clients_that_stay_connected(tmp_path: Path) -> None:
    with LocalYahoo(tmp_path) as yahoo, http(yahoo) as client:
        client.get(CHART + "IBM")
        address = ("127.0.0.1", int(yahoo.environment["HTTPS_PROXY"].rpartition(":")[2]))
        with socket.create_connection(address):
            yahoo.__exit__(None, None, None)
        with pytest.raises(httpx.TransportError):
            client.get(CHART + "IBM")


def test_only_the_owner_can_read_the_key_and_a_second_start_keeps_the_authority(tmp_path: Path) -> None:
    with LocalYahoo(tmp_path / "yahoo") as yahoo:
        first = Path(yahoo.environment["SSL_CERT_FILE"]).read_bytes()
    with LocalYahoo(tmp_path / "yahoo") as yahoo, http(yahoo) as client:
        assert Path(yahoo.environment["SSL_CERT_FILE"]).read_bytes() == first
        assert client.get(CHART + "IBM").is_success
    assert {stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "yahoo").iterdir()} == {0o600}


@pytest.fixture
def control(yahoo: LocalYahoo) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=yahoo.control_url, trust_env=False) as client:
        yield client


def test_counters_are_read_and_cleared_at_the_second_door(yahoo: LocalYahoo, control: httpx.Client) -> None:
    with http(yahoo) as client:
        client.get(CHART + "IBM")
    seen = control.get("/counters").json()
    assert (seen["charts"], seen["by_ticker"], seen["by_path"]) == (1, {"IBM": 1}, {"/v8/finance/chart/": 1})
    assert control.delete("/counters").json()["total"] == 0


def test_orders_are_given_at_the_second_door(yahoo: LocalYahoo, control: httpx.Client) -> None:
    with http(yahoo) as client:
        control.post("/faults", json={"fault": "bad_gateway", "ticker": "IBM", "times": 1})
        assert [client.get(CHART + "IBM").status_code for _ in range(2)] == [502, 200]
        control.post("/settings", json={"limit": 0}).raise_for_status()
        assert client.get(CHART + "IBM").status_code == 429
        control.post("/settings", json={"limit": None, "now": "2026-11-23T22:00:00Z"}).raise_for_status()
        control.post("/splits", json={"ticker": "IBM", "day": "2026-11-23", "new": 2}).raise_for_status()
        control.post("/dividends", json={"ticker": "IBM", "day": "2026-11-23", "amount": 1}).raise_for_status()
        events = chart(client, "IBM", range="5d", events="div,splits")["events"]
    assert {name: len(each) for name, each in events.items()} == {"dividends": 1, "splits": 1}


@pytest.mark.parametrize(
    ("path", "order", "status", "words"),
    [
        ("/faults", {"fault": "earthquake"}, 400, "rate_limited"),
        ("/faults", {"fault": "hang", "tickers": ["IBM"]}, 400, "tickers"),
        ("/settings", {"latency": -1}, 400, "latency"),
        ("/nowhere", {}, 404, "POST /faults"),
    ],
)
def test_an_order_that_cannot_be_understood_is_refused_with_what_can(
    control: httpx.Client, path: str, order: dict[str, object], status: int, words: str
) -> None:
    answer = control.post(path, json=order)
    assert (answer.status_code, words in answer.text) == (status, True)


def test_it_says_what_it_is(control: httpx.Client) -> None:
    assert "not real quotes" in control.get("/").json()["what"]
