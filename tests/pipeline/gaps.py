"""Faults in the gaps between the statements of a task: its connection is lost, or PostgreSQL refuses a statement."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg.rows import DictRow

from include.storage.connection import Connection, connect

Fault = Callable[["Connection", str], None]


def lose_connection(connection: Connection, url: str) -> None:
    """End the server's process of this connection, as an administrator or a restart does."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.info.backend_pid])


def refuse(sqlstate: str) -> Fault:
    """Let the server itself refuse the next statement, in the transaction that is open."""

    def fault(connection: Connection, url: str) -> None:
        psycopg.Cursor(connection).execute(f"DO $$ BEGIN RAISE SQLSTATE '{sqlstate}'; END $$")

    return fault


@dataclass
class Gaps:
    """Counts the statements of its connections, and does `fault` once: before statement `at`, or behind it."""

    url: str
    fault: Fault
    at: int = -1
    is_behind: bool = False
    said: list[str] = field(default_factory=list)

    def connect(self) -> Connection:
        """A connection of a task, with the gaps in it."""
        connection = connect(self.url)
        gaps = self

        class Statement(psycopg.Cursor[DictRow]):
            def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
                number = len(gaps.said)
                gaps.said.append(" ".join(str(query).split())[:60])
                if number == gaps.at and not gaps.is_behind:
                    gaps.fault(connection, gaps.url)
                made = super().execute(query, params, **more)
                if number == gaps.at and gaps.is_behind:
                    gaps.fault(connection, gaps.url)
                return made

        connection.cursor_factory = Statement
        return connection
