"""How the product's own statements grow with what is stored: the same calls at a tenth of the size and at the whole.

BELLWETHER_BENCH_RESULTS says how many results the whole are: 10,000,000, with 50,000,000 bars, which takes about an
hour and 45 GB below $TMPDIR.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import TypeVar

from benchmarks.figures import Figure, high, middle, milliseconds
from benchmarks.jobs import body_of, demand_of, real_outcomes
from benchmarks.large import Large, Size, filled, server
from benchmarks.past import benchmark_queries, name_of
from benchmarks.stored import calls
from include.jobs.opening import AskingRun, OpenedJob, open_job
from include.model.job import Outcome, Run
from include.storage.connection import Connection, connect
from include.storage.jobs import begin_batch, finalize_job
from include.storage.requests import Door
from include.storage.results import store_outcomes
from local.stack import MAIN_DAG
from local.users import ADMIN

RESULTS = int(os.environ.get("BELLWETHER_BENCH_RESULTS", "10000000"))
STEP = 10
BATCH = 25

T = TypeVar("T")
Times = Mapping[str, list[float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Milliseconds of each call at one size, and bytes of each table a row."""

    size: Size
    times: Times
    bytes_a_row: Mapping[str, float]


def measure() -> list[Figure]:
    """All figures, from databases that are made, filled, read and thrown away."""
    with server() as cluster:
        request, like = demand_of(body_of([name_of(n) for n in range(100)])).request, _small(real_outcomes()[0])
        found = []
        for results in (RESULTS // STEP, RESULTS):
            print(f"Storing {results:,} results ...", flush=True)
            with filled(cluster, Size(results=results), request, like) as large:
                found.append(measure_one(large))
    return list(_figures(*found))


def _small(outcome: Outcome) -> Outcome:
    """What indicators say is most of a result's bytes, and is read by its key alone: here it is short."""
    return replace(outcome, analysis=replace(outcome.analysis, readings=outcome.analysis.readings[:1]))


def measure_one(large: Large) -> Measured:
    """An evening after all that is stored, and then each call so often."""
    with connect(large.url) as connection:
        job_id, times = _evening(connection, large)
        for name, call in calls(job_id).items():
            print(f"  {name}", flush=True)
            times[name] = [milliseconds(partial(call.work, connection, large, turn)) for turn in range(call.turns)]
        times["job ended"] = [milliseconds(partial(finalize_job, connection, job_id))]
        room = {
            row["table"]: row["bytes"] / row["rows"]
            for row in benchmark_queries().room_taken(connection)
            if row["rows"] > 1000
        }
    return Measured(size=large.size, times=times, bytes_a_row=room)


def _evening(connection: Connection, large: Large) -> tuple[str, dict[str, list[float]]]:
    """The next session of all tickers, as its tasks store it; the last batch is still open."""
    names, outcomes = [name_of(n) for n in range(large.size.tickers)], real_outcomes()[:BATCH]
    opened, opening = _timed(partial(_open, connection, large, names))
    beginning, storing = [], []
    for batch in opened.batches[:-1]:
        work, taken = _timed(partial(begin_batch, connection, batch))
        beginning.append(taken)
        storing.append(milliseconds(partial(store_outcomes, connection, batch, _named(outcomes, work.sessions))))
    times = {
        "job of all tickers opened": [opening],
        f"batch of {BATCH} begun": beginning,
        f"batch of {BATCH} stored": storing,
    }
    return opened.claim.run.job_id, times


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    """What `work` returns, and the milliseconds that it took."""
    found: list[T] = []
    taken = milliseconds(lambda: found.append(work()))
    return found[0], taken


def _open(connection: Connection, large: Large, names: list[str]) -> OpenedJob:
    run = Run(dag_id=MAIN_DAG, job_id="evening")
    body = body_of(names, batch_size=BATCH)
    asking = AskingRun(run=run, requested_by=ADMIN, door=Door.API, raw=body)
    return open_job(
        connection, asking, demand_of(body), dict.fromkeys(names, large.next_day), is_over=lambda _run: False
    )


def _named(outcomes: Sequence[Outcome], sessions: Mapping[str, date | None]) -> list[Outcome]:
    """Real outcomes, as of these tickers and sessions."""
    return [
        replace(outcome, analysis=replace(outcome.analysis, ticker=ticker, session=session))
        for outcome, (ticker, session) in zip(outcomes, sessions.items(), strict=False)
        if session
    ]


def _figures(small: Measured, whole: Measured) -> Iterator[Figure]:
    """The median at the whole size, beside what it is at a tenth of it."""
    goals = {name: call.goal for name, call in calls("").items()}
    for name, taken in whole.times.items():
        before, now = middle(small.times[name]), middle(taken)
        detail = (
            f"n={len(taken)}, p95 {high(taken):.1f}; of {small.size.results:,} {before:.2f}, so {now / before:.1f} x"
        )
        figure = f"{name}, of {whole.size.results:,}"
        yield Figure(name=figure, value=now, unit="ms", goal=goals.get(name), detail=detail)
    for table, bytes_a_row in whole.bytes_a_row.items():
        yield Figure(name=f"{table}, a row", value=bytes_a_row, unit="bytes", detail="with indexes")
