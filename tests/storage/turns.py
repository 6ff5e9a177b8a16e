"""Two pieces of work in a chosen order: one is in the middle of its transaction when the other one meets it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from include.storage.connection import Connection, connect

T = TypeVar("T")


@dataclass
class Turns:
    """A thread for what waits, and a connection that looks on."""

    onlooker: Connection
    pool: ThreadPoolExecutor

    def start(self, connection: Connection, work: Callable[[Connection], T]) -> "Future[T]":
        """Begin `work` in a thread, and return when it waits for a lock of somebody else's."""
        future = self.pool.submit(work, connection)
        while not self._waits(connection.info.backend_pid):
            if future.done():
                raise AssertionError(f"it waited for nobody: {future}")
        return future

    def _waits(self, pid: int) -> bool:
        row = self.onlooker.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0 AS waits", (pid,)).fetchone()
        return bool(row and row["waits"])


@contextmanager
def turns(url: str) -> Iterator[Turns]:
    with connect(url) as onlooker, ThreadPoolExecutor(1) as pool:
        yield Turns(onlooker, pool)
