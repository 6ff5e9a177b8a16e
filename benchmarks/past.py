"""Months of use, made up in the database `stocks`: ended jobs with all that belongs to them."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiosql
from psycopg.types.json import Jsonb

from include.jobs.claims import claim_key
from include.model.job import Outcome
from include.model.request import AnalysisRequest
from include.storage.connection import Connection
from include.storage.jobs import request_document
from include.storage.results import outcome_columns

FIRST_DAY = date(2024, 1, 1)
JOBS_AT_ONCE = 1000  # a statement; its triggers keep in memory what it has written
ASKED_EVERY = 100  # of so many jobs one has done the work that is asked for again


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """How much there is: each day `jobs_a_day` jobs with other tickers each, the next day the same tickers again.

    Much of it is written `unchecked`, by a role that may do so; what came of the verdicts is then known.
    """

    jobs: int
    tickers_a_job: int = 10
    jobs_a_day: int = 40
    with_readings: bool = True
    unchecked: bool = False

    @property
    def tickers(self) -> int:
        """How many tickers have a result on FIRST_DAY and every day after it."""
        return self.tickers_a_job * self.jobs_a_day


@lru_cache(maxsize=1)
def benchmark_queries() -> Any:  # noqa: ANN401 - aiosql makes one method per named statement
    """The statements that only benchmarks need, as methods that take the connection first."""
    return aiosql.from_path(Path(__file__).parent / "sql", "psycopg")


def name_of(number: int) -> str:
    """The ticker of this number."""
    return f"BENCH{number:04d}"


def take_time(connection: Connection) -> None:
    """Let statements of this connection, which is no task's, take as long as they need."""
    connection.execute("SET statement_timeout = 0")


def fill(connection: Connection, past: Past, request: AnalysisRequest, like: Outcome) -> None:
    """Store ended jobs; some have done the work of `request`, and each result is as large as `like`.

    `connection` is of the role that owns the tables: no other may analyse them for the planner.
    """
    queries = benchmark_queries()
    with connection.transaction(), _unchecked(connection) if past.unchecked else nullcontext():
        queries.add_jobs(
            connection,
            jobs=past.jobs,
            key_every=ASKED_EVERY,
            claim_key=claim_key(request),
            request=Jsonb(request_document(request)),
            tickers=past.tickers_a_job,
        )
        for first in range(0, past.jobs, JOBS_AT_ONCE):
            _add_work(connection, past, request, like, first, min(first + JOBS_AT_ONCE, past.jobs) - 1)
        queries.add_failures(connection)
        queries.add_requests(connection)
    queries.look_over(connection)


@contextmanager
def _unchecked(connection: Connection) -> Iterator[None]:
    """Rows as they are, and in the end what the triggers would have kept."""
    benchmark_queries().write_unchecked(connection)
    yield
    benchmark_queries().write_checked(connection)
    benchmark_queries().add_latest_results(connection)


def _add_work(
    connection: Connection, past: Past, request: AnalysisRequest, like: Outcome, first: int, last: int
) -> None:
    """What the jobs of these numbers have done."""
    queries, columns = benchmark_queries(), outcome_columns(like)
    queries.add_results(
        connection,
        first=first,
        last=last,
        tickers=past.tickers_a_job,
        jobs_a_day=past.jobs_a_day,
        first_day=FIRST_DAY,
        strategy=request.strategy,
        strategy_version=request.strategy_version,
        summary=columns["summary"],
        reasons=list(columns["reasons"]),
    )
    if past.with_readings:
        queries.add_raw_data(connection, first=first, last=last, readings=Jsonb(columns["readings"]))
    queries.add_details(connection, first=first, last=last)
    if past.unchecked:
        queries.add_follow_ups(connection, first=first, last=last)
