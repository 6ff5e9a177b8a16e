"""Connections that stay open from one use to the next: to open one takes longer than most statements."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.pool import QueuePool

from include.storage.connection import Connection


class Pool:
    """Lends connections to threads: as many as are wanted at once, of which up to `kept` stay open.

    One that the server has ended meanwhile is noticed before it is lent, and replaced at once, as are all that are
    older than that moment.
    """

    def __init__(self, connect: Callable[[], Connection], kept: int) -> None:
        creator: Any = connect
        dialect = PGDialect_psycopg(dbapi=psycopg)  # type: ignore[no-untyped-call]
        self._pool = QueuePool(creator, pool_size=kept, max_overflow=-1, use_lifo=True, pre_ping=True, dialect=dialect)

    @contextmanager
    def lend(self) -> Iterator[Connection]:
        """A connection, until the block ends; what is not committed by then is rolled back."""
        lent = self._pool.connect()
        connection: Any = lent.driver_connection
        try:
            yield connection
        finally:
            if connection.closed:
                lent.invalidate()
            lent.close()

    def close(self) -> None:
        """Close the connections that nobody has."""
        self._pool.dispose()
