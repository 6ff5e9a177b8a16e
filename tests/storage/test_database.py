"""Pieces of work on a database that comes and goes: only what is transient is tried again."""

import threading
from collections.abc import Callable, Iterator

import psycopg
import pytest

from include.model.errors import SchemaError
from include.storage.connection import Connection, connect
from include.storage.database import Database
from local.postgres import Cluster


@pytest.fixture
def stocks(app_url: str) -> Iterator[Database]:
    with Database(lambda: connect(app_url), patience_seconds=10) as opened:
        yield opened


def failing_once(work: Callable[[Connection], object], error: str) -> Callable[[Connection], object]:
    """Work that PostgreSQL itself refuses with SQLSTATE `error` at the first try."""
    tries: list[int] = []

    def run(connection: Connection) -> object:
        tries.append(1)
        if len(tries) == 1:
            connection.execute(f"DO $$ BEGIN RAISE SQLSTATE '{error}'; END $$")
        return work(connection), len(tries)

    return run


def answer(connection: Connection) -> int:
    return int(connection.execute("SELECT 42 AS n").fetchone()["n"])  # type: ignore[index]


@pytest.mark.parametrize("error", ["40001", "40P01", "55P03", "57P01", "08006"])
def test_a_transient_fault_is_tried_again(stocks: Database, error: str) -> None:
    assert stocks.run(failing_once(answer, error)) == (42, 2)


@pytest.mark.parametrize("error", ["23505", "22P02", "57014", "53100", "42501", "P0001"])
def test_every_other_error_is_raised_at_once(stocks: Database, error: str) -> None:
    with pytest.raises(psycopg.Error) as raised:
        stocks.run(failing_once(answer, error))
    assert raised.value.sqlstate == error


def test_a_connection_that_the_server_ends_between_two_pieces_of_work_is_opened_again(
    stocks: Database, cluster: Cluster
) -> None:
    pid = stocks.run(lambda connection: connection.info.backend_pid)
    with psycopg.connect(cluster.url(), autocommit=True) as superuser:
        superuser.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    assert stocks.run(answer) == 42


def test_a_connection_that_the_server_ends_in_the_middle_of_a_transaction_leaves_nothing_half_done(
    stocks: Database, cluster: Cluster
) -> None:
    tries: list[int] = []

    def work(connection: Connection) -> None:
        with connection.transaction():
            connection.execute("INSERT INTO watchlist (owner, ticker) VALUES ('ann', 'IBM')")
            tries.append(connection.info.backend_pid)
            if len(tries) == 1:
                with psycopg.connect(cluster.url(), autocommit=True) as superuser:
                    superuser.execute("SELECT pg_terminate_backend(%s, 5000)", (tries[0],))
            connection.execute("INSERT INTO watchlist (owner, ticker) VALUES ('ann', 'JPM')")

    stocks.run(work)
    assert len(tries) == 2
    found = stocks.run(lambda connection: connection.execute("SELECT ticker FROM watchlist").fetchall())
    assert sorted(row["ticker"] for row in found) == ["IBM", "JPM"]


def test_of_two_pieces_of_work_in_a_deadlock_both_are_done(app_url: str) -> None:
    """PostgreSQL ends one of them; it is tried again."""
    with connect(app_url) as connection:
        connection.execute("INSERT INTO watchlist (owner, ticker) VALUES ('ann', 'A'), ('ann', 'B')")
    gate, errors = threading.Barrier(2), []

    def lock_both(tickers: str) -> None:
        first_try = [True]

        def work(connection: Connection) -> None:
            with connection.transaction():
                for ticker in tickers:
                    connection.execute("UPDATE watchlist SET notes = 'x' WHERE ticker = %s", (ticker,))
                    if first_try:
                        first_try.clear()
                        gate.wait(timeout=20)

        try:
            with Database(lambda: connect(app_url), patience_seconds=20) as own:
                own.run(work)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=lock_both, args=(order,)) for order in ("AB", "BA")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=40)
    assert errors == []


def test_a_database_that_stays_away_is_an_error_when_the_patience_is_over() -> None:
    nowhere = "postgresql://stocks_app:x@127.0.0.1:1/stocks"
    tries: list[int] = []

    def open_it() -> Connection:
        tries.append(1)
        return connect(nowhere)

    with Database(open_it, patience_seconds=0.5) as away, pytest.raises(psycopg.OperationalError, match="refused"):
        away.run(answer)
    assert len(tries) > 1


@pytest.mark.parametrize("statement", ["SELECT * FROM no_such_table", "SELECT no_such_column FROM watchlist"])
def test_a_database_without_a_table_or_column_of_ours_says_what_mends_it(stocks: Database, statement: str) -> None:
    with pytest.raises(SchemaError, match="make doctor"):
        stocks.run(lambda connection: connection.execute(statement))
