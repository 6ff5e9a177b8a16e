"""Databases for jobs that are disturbed, and what one leaves behind that is not."""

from collections.abc import Iterator

import pytest

from include.storage.connection import connect
from include.storage.database import Database
from include.storage.watchlist import add_to_watchlist
from local.postgres import Cluster
from tests.conftest import APP, PASSWORD, drop_database, new_database
from tests.pipeline.killing import KNOWN, TICKERS, begin, end, run_job, wanted, work
from tests.pipeline.rows import Rows, rows_of


def url_of(cluster: Cluster, name: str) -> str:
    return cluster.url(name, role=APP, password=PASSWORD)


@pytest.fixture(scope="session")
def prepared(cluster: Cluster, template: str) -> str:
    """A database that knows the result of one of the job's tickers, and who watches what."""
    name = new_database(cluster, template)
    with Database(lambda: connect(url_of(cluster, name)), patience_seconds=5) as database:
        for owner in ("ann", "bob"):
            database.run(lambda own, owner=owner: add_to_watchlist(own, owner, TICKERS))  # type: ignore[misc]
        (order,) = begin(database, "earlier", wanted(KNOWN))
        work(database, order)
        end(database, "earlier")
    return name


@pytest.fixture
def prepared_url(cluster: Cluster, prepared: str) -> Iterator[str]:
    """A copy of it, for one job."""
    name = new_database(cluster, prepared)
    yield url_of(cluster, name)
    drop_database(cluster, name)


@pytest.fixture(scope="session")
def undisturbed(cluster: Cluster, prepared: str) -> Rows:
    """What the job leaves behind when nothing happens to it."""
    name = new_database(cluster, prepared)
    run_job(url_of(cluster, name))
    rows = rows_of(url_of(cluster, name))
    drop_database(cluster, name)
    return rows
