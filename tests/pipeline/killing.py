"""The steps of a job, each in a process of its own that can kill or stop itself at a named point.

A point is a function that is wrapped in that process alone: the product knows nothing of it.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import wraps
from multiprocessing.connection import Connection as Pipe
from multiprocessing.context import ForkServerProcess
from types import ModuleType
from typing import Any

from include.analysis import load_strategies
from include.jobs import opening
from include.jobs.opening import open_job
from include.market.sessions import resolve_sessions
from include.market.sources import open_source
from include.model.job import Batch, Run
from include.model.request import Demand
from include.pipeline import batch
from include.pipeline.batch import run_batch
from include.storage import jobs
from include.storage.connection import connect
from include.storage.database import Database
from include.storage.jobs import finalize_job
from tests.storage.demands import asking, demand

PATIENCE = 60.0  # seconds for a process that does one step of a small job
RUN = "the-run"
KNOWN, UNKNOWN = "XOM", "NOSUCH"
TICKERS = ("IBM", "JPM", "KO", KNOWN, UNKNOWN)
STEPS = ("begin", "work", "end")


def wanted(*tickers: str) -> Demand:
    """What the runs of these tests ask for: two batches, beside a ticker that is known."""
    asked = demand(*(tickers or TICKERS), strategy_version=load_strategies()["balanced"].version)
    return replace(asked, batch_size=2)


# --- the steps, as the tasks do them


def begin(database: Database, run_id: str, asked: Demand) -> tuple[Batch, ...]:
    request = asked.request
    sessions = resolve_sessions(request.tickers, request.data_source, request.as_of, datetime.now(UTC))
    return database.run(lambda own: open_job(own, asking(run_id), asked, sessions, nothing_is_over)).batches


def work(database: Database, order: Batch) -> None:
    run_batch(database, order, open_source)


def end(database: Database, run_id: str) -> None:
    database.run(lambda own: finalize_job(own, run_id))


def nothing_is_over(run: Run) -> bool:
    return False


# --- the points


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Before or behind a call of a function, as the module `where` names it, in one of the steps."""

    step: str
    where: ModuleType
    name: str
    is_behind: bool = True

    def wrap(self, reached: Callable[[], None]) -> None:
        """Do `reached` there. Only for a process that ends soon: nothing takes it away again."""
        inner = getattr(self.where, self.name)

        @wraps(inner)
        def outer(*given: Any, **named: Any) -> Any:
            if not self.is_behind:
                reached()
            made = inner(*given, **named)
            if self.is_behind:
                reached()
            return made

        setattr(self.where, self.name, outer)


def _points() -> Iterator[tuple[str, Point]]:
    this = __import__(__name__, fromlist=["_"])
    yield "before_the_claim", Point(step="begin", where=opening, name="claim_job", is_behind=False)
    yield "in_the_claims_transaction", Point(step="begin", where=opening, name="claim_job")
    yield "before_the_details", Point(step="begin", where=opening, name="write_details", is_behind=False)
    yield "before_the_claim_is_committed", Point(step="begin", where=opening, name="store_reused")
    yield "after_the_claim", Point(step="begin", where=this, name="begin")
    yield "before_a_batch_has_begun", Point(step="work", where=batch, name="begin_batch", is_behind=False)
    yield "after_a_batch_has_begun", Point(step="work", where=batch, name="begin_batch")
    yield "after_the_fetch", Point(step="work", where=batch, name="_analyse")
    yield "before_the_upsert", Point(step="work", where=batch, name="store_outcomes", is_behind=False)
    yield "after_the_upsert", Point(step="work", where=batch, name="store_outcomes")
    yield "before_finalising", Point(step="end", where=this, name="finalize_job", is_behind=False)
    yield "inside_finalising", Point(step="end", where=jobs, name="_tell_others", is_behind=False)
    yield "before_the_end_is_committed", Point(step="end", where=jobs, name="_tell_others")
    yield "after_finalising", Point(step="end", where=jobs, name="progress", is_behind=False)
    yield "after_the_end", Point(step="end", where=this, name="end")


POINTS = dict(_points())


# --- processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What a step raised."""

    kind: str
    said: str


def in_a_process(pipe: Pipe, url: str, step: str, given: Sequence[Any], point: str | None, by: int) -> None:
    """Do one step, with a signal to this process itself at `point`; send what it returned or raised."""
    if point:
        POINTS[point].wrap(lambda: os.kill(os.getpid(), by))
    with Database(lambda: connect(url), patience_seconds=20) as database:
        try:
            said = globals()[step](database, *given)
        except Exception as error:
            said = Raised(kind=type(error).__name__, said=str(error))
    pipe.send(said)


@dataclass
class Child:
    """A process that does one step."""

    process: ForkServerProcess
    pipe: Pipe

    def said(self) -> Any:
        """What it returned or raised, once it has ended; None when it was killed."""
        self.process.join(PATIENCE)
        assert self.process.exitcode in (0, -signal.SIGKILL), self.process.exitcode
        return self.pipe.recv() if self.process.exitcode == 0 else None

    @property
    def was_killed(self) -> bool:
        return self.process.exitcode == -signal.SIGKILL


@contextmanager
def child(url: str, step: str, *given: Any, point: str | None = None, by: int = signal.SIGKILL) -> Iterator[Child]:
    """A process that does `step`, and sends itself the signal `by` at `point`."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.pipeline.warm"])
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=in_a_process, args=(theirs, url, step, given, point, by))
    process.start()
    theirs.close()
    try:
        yield Child(process, ours)
    finally:
        process.kill()
        process.join()
        process.close()
        ours.close()


def run_step(url: str, step: str, *given: Any, kills: list[str]) -> Any:
    """Do a step as often as Airflow would, until it is not killed; takes out of `kills` what it was killed by."""
    while True:
        point = next((name for name in kills if POINTS[name].step == step), None)
        with child(url, step, *given, point=point) as doing:
            said = doing.said()
            if not doing.was_killed:
                assert not isinstance(said, Raised), said
                return said
        kills.remove(str(point))


def run_job(url: str, kills: Sequence[str] = ()) -> list[str]:
    """A whole job in processes of their own, killed at these points in the order in which they come.

    Returns the points that it did not come to: who has ended the job before he is killed does not end it again.
    """
    left = list(kills)
    for order in run_step(url, "begin", RUN, wanted(), kills=left):
        run_step(url, "work", order, kills=left)
    run_step(url, "end", RUN, kills=left)
    return left
