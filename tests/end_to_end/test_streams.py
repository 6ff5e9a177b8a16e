"""As many as may watch at once: all are told, who comes too late is refused, and nobody else waits for them."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil
import pytest

from include.settings import Settings
from include.storage.connection import connect
from local.processes import memory_of_tree
from local.stack import Stack
from local.supervision import states
from tests.end_to_end.airflow import Airflow, wait_until

API = "/api/stocks"
MOST = Settings.model_fields["max_event_streams"].default
SURPLUS = 20
TICKERS = [f"WATCHED{n}" for n in range(300)]
SECONDS_TO_END = 60
PATIENCE = 10  # seconds for a call beside the streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the API server holds: memory, threads, sockets of clients, connections to both databases."""

    megabytes: float
    threads: int
    sockets: int
    connections: int


@dataclass(slots=True)
class Watcher:
    """One client of a stream: the answer's status and headers, and each event with where the job stood."""

    status: int = 0
    headers: httpx.Headers = field(default_factory=httpx.Headers)
    events: list[tuple[str, int]] = field(default_factory=list)

    async def watch(self, client: httpx.AsyncClient, job_id: str) -> None:
        async with client.stream("GET", f"{API}/jobs/{job_id}/events") as answer:
            self.status, self.headers = answer.status_code, answer.headers
            async for name, job in told(answer):
                self.events.append((name, job["completed"]))


async def told(answer: httpx.Response) -> AsyncIterator[tuple[str, dict[str, Any]]]:
    name = ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


@pytest.fixture(scope="module")
def airflow(installation: Stack) -> Iterator[Airflow]:
    with Airflow(installation) as client:
        yield client


def held(installation: Stack) -> Held:
    pid = next(one.pid for one in states(installation.home) if one.name == "api-server")
    server = psutil.Process(pid)
    tree = [server, *server.children(recursive=True)]
    clients = [c for p in tree for c in p.net_connections("tcp") if c.laddr.port == installation.api_port]
    with connect(installation.database_url("postgres")) as connection:
        ports = {c.laddr.port for p in tree for c in p.net_connections("tcp")}
        found = connection.execute("SELECT client_port FROM pg_stat_activity WHERE client_port IS NOT NULL").fetchall()
    of_server = sum(row["client_port"] in ports for row in found)
    established = sum(c.status == psutil.CONN_ESTABLISHED for c in clients)
    return Held(
        megabytes=memory_of_tree(pid).bytes / 2**20,
        threads=sum(p.num_threads() for p in tree),
        sockets=established,
        connections=of_server,
    )


async def watch_all(installation: Stack, airflow: Airflow, job_id: str, seen: list[Held]) -> list[Watcher]:
    """Open all streams, look at the server meanwhile, let the job begin, and listen until every stream has ended."""
    headers, limits = airflow.http.headers, httpx.Limits(max_connections=None)
    timeout = httpx.Timeout(SECONDS_TO_END, pool=None)
    async with httpx.AsyncClient(
        base_url=installation.url, headers=headers, limits=limits, timeout=timeout, trust_env=False
    ) as client:
        watchers = [Watcher() for _ in range(MOST + SURPLUS)]
        watching = [asyncio.create_task(one.watch(client, job_id)) for one in watchers]
        begun = time.monotonic()
        while not all(one.events or one.status >= 400 for one in watchers):
            assert time.monotonic() < begun + SECONDS_TO_END, Counter(one.status for one in watchers)
            await asyncio.sleep(0.05)
        await asyncio.to_thread(_ask_other_things, airflow, job_id)
        seen.append(await asyncio.to_thread(held, installation))
        await asyncio.to_thread(airflow.pause, False)
        await asyncio.gather(*watching)
    return watchers


def _ask_other_things(airflow: Airflow, job_id: str) -> None:
    for path in (f"{API}/jobs/{job_id}", f"{API}/jobs", f"{API}/progress", f"{API}/results", f"{API}/health"):
        airflow.http.get(path, timeout=PATIENCE).raise_for_status()


def test_as_many_as_may_watch_at_once_are_told_until_the_end_and_leave_nothing_behind(
    installation: Stack, airflow: Airflow
) -> None:
    seen: list[Held] = []
    before = held(installation)
    with airflow.paused():
        answer = airflow.http.post(f"{API}/jobs", json={"tickers": TICKERS, "data_source": "demo"})
        job_id = answer.raise_for_status().json()["job_id"]
        watchers = asyncio.run(watch_all(installation, airflow, job_id, seen))
    assert Counter(one.status for one in watchers) == {200: MOST, 503: SURPLUS}
    for one in watchers:
        if one.status == httpx.codes.OK:
            assert [name for name, _ in one.events] == ["progress"] * (len(one.events) - 1) + ["ended"]
            assert [completed for _, completed in one.events] == sorted(completed for _, completed in one.events)
            assert one.events[-1] == ("ended", len(TICKERS))
        else:
            assert one.headers["Retry-After"]
    (during,) = seen
    assert during.sockets >= MOST
    assert during.threads - before.threads <= 50
    assert during.connections - before.connections <= 20
    wait_until(lambda: held(installation).sockets <= before.sockets + 5)
    wait_until(lambda: held(installation).connections <= before.connections + 10)
    assert held(installation).megabytes - before.megabytes <= 50
