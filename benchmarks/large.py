"""A database `stocks` of any size, in a server of its own that goes with it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from types import FrameType

import psycopg
from psycopg import sql

from benchmarks.past import FIRST_DAY, Past, benchmark_queries, fill, take_time
from include.model.job import Outcome
from include.model.request import AnalysisRequest
from include.settings import settings
from include.storage.connection import connect
from include.storage.migrate import migrate
from local.database import SERVER_SETTINGS
from local.postgres import THROWAWAY_SETTINGS, Cluster, throwaway

TICKERS, TICKERS_A_JOB = 10_000, 100
BARS_A_RESULT = 5  # prices begin long before the first analysis
OWNER = "stocks_owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many results there are; each ticker has one of each session, and bars from long before them."""

    results: int

    @property
    def tickers(self) -> int:
        """How many there are."""
        return min(TICKERS, max(self.results // 100, TICKERS_A_JOB))

    @property
    def sessions(self) -> int:
        """How many were analysed."""
        return max(self.results // self.tickers, 1)

    @property
    def bars(self) -> int:
        """How many are cached of a ticker."""
        return BARS_A_RESULT * self.sessions

    @property
    def last_day(self) -> date:
        """The newest session of which there is anything."""
        return FIRST_DAY + timedelta(days=self.sessions - 1)

    @property
    def past(self) -> Past:
        """The jobs that have left it."""
        a_day = self.tickers // TICKERS_A_JOB
        return Past(jobs=a_day * self.sessions, tickers_a_job=TICKERS_A_JOB, jobs_a_day=a_day, unchecked=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Large:
    """A filled database: the addresses of the role of tasks and of the owner."""

    size: Size
    url: str
    owner_url: str

    @property
    def next_day(self) -> date:
        """The session after all that is stored."""
        return self.size.last_day + timedelta(days=1)


@contextmanager
def server() -> Iterator[Cluster]:
    """A server on a disk ($TMPDIR names another one), with the settings of `make up`, gone afterwards."""
    before = signal.signal(signal.SIGTERM, _leave)
    try:
        with throwaway({**SERVER_SETTINGS, **THROWAWAY_SETTINGS}, durable=True) as cluster:
            with psycopg.connect(cluster.url(), autocommit=True) as connection:
                for role in (OWNER, settings().app_role):
                    name, password = sql.Identifier(role), sql.Literal(cluster.password)
                    connection.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(name, password))
                connection.execute(f"GRANT SET ON PARAMETER session_replication_role TO {OWNER}")
            yield cluster
    finally:
        signal.signal(signal.SIGTERM, before)


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit("stopped")  # the way on which everything is cleaned up


@contextmanager
def filled(cluster: Cluster, size: Size, request: AnalysisRequest, like: Outcome) -> Iterator[Large]:
    """A database with so much in it, which is dropped afterwards."""
    name = sql.Identifier(f"size_{size.results}")
    with psycopg.connect(cluster.url(), autocommit=True) as superuser:
        superuser.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(OWNER)))
    urls = [
        cluster.url(f"size_{size.results}", role=role, password=cluster.password)
        for role in (settings().app_role, OWNER)
    ]
    large = Large(size=size, url=urls[0], owner_url=urls[1])
    migrate(large.owner_url, settings().app_role)
    with connect(large.owner_url) as owner:
        take_time(owner)
        fill(owner, size.past, request, like)
        _add_prices(owner, size)
    yield large
    with psycopg.connect(cluster.url(), autocommit=True) as superuser:
        superuser.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _add_prices(owner: psycopg.Connection[dict[str, object]], size: Size) -> None:
    """What was fetched when a ticker was asked for first, and then a bar of each ticker every evening."""
    queries, fetched = benchmark_queries(), FIRST_DAY - timedelta(days=1)
    queries.add_series(owner, tickers=size.tickers, last_day=size.last_day)
    first_day = size.last_day - timedelta(days=size.bars - 1)
    with owner.transaction():
        for ticker in range(size.tickers):
            queries.add_bars(owner, first_ticker=ticker, last_ticker=ticker, first_day=first_day, last_day=fetched)
    with owner.transaction():
        for number in range(size.sessions):
            day = FIRST_DAY + timedelta(days=number)
            queries.add_bars(owner, first_ticker=0, last_ticker=size.tickers - 1, first_day=day, last_day=day)
    queries.look_over_bars(owner)
