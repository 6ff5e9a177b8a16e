"""Connections to the database `stocks` and the named SQL statements."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import aiosql
import psycopg
from psycopg.rows import DictRow, dict_row

Connection = psycopg.Connection[DictRow]

DatabaseError = psycopg.Error
DatabaseAwayError = psycopg.OperationalError

STATEMENT_TIMEOUT = "60s"
LOCK_TIMEOUT = "15s"


def first_line(error: DatabaseError) -> str:
    """What went wrong, without PostgreSQL's details and context."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def prepare(connection: psycopg.Connection[Any]) -> Connection:
    """Give a fresh connection our ways: rows as dicts, autocommit, UTC, and no statement that waits for ever."""
    connection.row_factory = dict_row
    connection.autocommit = True
    connection.execute(
        "SELECT set_config('TimeZone', 'UTC', false), set_config('statement_timeout', %s, false),"
        " set_config('lock_timeout', %s, false)",
        (STATEMENT_TIMEOUT, LOCK_TIMEOUT),
    )
    return connection


def wait_at_most(connection: Connection, seconds: float) -> None:
    """Let no statement of this connection take longer, for those who hold up others meanwhile."""
    connection.execute("SELECT set_config('statement_timeout', %s, false)", (f"{seconds:.3f}s",))


def connect(url: str) -> Connection:
    """Open a connection to `url` (libpq form) and prepare it."""
    return prepare(psycopg.connect(url, application_name="bellwether"))


@lru_cache(maxsize=1)
def queries() -> Any:  # noqa: ANN401 - aiosql makes one method per named statement
    """The named statements of `sql/`, as methods that take the connection first."""
    return aiosql.from_path(Path(__file__).parent / "sql" / "queries", "psycopg")
