"""The tasks' way to the database `stocks`: Airflow's connection, by the setting `connection_id`."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from airflow.providers.postgres.hooks.postgres import PostgresHook

from include.settings import settings
from include.storage.connection import Connection, prepare


@contextmanager
def stocks_database() -> Iterator[Connection]:
    """A connection for one task, closed at its end."""
    opened: Any = PostgresHook(postgres_conn_id=settings().connection_id).get_conn()  # a connection of psycopg 3
    with closing(opened) as connection:
        yield prepare(connection)
