"""Large jobs, and many at once, on cached prices: seconds, beside Airflow alone with the same graph; and memory."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import httpx

from benchmarks.figures import Figure, middle, spread
from benchmarks.jobs import ROOM
from benchmarks.memory import Watched, watching
from benchmarks.past import benchmark_queries, name_of
from benchmarks.whole_stack import logged_in, wait_for_dag
from include.model.job import JobStatus
from include.settings import settings
from include.storage.connection import connect
from local.environment import extra_dags
from local.stack import Stack, stack

LAST = date(2025, 5, 14)  # a session of New York
BARS = 500
SMALL, MEDIUM, LARGE = 1_000, 2_000, 10_000
ROUNDS = 3
ALONE = 200  # tickers with a task each
USERS, TICKERS_OF_EACH = 50, 20
ONES = 7  # jobs of one ticker beside the large one
LOOK_EVERY_SECONDS = 0.1
SECONDS = 600.0


def measure() -> list[Figure]:
    """All figures, from a stack that is made, filled, asked and thrown away."""
    dags = extra_dags(benchmarks=Path(__file__).parent / "dags")
    with (
        TemporaryDirectory(prefix="bellwether-bench-") as folder,
        stack(Path(folder) / "home", {**dags, **ROOM}) as running,
        logged_in(running) as client,
    ):
        _fill(running)
        wait_for_dag(client, "empty_graph")
        for run in (_run_job(client, SMALL), _run_empty(client, 1)):  # warm
            assert run
        return [*_sizes(client, running), *_beside(client), *_crowd(client)]


def _fill(running: Stack) -> None:
    """Every ticker's bars, as if fetched before; nothing is asked for in this benchmark."""
    with connect(running.database_url("stocks_owner")) as owner:
        owner.execute("SET statement_timeout = 0")
        queries = benchmark_queries()
        queries.add_series(owner, tickers=LARGE, last_day=LAST)
        first = LAST - timedelta(days=BARS - 1)
        queries.add_bars(owner, first_ticker=0, last_ticker=LARGE - 1, first_day=first, last_day=LAST)
        queries.look_over_bars(owner)


def _sizes(client: httpx.Client, running: Stack) -> Iterator[Figure]:
    """Jobs of three sizes, each beside the empty graph of as many tasks, and what the processes need meanwhile."""
    with watching(running) as at_small:
        small = [_run_job(client, SMALL) for _ in range(ROUNDS)]
    pairs = [(_run_job(client, MEDIUM), _run_empty(client, _batches(MEDIUM))) for _ in range(ROUNDS)]
    with watching(running) as at_large:
        large = _run_job(client, LARGE)
    empty = _run_empty(client, _batches(LARGE))
    yield _seconds(f"{SMALL:,} cached tickers, POST to completed", small)
    yield _seconds(f"{MEDIUM:,} cached tickers, POST to completed", [ours for ours, _ in pairs], 10)
    yield _seconds(f"{LARGE:,} cached tickers, POST to completed", [large], 40)
    yield _seconds(f"same graph, empty bodies, {_batches(MEDIUM)} batches", [bare for _, bare in pairs])
    yield _seconds(f"same graph, empty bodies, {_batches(LARGE)} batches", [empty])
    yield _times(f"{MEDIUM:,} tickers : same graph", middle([ours / bare for ours, bare in pairs]))
    yield _times(f"{LARGE:,} tickers : same graph", large / empty)
    a_ticker = (large / LARGE) / (middle(small) / SMALL)
    yield _times(f"a ticker of {LARGE:,} : a ticker of {SMALL:,}", a_ticker, 1.2)
    yield _seconds(f"one empty task a ticker, {ALONE} tickers", [_run_empty(client, ALONE)])
    yield from _memory(at_small, at_large)


def _memory(at_small: Watched, at_large: Watched) -> Iterator[Figure]:
    for name, figures in (("largest process", Watched.largest), ("all processes", Watched.together)):
        before, after = figures(at_small), figures(at_large)
        detail = f"{before:.0f} MB at {SMALL:,}, {after:.0f} MB at {LARGE:,}"
        yield Figure(name=f"memory of {name}, {LARGE:,} : {SMALL:,}", value=after / before, unit="x", detail=detail)


def _beside(client: httpx.Client) -> Iterator[Figure]:
    """Jobs of one ticker, one after the other, each of which began and ended while a large one was at work."""
    ones: list[float] = []
    larges: list[float] = []
    while len(ones) < ONES and len(larges) < ONES:
        start = time.monotonic()
        job_id = _ask(client, LARGE)
        _wait(client, job_id, lambda said: said["completed"] > 0)
        while True:
            one = _run_job(client, 1)
            if has_ended(_read(client, job_id)):
                break  # it was not beside it all the time
            ones.append(one)
        larges.append(time.monotonic() - start)
    assert ones, "a job of one ticker takes longer than a large one"
    beside = f"n={len(ones)}, median {middle(ones):.2f}, {len(larges)} large ones, {middle(larges):.0f} s each"
    name = f"1 ticker beside {LARGE:,}, POST to completed, the longest"
    yield Figure(name=name, value=max(ones), unit="s", goal=5, detail=beside)


def _crowd(client: httpx.Client) -> Iterator[Figure]:
    """Many jobs asked for at the same moment, each with work of its own."""
    start = time.monotonic()
    with ThreadPoolExecutor(USERS) as users:
        ids = list(users.map(partial(_ask, client, TICKERS_OF_EACH), range(USERS)))
    asked = time.monotonic() - start
    for job_id in ids:
        _wait(client, job_id, has_ended)
    name = f"{USERS} jobs of {TICKERS_OF_EACH} tickers asked for at once"
    yield Figure(name=f"{name}, all accepted", value=asked, unit="s")
    yield Figure(name=f"{name}, all completed", value=time.monotonic() - start, unit="s")


def _batches(tickers: int) -> int:
    return min(ceil(tickers / settings().batch_size), settings().max_batches)


def _ask(client: httpx.Client, tickers: int, skipped: int = 0) -> str:
    """Ask for the tickers behind as many lots of them; all is computed anew."""
    names = [name_of(skipped * tickers + number) for number in range(tickers)]
    body = {"tickers": names, "data_source": "yahoo", "as_of": LAST.isoformat(), "force": True}
    return str(client.post("/api/stocks/jobs", json=body).raise_for_status().json()["job_id"])


def _read(client: httpx.Client, job_id: str) -> dict[str, Any]:
    said: dict[str, Any] = client.get(f"/api/stocks/jobs/{quote(job_id, safe='')}").raise_for_status().json()
    return said


def has_ended(said: dict[str, Any]) -> bool:
    """Whether a job has; it must have a result for every ticker then."""
    if JobStatus(said["status"]).is_active:
        return False
    assert said["status"] == JobStatus.COMPLETED, said
    return True


def _wait(client: httpx.Client, job_id: str, is_so: Callable[[dict[str, Any]], bool]) -> None:
    _until(lambda: is_so(_read(client, job_id)), f"the job {job_id}")


def _run_job(client: httpx.Client, tickers: int) -> float:
    start = time.monotonic()
    _wait(client, _ask(client, tickers), has_ended)
    return time.monotonic() - start


def _run_empty(client: httpx.Client, batches: int) -> float:
    """The seconds of the graph alone."""
    start = time.monotonic()
    runs = "/api/v2/dags/empty_graph/dagRuns"
    posted = client.post(runs, json={"logical_date": None, "conf": {"batches": batches}}).raise_for_status().json()
    run = f"{runs}/{quote(posted['dag_run_id'], safe='')}"
    _until(lambda: client.get(run).raise_for_status().json()["state"] == "success", run)
    return time.monotonic() - start


def _until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not come to its end in {SECONDS:.0f} s")
        time.sleep(LOOK_EVERY_SECONDS)


def _seconds(name: str, values: list[float], goal: float | None = None) -> Figure:
    return Figure(name=name, value=middle(values), unit="s", goal=goal, detail=spread(values))


def _times(name: str, value: float, goal: float | None = None) -> Figure:
    return Figure(name=name, value=value, unit="x", goal=goal)
