"""The storage behind a pgbouncer that lends a server's connection for one transaction at a time."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import TypeVar

import psycopg
import pytest

from include.model.analysis import RiskProfile
from include.model.job import JobStatus
from include.model.viewer import Viewer
from include.storage.address import Address
from include.storage.connection import Connection, connect, wait_at_most
from include.storage.database import Database
from include.storage.doctor import examine
from include.storage.jobs import finalize_job, progress
from include.storage.pool import Pool
from include.storage.reading import summary
from include.storage.results import store_outcomes
from include.storage.screening import ROWS_AT_ONCE, Screen, screen_all
from local.postgres import Cluster
from tests.conftest import APP
from tests.dice import seeded
from tests.distributed.pooler import FEW, pooler
from tests.jobs.rounds import CLAIMS, Kind, claim
from tests.jobs.storm import storm
from tests.storage.demands import begun, demand, outcome

ADMIN = Viewer(name="admin", sees_all=True)
CLIENTS = 12
ROUNDS = 3
OFTEN = 20  # psycopg prepares what is executed more than five times
EXPORTED = 3 * ROWS_AT_ONCE
T = TypeVar("T")


@pytest.fixture
def pooled(cluster: Cluster, database: str) -> Iterator[str]:
    with pooler(cluster, database) as url:
        yield url


@pytest.fixture
def hand(cluster: Cluster, database: str) -> Iterator[psycopg.Connection]:
    """The superuser, past the pooler."""
    with psycopg.connect(cluster.url(database), autocommit=True) as opened:
        yield opened


def at_once(url: str, work: Callable[[Connection, int], T], threads: int = CLIENTS) -> list[T]:
    """`work` in so many threads, each with a connection of its own."""

    def run(number: int) -> T:
        with connect(url) as connection:
            return work(connection, number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def in_every_session(url: str, what: str) -> list[str]:
    """`what` of each session of the server that the pooler has, in as many transactions at once."""
    gate = threading.Barrier(FEW)

    def look(connection: Connection, _number: int) -> tuple[int, str]:
        with connection.transaction():
            (row,) = connection.execute(f"SELECT pg_backend_pid() AS pid, {what} AS said").fetchall()
            gate.wait(30)
        return row["pid"], row["said"]

    seen = dict(at_once(url, look, FEW))
    assert len(seen) == FEW
    return list(seen.values())


@pytest.mark.parametrize("kind", CLAIMS, ids=lambda kind: kind.__name__)
def test_of_requests_at_one_moment_each_equal_one_has_one_job(pooled: str, kind: Kind) -> None:
    _, rng = seeded("a storm behind a pooler")
    with storm(pooled, CLIENTS) as blowing:
        for number in range(ROUNDS):
            claim(blowing, rng, kind, f"r{number}")


def test_batches_that_are_stored_at_the_same_time_are_stored_whole(pooled: str) -> None:
    tickers = [f"T{number}" for number in range(25)]

    def job(connection: Connection, number: int) -> JobStatus | None:
        job_id = f"job-{number}"
        batch = begun(connection, job_id, demand(*tickers, risk=RiskProfile(capital=1.0 + number)))
        store_outcomes(connection, batch, [outcome(ticker) for ticker in tickers])
        ended = finalize_job(connection, job_id)
        return ended and ended.status

    assert Counter(at_once(pooled, job)) == {JobStatus.COMPLETED: CLIENTS}
    with connect(pooled) as connection:
        for number in range(CLIENTS):
            ended = summary(connection, ADMIN, f"job-{number}")
            assert ended
            assert ended.completed == len(tickers)


def test_an_export_is_whole_while_others_read_and_write(pooled: str) -> None:
    names = [f"T{number:04d}" for number in range(EXPORTED)]
    with connect(pooled) as connection:
        store_outcomes(connection, begun(connection, "wide", demand(*names)), [outcome(name) for name in names])

    def export(connection: Connection, number: int) -> list[str]:
        if number % 2:
            batch = begun(connection, f"job-{number}", demand(f"U{number}"))
            store_outcomes(connection, batch, [outcome(f"U{number}")])
            return names
        with connection.transaction():
            return [row.ticker for row in screen_all(connection, ADMIN, Screen(prefix="T", sort="ticker"))]

    assert all(found == names for found in at_once(pooled, export))


def test_a_statement_that_is_executed_often_stays_in_no_session(pooled: str) -> None:
    def often(connection: Connection, _number: int) -> None:
        for _ in range(OFTEN):
            assert progress(connection, "nobody") is None

    at_once(pooled, often)
    assert in_every_session(pooled, "(SELECT count(*) FROM pg_prepared_statements)") == [0] * FEW


def test_every_session_has_the_limits_of_the_documentation(pooled: str, app_url: str) -> None:
    limits = "current_setting('statement_timeout') || ' ' || current_setting('lock_timeout')"
    with connect(app_url) as direct:
        (row,) = direct.execute(f"SELECT {limits} AS said").fetchall()
    assert in_every_session(pooled, limits) == [row["said"]] * FEW == ["1min 15s"] * FEW


def test_the_limit_of_one_who_is_in_a_hurry_is_his_alone(pooled: str) -> None:
    def hurry(connection: Connection, _number: int) -> None:
        with pytest.raises(psycopg.errors.QueryCanceled), wait_at_most(connection, 0.01):
            connection.execute("SELECT pg_sleep(30)")

    at_once(pooled, hurry)
    assert in_every_session(pooled, "current_setting('statement_timeout')") == ["1min"] * FEW


def test_times_are_read_as_utc_whatever_the_time_zone_of_the_role(pooled: str, hand: psycopg.Connection) -> None:
    hand.execute(f"ALTER ROLE {APP} SET timezone = 'Asia/Kolkata'")

    def read(connection: Connection, number: int) -> object:
        begun(connection, f"job-{number}", demand(f"T{number}"))
        found = summary(connection, ADMIN, f"job-{number}")
        assert found
        return found.created_at.tzinfo

    try:
        assert {str(zone) for zone in at_once(pooled, read)} == {str(UTC)}
    finally:
        hand.execute(f"ALTER ROLE {APP} RESET timezone")


def test_work_goes_on_when_the_server_ends_its_sessions(pooled: str, hand: psycopg.Connection) -> None:
    pool = Pool(lambda: connect(pooled), kept=2)
    stocks = Database(pool.lend, patience_seconds=30)

    pids: list[int] = []

    def cut_off_at_first(connection: Connection) -> int:
        with connection.transaction():
            (row,) = connection.execute("SELECT pg_backend_pid() AS pid").fetchall()
            pids.append(row["pid"])
            if len(pids) == 1:
                hand.execute("SELECT pg_terminate_backend(%s, 5000)", pids)
            connection.execute("SELECT")
        return len(pids)

    with stocks:
        assert stocks.run(cut_off_at_first) == 2
    pool.close()


def limits_of_doctor(url: str) -> tuple[str, ...]:
    findings = {one.check: one.troubles for one in examine(Address(url, is_of_tasks=True), APP, 60.0)}
    return findings["no statement may wait for ever"]


def test_the_doctor_misses_limits_that_the_pooler_does_not_give(cluster: Cluster, database: str, pooled: str) -> None:
    assert limits_of_doctor(pooled) == ()
    with pooler(cluster, database, gives_limits=False) as without:
        assert limits_of_doctor(without) == ("lock_timeout is not set", "statement_timeout is not set")
