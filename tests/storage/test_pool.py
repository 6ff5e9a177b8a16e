"""Connections that stay open from request to request; to lose one is no error."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.pq import TransactionStatus

from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.pool import Pool
from local.postgres import Cluster


@pytest.fixture
def pool(app_url: str) -> Iterator[Pool]:
    made = Pool(lambda: connect(app_url), kept=2)
    yield made
    made.close()


def request(pool: Pool) -> Database:
    return Database(pool.lend, patience_seconds=10)


def backend(connection: Connection) -> int:
    """Which process of PostgreSQL answers."""
    connection.execute("SELECT")
    return connection.info.backend_pid


def end(cluster: Cluster, pids: set[int]) -> None:
    with psycopg.connect(cluster.url(), autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(pid, 5000) FROM unnest(%s) AS pid", (list(pids),))


def test_the_next_request_has_the_same_connection(pool: Pool) -> None:
    with request(pool) as one:
        pid = one.run(backend)
    with request(pool) as next_one:
        assert next_one.run(backend) == pid


def test_requests_at_the_same_time_have_connections_of_their_own(pool: Pool) -> None:
    with request(pool) as one, request(pool) as two, request(pool) as three:
        assert len({one.run(backend), two.run(backend), three.run(backend)}) == 3


def test_connections_that_the_server_has_ended_meanwhile_are_replaced(pool: Pool, cluster: Cluster) -> None:
    with request(pool) as one, request(pool) as two:
        before = {one.run(backend), two.run(backend)}
    end(cluster, before)
    with pool.lend() as one_again, pool.lend() as two_again:
        assert not before & {backend(one_again), backend(two_again)}


def test_a_connection_that_is_lost_in_the_middle_of_a_request_is_never_lent_again(pool: Pool, cluster: Cluster) -> None:
    seen: list[int] = []

    def lost_at_first(connection: Connection) -> int:
        seen.append(backend(connection))
        if len(seen) == 1:
            end(cluster, {seen[0]})
        return backend(connection)

    with request(pool) as database:
        assert database.run(lost_at_first) == seen[1]
    with pool.lend() as connection:
        assert backend(connection) == seen[1] != seen[0]


def test_what_a_request_leaves_undone_does_not_reach_the_next(pool: Pool) -> None:
    with pool.lend() as connection:
        connection.execute("BEGIN")
        connection.execute("INSERT INTO watchlist (owner, ticker) VALUES ('ann', 'IBM')")
    with pool.lend() as connection:
        assert connection.info.transaction_status == TransactionStatus.IDLE
        assert connection.execute("SELECT FROM watchlist").fetchall() == []


def test_a_server_that_is_away_is_an_error_at_once(cluster: Cluster) -> None:
    pool = Pool(lambda: connect(cluster.url("no_such_database")), kept=2)
    with pytest.raises(psycopg.OperationalError, match="no_such_database"), pool.lend():
        raise AssertionError
