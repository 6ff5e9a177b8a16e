"""What only a real server shows: addresses as they are sent, and bodies that do not come."""

import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from urllib.parse import urlsplit

import httpx
import pytest

from local.stack import Stack
from tests.end_to_end.airflow import Airflow

API = "/api/stocks"
SLOW = 100  # more than a server has threads
UPWARDS = [
    "/jobs/../version",
    "/jobs/../../v2/version",
    "/jobs/..%2f..%2fv2%2fversion",
    "/jobs/%2e%2e/%2e%2e/v2/version",
    "/jobs/..%5c..%5cversion",
    "/jobs/%252e%252e%252fversion",
    "/jobs/..;/version",
    "/../v2/version",
    "//version",
    "/jobs//version",
    "/jobs/%0a..",
    "/no%0asuch/version",
    "/jobs/%0d%0aversion",
]


@pytest.fixture(scope="module")
def admin(installation: Stack) -> Iterator[Airflow]:
    with Airflow(installation) as client:
        yield client


def test_dots_and_slashes_lead_nowhere(installation: Stack, admin: Airflow) -> None:
    server, login = urlsplit(installation.url), {"Authorization": admin.http.headers["Authorization"]}
    for path in UPWARDS:
        connection = HTTPConnection(str(server.hostname), server.port, timeout=30)
        connection.request("GET", API + path, headers=login)  # httpx would tidy the path up
        answer = connection.getresponse()
        assert answer.status == httpx.codes.NOT_FOUND, path
        assert json.loads(answer.read())["error"]["code"] == "NOT_FOUND"
        connection.close()


def test_bodies_that_come_slowly_hold_up_nobody(installation: Stack, admin: Airflow) -> None:
    server = urlsplit(installation.url)
    body = json.dumps({"tickers": ["IBM"], "data_source": "sample", "capital": -1}).encode()
    with ExitStack() as open_sockets:
        slow = [
            open_sockets.enter_context(socket.create_connection((server.hostname, server.port), timeout=30))
            for _ in range(SLOW)
        ]
        for one in slow:
            one.sendall(_head(server.netloc, admin, len(body)) + body[:1])
        assert admin.http.get(f"{API}/version").is_success
        assert admin.http.post(f"{API}/jobs", json={"tickers": ["I BM"]}).status_code == httpx.codes.BAD_REQUEST
        for one in slow[1:]:
            one.sendall(body[1:])
            assert one.recv(12) == b"HTTP/1.1 400"
    assert admin.http.get(f"{API}/version").is_success


def _head(host: str, admin: Airflow, length: int) -> bytes:
    lines = [
        f"POST {API}/jobs HTTP/1.1",
        f"Host: {host}",
        f"Authorization: {admin.http.headers['Authorization']}",
        "Content-Type: application/json",
        f"Content-Length: {length}",
    ]
    return "\r\n".join([*lines, "", ""]).encode()
