"""The API server's way to the database `stocks`."""

from contextlib import AbstractContextManager

from include.pipeline.database import open_connection
from include.storage.connection import Connection
from include.storage.database import Database
from include.storage.pool import Pool

PATIENCE = 3.0  # seconds; somebody is waiting, and after it the answer is 503

_pool = Pool(open_connection, kept=5)


def stocks() -> Database:
    """The database for the pieces of work of one request."""
    return Database(_pool.lend, PATIENCE)


def lend() -> AbstractContextManager[Connection]:
    """A connection of the pool for as long as the block takes, for what is streamed."""
    return _pool.lend()
