"""What reading over HTTP costs where a million results are stored, beside Airflow's own answers of the same server.

The DAG is paused: nothing is analysed meanwhile, and the large job stays as it is while its progress is read.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import httpx

from benchmarks.figures import Figure, high_figure, milliseconds, ratio_figure
from benchmarks.jobs import HUNDRED, MANY, body_of, demand_of, held_back, hold, real_outcomes
from benchmarks.past import FIRST_DAY, Past, benchmark_queries, fill, name_of, take_time
from include.storage.connection import Connection, connect
from local.processes import memory_of_tree
from local.stack import MAIN_DAG, Stack
from local.supervision import states

STORED = Past(jobs=10_000, tickers_a_job=100, jobs_a_day=50, with_readings=False)  # 5,000 tickers, 200 sessions
RESULTS = STORED.jobs * STORED.tickers_a_job
WIDE_DAY = date(2025, 1, 1)
LISTED = 50
ROUNDS = 200
WARM = 20
EXPORT_SECONDS = 600.0
LOOK_EVERY_SECONDS = 0.25
MEGABYTE = 2**20

OUR_VERSION = "our version, which is the login and nothing else"
AIRFLOWS_VERSION, AIRFLOWS_RUNS = "Airflow's own version", f"Airflow's own list of {LISTED} runs"


def measure() -> list[Figure]:
    """All figures, from a stack that is made, filled, read and thrown away."""
    with held_back() as (running, client), connect(running.database_url()) as connection:
        with connect(running.database_url("stocks_owner")) as owner:
            take_time(owner)
            fill(owner, STORED, demand_of(body_of(HUNDRED)).request, real_outcomes()[0])
            many = hold(client, connection, body_of(MANY)).claim.run.job_id
            hold(client, connection, body_of(HUNDRED))
            _make_runs(client)
            reading = list(_reading(client, many))
            benchmark_queries().widen(owner, day=WIDE_DAY)
            benchmark_queries().look_over(owner)
        return [*reading, *_exporting(running, client, connection)]


def _make_runs(client: httpx.Client) -> None:
    """As many runs as a list shows: Airflow's answer is to be as long as ours."""
    for number in range(LISTED):
        body = body_of(HUNDRED[:1], capital=1 + number)
        client.post(f"/api/v2/dags/{MAIN_DAG}/dagRuns", json={"logical_date": None, "conf": body}).raise_for_status()


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What is asked for in every turn, how many items the answer lists, and the goal of its p95 in milliseconds.

    With a `body` it is sent to that path, and answered with the job that does this work already.
    """

    path: Callable[[int], str]
    body: Mapping[str, Any] | None = None
    listed: int | None = None
    goal: float | None = None


def _reading(client: httpx.Client, many: str) -> Iterator[Figure]:
    """Calls over one connection that stays open, in turns: what disturbs the machine disturbs all alike."""
    calls = _calls(many)
    turns = [_turn(client, calls, number) for number in range(WARM + ROUNDS)][WARM:]
    times = {name: [turn[name] for turn in turns] for name in calls}
    for name, call in calls.items():
        yield high_figure(name, times[name], call.goal)
    for name, call in calls.items():
        if call.goal:
            yield ratio_figure(f"{name} : {AIRFLOWS_RUNS}", times[name], times[AIRFLOWS_RUNS])


def _calls(many: str) -> Mapping[str, Call]:
    """Each turn is for another ticker and another least score."""

    def result(turn: int) -> str:
        return f"/api/stocks/results/{name_of(turn * 37 % STORED.tickers)}"

    def screener(turn: int) -> str:
        return f"/api/stocks/results?verdict=Buy&min_score={60 + turn % 9}&sort=-score&limit={LISTED}"

    def always(path: str) -> Callable[[int], str]:
        return lambda _turn: path

    return {
        f"latest result, of {RESULTS:,}": Call(path=result, goal=10),
        "history": Call(path=lambda turn: f"{result(turn)}/history?limit={LISTED}", listed=LISTED, goal=20),
        f"progress of a job of {len(MANY):,}": Call(path=always(f"/api/stocks/jobs/{many}"), goal=20),
        f"job list, of {STORED.jobs:,}": Call(path=always(f"/api/stocks/jobs?limit={LISTED}"), listed=LISTED, goal=50),
        f"screener with filter and sort, of {STORED.tickers:,}": Call(path=screener, listed=LISTED, goal=50),
        f"duplicate answered, {STORED.jobs:,} jobs stored": Call(
            path=always("/api/stocks/jobs"), body=body_of(HUNDRED), goal=60
        ),
        OUR_VERSION: Call(path=always("/api/stocks/version")),
        AIRFLOWS_VERSION: Call(path=always("/api/v2/version")),
        AIRFLOWS_RUNS: Call(path=always(f"/api/v2/dags/{MAIN_DAG}/dagRuns?limit={LISTED}"), listed=LISTED),
    }


def _turn(client: httpx.Client, calls: Mapping[str, Call], number: int) -> dict[str, float]:
    """Milliseconds of every call; what it answers is looked at, not timed."""
    taken = {}
    for name, call in calls.items():
        start = time.perf_counter()
        answer = client.request("POST" if call.body else "GET", call.path(number), json=call.body)
        taken[name] = (time.perf_counter() - start) * 1000
        said = answer.raise_for_status().json()
        assert not call.body or said["is_duplicate"]
        assert call.listed is None or len(said.get("items") or said["dag_runs"]) == call.listed
    return taken


def _exporting(running: Stack, client: httpx.Client, connection: Connection) -> Iterator[Figure]:
    """The longest table there can be, and what the API server's memory grows by meanwhile."""
    _export(client, FIRST_DAY)  # warm
    with _most_memory(running) as memory:
        taken = milliseconds(partial(_export, client, WIDE_DAY, RESULTS)) / 1000
    bare = milliseconds(partial(_copy, connection)) / 1000
    detail = f"{RESULTS / taken:,.0f} rows/s"
    yield Figure(name=f"{RESULTS:,} rows as CSV", value=taken, unit="s", goal=60, detail=detail)
    detail = f"{RESULTS / bare:,.0f} rows/s"
    yield Figure(name="the same rows by PostgreSQL's COPY", value=bare, unit="s", detail=detail)
    before, most = memory[0] / MEGABYTE, max(memory) / MEGABYTE
    detail = f"{before:.0f} MB before, at most {most:.0f} MB"
    yield Figure(name="memory of the API server, growth", value=most - before, unit="MB", goal=30, detail=detail)


def _export(client: httpx.Client, day: date, rows: int | None = None) -> None:
    lines = 0
    wanted = f"/api/stocks/results?session={day}&format=csv"
    with client.stream("GET", wanted, timeout=EXPORT_SECONDS) as answer:
        for piece in answer.raise_for_status().iter_bytes():
            lines += piece.count(b"\n")
    assert rows is None or lines == rows + 1  # the names of the columns


def _copy(connection: Connection) -> None:
    lines = 0
    with connection.cursor().copy(benchmark_queries().copy_session.sql) as table:
        for piece in table:
            lines += bytes(piece).count(b"\n")
    assert lines == RESULTS + 1


@contextmanager
def _most_memory(running: Stack) -> Iterator[list[int]]:
    """What the API server uses, in bytes: now, and then as often as it is looked at while the block runs."""
    pid = next(one.pid for one in states(running.home) if one.name == "api-server")
    seen, is_over = [memory_of_tree(pid).bytes], threading.Event()

    def look() -> None:
        while not is_over.wait(LOOK_EVERY_SECONDS):
            seen.append(memory_of_tree(pid).bytes)

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        is_over.set()
        looking.join()
