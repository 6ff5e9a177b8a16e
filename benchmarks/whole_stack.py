"""The product as a whole: real scheduler, real PostgreSQL, requests over Airflow's REST API."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import httpx

from benchmarks.figures import Figure, middle, spread
from include.market.universes import universe
from local.environment import extra_dags
from local.processes import memory_of_tree
from local.stack import Stack, stack
from local.supervision import states

SINGLE_RUNS = 9
HUNDRED_RUNS = 5
BATCHES_OF_HUNDRED = 2  # 100 tickers at the default batch size of 50
RUN_SECONDS = 60.0
LOOK_EVERY_SECONDS = 0.02


def measure() -> list[Figure]:
    """All figures of the whole stack, from one that is made, used and thrown away."""
    with TemporaryDirectory(prefix="bellwether-bench-") as folder:
        home, extra = Path(folder) / "home", extra_dags(benchmarks=Path(__file__).parent / "dags")
        with stack(home, extra):
            pass  # the first start makes the databases; what counts is every later one
        start = time.monotonic()
        with stack(home, extra) as running:
            up = Figure(name="make up to healthy", value=time.monotonic() - start, unit="s", goal=20)
            return [up, *_jobs(running), _memory(running)]


def _jobs(running: Stack) -> Iterator[Figure]:
    with logged_in(running) as client:
        common = {"data_source": "sample", "force": True}  # else a second run would be answered from the first
        hundred = {"tickers": list(universe("sample")[:100]), **common}
        wait_for_dag(client, "empty_graph")
        for dag_id, conf in (("analyze_stocks", hundred), ("empty_graph", {})):
            _run(client, dag_id, conf)  # warm
        single = [_run(client, "analyze_stocks", {"tickers": ["JPM"], **common}) for _ in range(SINGLE_RUNS)]
        yield _seconds("1 ticker, POST to completed", [s for s, _ in single], 1.5)
        yield _seconds("status visible after POST", [visible for _, visible in single], 0.3)
        pairs = [
            (
                _run(client, "analyze_stocks", hundred)[0],
                _run(client, "empty_graph", {"batches": BATCHES_OF_HUNDRED})[0],
            )
            for _ in range(HUNDRED_RUNS)
        ]
        yield _seconds("100 tickers, POST to completed", [ours for ours, _ in pairs], 4)
        yield _seconds("same graph, empty bodies", [empty for _, empty in pairs])
        ratios = [ours / empty for ours, empty in pairs]
        yield Figure(name="100 tickers : same graph", value=middle(ratios), unit="x", goal=1.3, detail=spread(ratios))


def _seconds(name: str, values: list[float], goal: float | None = None) -> Figure:
    return Figure(name=name, value=middle(values), unit="s", goal=goal, detail=spread(values))


def _memory(running: Stack) -> Figure:
    """All processes together, shared pages counted once."""
    parts = {s.name: memory_of_tree(s.pid).bytes / 2**20 for s in states(running.home) if s.pid}
    detail = ", ".join(f"{name} {size:.0f}" for name, size in parts.items())
    return Figure(name="memory of all processes", value=sum(parts.values()), unit="MB", goal=1200, detail=detail)


@contextmanager
def logged_in(running: Stack) -> Iterator[httpx.Client]:
    """A client of the API server with the token of its administrator."""
    headers = {"Authorization": f"Bearer {running.token()}"}
    with httpx.Client(base_url=running.url, headers=headers, timeout=30, trust_env=False) as client:
        yield client


def wait_for_dag(client: httpx.Client, dag_id: str) -> None:
    """Wait until Airflow knows a DAG."""
    deadline = time.monotonic() + RUN_SECONDS
    while not client.get(f"/api/v2/dags/{dag_id}").is_success:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the DAG {dag_id} did not appear")
        time.sleep(LOOK_EVERY_SECONDS)


def _run(client: httpx.Client, dag_id: str, conf: dict[str, Any]) -> tuple[float, float]:
    """Run a DAG to its success; returns the seconds from the request to its end, and to the first visible status."""
    start = time.monotonic()
    posted = client.post(f"/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf})
    run = f"/api/v2/dags/{dag_id}/dagRuns/{quote(posted.raise_for_status().json()['dag_run_id'], safe='')}"
    visible = None
    while time.monotonic() - start < RUN_SECONDS:
        state = client.get(run).raise_for_status().json()["state"]
        visible = visible or time.monotonic() - start
        if state == "success":
            return time.monotonic() - start, visible
        if state == "failed":
            raise RuntimeError(f"a run of {dag_id} failed; conf {conf}")
        time.sleep(LOOK_EVERY_SECONDS)
    raise TimeoutError(f"a run of {dag_id} did not end in {RUN_SECONDS:.0f} s")
