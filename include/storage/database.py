"""The way to the database for whole pieces of work: a lost connection, a deadlock or a lock timeout is tried again."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import Self, TypeVar

import psycopg
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from include.model.errors import SchemaError
from include.storage.connection import Connection

log = logging.getLogger(__name__)

T = TypeVar("T")

FIRST_PAUSE = 0.1  # seconds at most; each one after it may be twice as long, and all are drawn at random
LONGEST_PAUSE = 2.0
# https://www.postgresql.org/docs/current/errcodes-appendix.html
CONNECTION_LOST = ("08", "57P01", "57P02", "57P03", "53300")
COLLISION = ("40001", "40P01", "55P03")
SCHEMA_IS_WRONG = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)


def is_transient(error: BaseException) -> bool:
    """Whether the same work may succeed in a moment: connection lost, deadlock, serialisation, or lock timeout.

    What libpq says without the server (refused, closed, cut off) has no SQLSTATE.
    """
    if not isinstance(error, psycopg.OperationalError):
        return False
    return error.sqlstate is None or error.sqlstate.startswith((*CONNECTION_LOST, *COLLISION))


class Database:
    """Runs pieces of work on one connection, which is opened when it is needed, and again when it is lost.

    `connect` opens or lends a connection for the length of a `with` block, as a connection of psycopg itself does.
    A piece of work must be all or nothing, or such that doing it twice is the same: it may have succeeded when the
    connection is lost at its very end.
    """

    def __init__(self, connect: Callable[[], AbstractContextManager[Connection]], patience_seconds: float) -> None:
        self._connect, self._patience = connect, patience_seconds
        self._held = ExitStack()
        self._connection: Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection, or give it back; the next piece of work opens another."""
        self._connection = None
        self._held.close()

    def run(self, work: Callable[[Connection], T]) -> T:
        """The result of `work`; what is transient is tried again for as long as the patience lasts.

        Raises what `work` raised at last, and SchemaError where the database lacks a table or a column.
        """
        try:
            result: T = self._retrying()(self._attempt, work)
            return result
        except SCHEMA_IS_WRONG as error:
            raise SchemaError(
                f"the database is not as this code needs it ({_first_line(error)}): see `make doctor`"
            ) from error

    def _retrying(self) -> Retrying:
        return Retrying(
            retry=retry_if_exception(is_transient),
            wait=wait_random_exponential(multiplier=FIRST_PAUSE, max=LONGEST_PAUSE),
            stop=stop_after_delay(self._patience),
            before_sleep=_say,
            reraise=True,
        )

    def _attempt(self, work: Callable[[Connection], T]) -> T:
        if self._connection is None or self._connection.closed:
            self._held.close()
            self._connection = self._held.enter_context(self._connect())
        try:
            return work(self._connection)
        except psycopg.OperationalError:
            if self._connection.broken:
                self.close()
            raise


def _say(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("the database: %s; trying again (%d)", _first_line(error), state.attempt_number)


def _first_line(error: BaseException | None) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
