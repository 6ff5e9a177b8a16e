"""Connections to the database `stocks` and the named SQL statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import aiosql
import psycopg
from psycopg.rows import DictRow, dict_row

Connection = psycopg.Connection[DictRow]

DatabaseError = psycopg.Error
DatabaseAwayError = psycopg.OperationalError

LIMITS = {"statement_timeout": "60s", "lock_timeout": "15s"}

# A pooler tells its clients a number of its own as that of PostgreSQL's process.
PREPARE = """
SELECT
    set_config('TimeZone', 'UTC', false),
    pg_backend_pid() <> %(pid)s AS is_pooled,
    CASE WHEN pg_backend_pid() = %(pid)s THEN set_config('statement_timeout', %(statement_timeout)s, false) END,
    CASE WHEN pg_backend_pid() = %(pid)s THEN set_config('lock_timeout', %(lock_timeout)s, false) END
"""


def first_line(error: DatabaseError) -> str:
    """What went wrong, without PostgreSQL's details and context."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def prepare(connection: psycopg.Connection[Any]) -> Connection:
    """Give a fresh connection our ways: rows as dicts, autocommit, UTC, and no statement that waits for ever.

    Behind a pooler the session is somebody else's a moment later: what is set there or kept prepared would be theirs.
    The pooler gives the limits then. It knows the time zone, which PostgreSQL reports, for each of its clients.
    """
    connection.row_factory = dict_row
    connection.autocommit = True
    (row,) = connection.execute(PREPARE, {"pid": connection.info.backend_pid, **LIMITS}).fetchall()
    if row["is_pooled"]:
        connection.prepare_threshold = None
    return connection


@contextmanager
def wait_at_most(connection: Connection, seconds: float) -> Iterator[None]:
    """A transaction of which no statement takes longer, for those who hold up others meanwhile."""
    with connection.transaction():
        connection.execute("SELECT set_config('statement_timeout', %s, true)", (f"{seconds:.3f}s",))
        yield


def connect(url: str) -> Connection:
    """Open a connection to `url` (libpq form) and prepare it."""
    return prepare(psycopg.connect(url, application_name="bellwether"))


@lru_cache(maxsize=1)
def queries() -> Any:  # noqa: ANN401 - aiosql makes one method per named statement
    """The named statements of `sql/`, as methods that take the connection first."""
    return aiosql.from_path(Path(__file__).parent / "sql" / "queries", "psycopg")
