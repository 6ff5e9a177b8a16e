"""The API server's way to the database `stocks`."""

from include.pipeline.database import open_connection
from include.storage.database import Database
from include.storage.pool import Pool

PATIENCE = 3.0  # seconds; somebody is waiting, and after it the answer is 503

_pool = Pool(open_connection, kept=5)


def stocks() -> Database:
    """The database for the pieces of work of one request."""
    return Database(_pool.lend, PATIENCE)
