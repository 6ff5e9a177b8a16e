"""Storms: many threads ask at one moment, each on a connection of its own that it keeps, round after round."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from include.jobs.canonical import Requester, canonicalise
from include.jobs.claims import claim_key
from include.jobs.opening import open_job
from include.model.job import Batch, Run
from include.model.request import Demand, Trigger
from include.storage.connection import Connection, connect
from include.storage.jobs import begin_batch, finalize_job
from include.storage.results import store_outcomes
from tests.storage.demands import SESSION, asking, outcome

PATIENCE = 60.0  # seconds until the gate gives up; only threads that wait for each other for ever take so long
Raw = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request as it is sent: the run that asks, for whom, what."""

    run_id: str
    user: str
    raw: Raw

    @property
    def demand(self) -> Demand:
        """What it stands for."""
        return canonicalise(self.raw, Requester(name=self.user, trigger=Trigger.API, watchlist=tuple))

    @property
    def key(self) -> str:
        """The claim that it is about."""
        return claim_key(self.demand.request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of one request: the job of its own run, or the one that it joined."""

    ask: Ask
    job_id: str
    joined: bool
    seconds: float


@dataclass
class Storm:
    """Threads with their connections, which pass a gate together; `say` is told of every round."""

    connections: Sequence[Connection]
    pool: ThreadPoolExecutor
    say: Callable[..., object]

    def together(self, work: Callable[[int, Connection], T], among: int | None = None) -> list[T]:
        """`work` in every thread (or the first so many) at the same moment; raises what any of them raised."""
        count = among or len(self.connections)
        gate = threading.Barrier(count)

        def at_once(number: int) -> T:
            gate.wait(PATIENCE)
            return work(number, self.connections[number])

        return [future.result() for future in [self.pool.submit(at_once, n) for n in range(count)]]

    def blow(self, kind: str, asks: Sequence[Ask]) -> list[Answer]:
        """One round: all of them ask at once, a thread each."""
        answers = self.together(lambda number, own: answer_of(own, asks[number]), len(asks))
        self.tell(kind, answers)
        return answers

    def tell(self, kind: str, answers: Sequence[Answer]) -> None:
        """Say what became of a round, before anybody judges it."""
        seconds = sorted(answer.seconds for answer in answers)
        self.say(
            kind,
            winners=[answer.job_id for answer in answers if not answer.joined],
            joined=Counter(answer.job_id for answer in answers if answer.joined),
            median_seconds=round(seconds[len(seconds) // 2], 4),
            slowest_seconds=round(seconds[-1], 4),
        )


def quietly(event: str, **facts: object) -> None:
    """Say nothing of it."""


@contextmanager
def storm(url: str, threads: int, say: Callable[..., object] = quietly) -> Iterator[Storm]:
    """So many threads, each with a connection that is kept over all rounds."""
    with ExitStack() as opened, ThreadPoolExecutor(threads) as pool:
        yield Storm([opened.enter_context(connect(url)) for _ in range(threads)], pool, say)


def answer_of(connection: Connection, ask: Ask) -> Answer:
    """Open the job of one request, as the first task of a run does."""
    since = time.monotonic()
    demand = ask.demand
    sessions = dict.fromkeys(demand.request.tickers, SESSION)
    opened = open_job(connection, asking(ask.run_id, ask.user, **ask.raw), demand, sessions, nothing_is_over)
    claim = opened.claim
    return Answer(ask=ask, job_id=claim.run.job_id, joined=claim.joined, seconds=time.monotonic() - since)


def nothing_is_over(run: Run) -> bool:
    return False


def respelled(rng: random.Random, tickers: Sequence[str]) -> list[str]:
    """The same tickers in another order, some twice, some in small letters or with spaces around them."""
    again = rng.sample(tickers, rng.randint(0, len(tickers)))
    spelled = [rng.choice([ticker, ticker.lower(), f" {ticker} ", ticker.title()]) for ticker in [*tickers, *again]]
    return rng.sample(spelled, len(spelled))


def work_off(connection: Connection, job_id: str, attempt: int = 1) -> None:
    """Do what is left of a job, as its mapped tasks and its last one would."""
    numbers = connection.execute("SELECT DISTINCT batch FROM analysis_jobs_details WHERE job_id = %s", (job_id,))
    for row in numbers.fetchall():
        batch = Batch(job_id=job_id, attempt=attempt, number=row["batch"], label="")
        work = begin_batch(connection, batch)
        version = work.request.strategy_version
        store_outcomes(connection, batch, [outcome(ticker, strategy_version=version) for ticker in work.sessions])
    finalize_job(connection, job_id)
