"""The tasks' way to the database `stocks`: Airflow's connection, by the setting `connection_id`."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from airflow.providers.postgres.hooks.postgres import PostgresHook

from include.settings import settings
from include.storage.connection import Connection, prepare
from include.storage.database import Database

TASK_PATIENCE = 20.0  # seconds; after it Airflow tries the whole task again, with longer pauses


@contextmanager
def stocks_database() -> Iterator[Connection]:
    """A connection for one task, closed at its end."""
    with closing(open_connection()) as connection:
        yield connection


def stocks(patience_seconds: float = TASK_PATIENCE) -> Database:
    """The database for pieces of work that are tried again when a fault is transient."""
    return Database(open_connection, patience_seconds)


def open_connection() -> Connection:
    """A connection of the caller's own, to be closed."""
    opened: Any = PostgresHook(postgres_conn_id=settings().connection_id).get_conn()  # a connection of psycopg 3
    return prepare(opened)
