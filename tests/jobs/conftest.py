"""The database as the housekeeping has it, and as an operator does."""

from collections.abc import Iterator

import psycopg
import pytest

from include.storage.connection import Connection, connect
from include.storage.database import Database
from local.postgres import Cluster


@pytest.fixture
def stocks(app_url: str) -> Iterator[Database]:
    """The fresh database as the task has it; it waits for no lock, so that a test does not."""

    def impatient() -> Connection:
        connection = connect(app_url)
        connection.execute("SELECT set_config('lock_timeout', '50ms', false)")
        return connection

    with Database(impatient, patience_seconds=0) as database:
        yield database


@pytest.fixture
def owner(cluster: Cluster, database: str) -> Iterator[psycopg.Connection]:
    """Who may do what tasks may not: change the record of requests, add triggers."""
    with psycopg.connect(cluster.url(database), autocommit=True) as connection:
        yield connection
