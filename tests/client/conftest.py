"""A server that does what it is told, a client of it, and no waiting between two tries."""

from collections.abc import Iterator

import pytest

from include.client import Client
from tests.client.server import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as running:
        yield running


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url, user="ann", password="only-for-tests") as opened:
        yield opened


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were made, without making them."""
    made: list[float] = []
    monkeypatch.setattr("include.client.calls._sleep", made.append)
    monkeypatch.setattr("include.client.waiting._sleep", made.append)
    return made
