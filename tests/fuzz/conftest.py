"""One installation for all fuzzing: with jobs that have ended, and from then on with runs that stay queued."""

from collections.abc import Iterator

import pytest

from local.stack import Stack, stack
from tests.end_to_end.airflow import Airflow

BANKS = "/api/stocks/watchlist/banks"
SETTINGS = {"BELLWETHER_DEFAULT_DATA_SOURCE": "sample", "BELLWETHER_MAX_ACTIVE_JOBS": "10000"}


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """What fuzzing asks for is accepted, recorded and made a run, but not done: thousands of jobs would be too much."""
    with stack(tmp_path_factory.mktemp("stack"), SETTINGS) as running:
        with Airflow(running) as admin:
            admin.http.post(BANKS, json={"tickers": ["JPM", "BAC"]}).raise_for_status()
            for tickers in (["IBM", "JPM", "KO"], ["JPM", "NOSUCH"]):
                admin.wait(admin.request(tickers=tickers))
            admin.pause()
            admin.request(tickers=["IBM"], capital=1)
        yield running
