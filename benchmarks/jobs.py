"""What jobs cost where many are stored: asking again, progress, the claim, storing a batch. The analysis is not in it.

The DAG is paused, so that a run which was asked for stays queued and its job active for as long as it is asked about.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from psycopg.types.json import Jsonb

from benchmarks.figures import Figure, high_figure, middle, milliseconds, ratio_figure, spread
from benchmarks.past import FIRST_DAY, Past, benchmark_queries, fill, name_of
from benchmarks.whole_stack import logged_in
from include.analysis import load_strategies, outcome_of
from include.jobs.canonical import Requester, canonicalise
from include.jobs.claims import claim_key
from include.jobs.opening import AskingRun, OpenedJob, open_job
from include.market.sources.demo import demo_bars
from include.model.analysis import RiskProfile
from include.model.job import Batch, Outcome, PlannedTicker, Run
from include.model.request import Demand, Trigger
from include.settings import settings
from include.storage.connection import Connection, connect
from include.storage.jobs import begin_batch, claim_job, progress, write_details
from include.storage.requests import Door
from include.storage.results import outcome_columns, store_outcomes
from local.stack import MAIN_DAG, Stack, stack
from local.users import ADMIN

STORED_JOBS = 10_000
HUNDRED = tuple(name_of(number) for number in range(100))
MANY = tuple(name_of(number) for number in range(10_000))
TODAY = date(2026, 6, 30)  # nothing is known of it yet
BATCH = 50
ROUNDS = 100  # batches of the large job, half of it; jobs opened
REQUESTS = 200
WARM = 10
ROOM = {"BELLWETHER_MAX_ACTIVE_JOBS": "10000"}  # all jobs are one user's, and none of them ends
ALL_BATCHES = {"BELLWETHER_MAX_BATCHES": "1000"}  # the large job has as many of them as are stored here


def measure() -> list[Figure]:
    """All figures, from a stack that is made, filled, asked and thrown away."""
    os.environ.update(ROOM | ALL_BATCHES)
    settings.cache_clear()
    try:
        return _measured()
    finally:
        os.environ.pop(*ALL_BATCHES)
        settings.cache_clear()


def _measured() -> list[Figure]:
    with held_back() as (running, client), connect(running.database_url()) as connection:
        outcomes = real_outcomes()
        with connect(running.database_url("stocks_owner")) as owner:
            fill(owner, Past(jobs=STORED_JOBS), demand_of(body_of(HUNDRED)).request, outcomes[0])
            benchmark_queries().make_bare_tables(owner)
        opening = list(_opening(connection))
        hundred, many = (hold(client, connection, body_of(tickers)) for tickers in (HUNDRED, MANY))
        storing = list(_storing(connection, many.batches[:ROUNDS], outcomes))
        return [*_asking(client, connection, hundred, many), *opening, *storing]


@contextmanager
def held_back() -> Iterator[tuple[Stack, httpx.Client]]:
    """A stack of its own whose runs stay queued, and its administrator."""
    with (
        TemporaryDirectory(prefix="bellwether-bench-") as folder,
        stack(Path(folder) / "home", ROOM) as running,
        logged_in(running) as client,
    ):
        for dag_id in (MAIN_DAG, "stocks_housekeeping"):
            client.patch(f"/api/v2/dags/{dag_id}", json={"is_paused": True}).raise_for_status()
        yield running, client


def real_outcomes() -> list[Outcome]:
    """A batch of real analyses: what is stored has the size of what jobs store."""
    strategy = load_strategies()["balanced"]
    made = [outcome_of(demo_bars(name, TODAY, 500), strategy, RiskProfile(), None, 500) for name in MANY[:BATCH]]
    outcomes = [outcome for outcome in made if isinstance(outcome, Outcome)]
    assert len(outcomes) == BATCH, "the benchmark's bars were refused"
    return outcomes


def body_of(tickers: Sequence[str], **fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """The fields of a request for these tickers."""
    return {"tickers": list(tickers), "data_source": "demo", **fields}


def demand_of(body: dict[str, Any]) -> Demand:
    """What the administrator asks for with such fields."""
    return canonicalise(body, Requester(name=ADMIN, trigger=Trigger.API, watchlist=tuple))


def hold(client: httpx.Client, connection: Connection, body: dict[str, Any]) -> OpenedJob:
    """Ask for a job and open it as the first task of its run would, if the run were not held back."""
    body = {**body, "batch_size": BATCH}
    asked = client.post("/api/stocks/jobs", json=body).raise_for_status().json()
    run = Run(dag_id=MAIN_DAG, job_id=asked["job_id"])
    return _open(connection, run, demand_of(body), TODAY)


def _opening(connection: Connection) -> Iterator[Figure]:
    """A job of 100 tickers opened, beside the same details written and nothing else, and with all results known."""
    turns = [_open_in_turn(connection, 3 * number) for number in range(WARM + ROUNDS)][WARM:]
    ours, known, bare = zip(*turns, strict=True)
    adds = [opened - written for opened, written in zip(ours, bare, strict=True)]
    yield high_figure("claim of a job of 100 tickers, added to its details", adds, 10)
    yield high_figure("job of 100 tickers opened", ours)
    yield high_figure("its details alone", bare)
    yield high_figure("job of 100 tickers opened, all known", known)


def _open_in_turn(connection: Connection, number: int) -> tuple[float, float, float]:
    """Milliseconds for a new job, for one that stored results answer, and for the details of a job that is claimed."""
    demands = [demand_of(body_of(HUNDRED, capital=1 + number + place)) for place in range(3)]
    runs = [Run(dag_id=MAIN_DAG, job_id=f"bench-{number + place}") for place in range(3)]
    claim_job(connection, runs[2], claim_key(demands[2].request), demands[2])
    return (
        milliseconds(partial(_open, connection, runs[0], demands[0], TODAY)),
        milliseconds(partial(_open, connection, runs[1], demands[1], FIRST_DAY)),
        milliseconds(partial(_write_details, connection, runs[2].job_id)),
    )


def _open(connection: Connection, run: Run, demand: Demand, day: date) -> OpenedJob:
    asking = AskingRun(run=run, requested_by=ADMIN, door=Door.API, raw=body_of(demand.request.tickers))
    sessions = dict.fromkeys(demand.request.tickers, day)
    opened = open_job(connection, asking, demand, sessions, is_over=lambda _run: False)
    assert not opened.claim.joined
    assert opened.reused == (len(demand.request.tickers) if day == FIRST_DAY else 0)
    return opened


def _write_details(connection: Connection, job_id: str) -> None:
    plan = [PlannedTicker(ticker=ticker, session=TODAY, batch=0) for ticker in HUNDRED]
    with connection.transaction():
        write_details(connection, job_id, plan)


def _storing(connection: Connection, batches: Sequence[Batch], outcomes: Sequence[Outcome]) -> Iterator[Figure]:
    """Batches stored as tasks do, beside psycopg's executemany into tables of the same shape."""
    ours, bare = [], []
    for batch in batches:
        tickers = begin_batch(connection, batch).sessions
        found = [_renamed(outcome, ticker) for outcome, ticker in zip(outcomes, tickers, strict=True)]
        rows = [_bare_row(batch, place, outcome) for place, outcome in enumerate(found)]
        ours.append(milliseconds(partial(store_outcomes, connection, batch, found)) / BATCH)
        bare.append(milliseconds(partial(_insert_bare, connection, rows)) / BATCH)
    name = f"a ticker stored, of {BATCH}"
    yield Figure(name=name, value=middle(ours), unit="ms", detail=spread(ours))
    yield Figure(name="bare rows by executemany, a ticker", value=middle(bare), unit="ms", detail=spread(bare))
    yield ratio_figure("a ticker stored : bare rows", ours, bare)


def _renamed(outcome: Outcome, ticker: str) -> Outcome:
    return replace(outcome, analysis=replace(outcome.analysis, ticker=ticker))


def _bare_row(batch: Batch, place: int, outcome: Outcome) -> dict[str, Any]:
    columns = {**dict.fromkeys(("entry", "stop_loss", "target")), **outcome_columns(outcome)}
    lists = {name: list(columns[name]) for name in ("reasons", "warnings")}
    row = {"job_id": batch.job_id, "result_id": batch.number * BATCH + place, "readings": Jsonb(columns["readings"])}
    return {**columns, **lists, **row}


def _insert_bare(connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
    with connection.transaction():
        benchmark_queries().insert_bare_results(connection, rows)
        benchmark_queries().insert_bare_raw_data(connection, rows)


def _asking(client: httpx.Client, connection: Connection, hundred: OpenedJob, many: OpenedJob) -> Iterator[Figure]:
    """Requests over HTTP, beside Airflow's own answer about the same run: same server, same login."""
    hundred_id, many_id = hundred.claim.run.job_id, many.claim.run.job_id
    work: dict[str, Callable[[], object]] = {
        "again": partial(_ask_again, client, body_of(HUNDRED), hundred_id),
        "progress": partial(_read_progress, client, many_id),
        "sql": partial(progress, connection, many_id),
        "airflow": lambda: client.get(f"/api/v2/dags/{MAIN_DAG}/dagRuns/{hundred_id}").raise_for_status(),
    }
    turns = [{name: milliseconds(one) for name, one in work.items()} for _ in range(WARM + REQUESTS)][WARM:]
    times = {name: [turn[name] for turn in turns] for name in work}
    yield high_figure(f"duplicate answered, {STORED_JOBS:,} jobs stored", times["again"], 60)
    many_again = [milliseconds(partial(_ask_again, client, body_of(MANY), many_id)) for _ in range(WARM + REQUESTS)][
        WARM:
    ]
    yield high_figure(f"duplicate of {len(MANY):,} tickers answered", many_again)
    yield high_figure(f"progress of a job of {len(MANY):,} tickers", times["progress"], 20)
    yield high_figure("its SQL alone", times["sql"])
    yield high_figure("Airflow's own answer about a run", times["airflow"])
    yield ratio_figure("duplicate answered : Airflow's own answer", times["again"], times["airflow"])
    yield ratio_figure("progress : Airflow's own answer", times["progress"], times["airflow"])


def _ask_again(client: httpx.Client, body: dict[str, Any], job_id: str) -> None:
    answered = client.post("/api/stocks/jobs", json=body).raise_for_status().json()
    assert answered["is_duplicate"]
    assert answered["job_id"] == job_id


def _read_progress(client: httpx.Client, job_id: str) -> None:
    said = client.get(f"/api/stocks/jobs/{job_id}").raise_for_status().json()
    assert said["completed"] == ROUNDS * BATCH
    assert said["pending"] == len(MANY) - ROUNDS * BATCH
