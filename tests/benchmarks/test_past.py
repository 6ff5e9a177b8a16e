"""The months of use that benchmarks make up are such as the product itself would have left."""

from dataclasses import replace

import pytest
from psycopg.errors import ForeignKeyViolation

from benchmarks.past import FIRST_DAY, Past, fill, name_of
from include.jobs.claims import claim_key
from include.model.bars import DataSource
from include.model.job import JobStatus
from include.model.request import AnalysisRequest
from include.storage.address import Address
from include.storage.connection import Connection, connect
from include.storage.doctor import examine
from include.storage.jobs import progress
from include.storage.requests import find_claim
from include.storage.results import fresh_results, verdicts
from local.postgres import Cluster
from tests.conftest import APP, OWNER, PASSWORD
from tests.storage.demands import demand, outcome

JOBS = 120
REQUEST: AnalysisRequest = replace(
    demand().request, tickers=tuple(name_of(number) for number in range(100)), data_source=DataSource.DEMO
)


@pytest.fixture
def filled(cluster: Cluster, database: str, connection: Connection) -> Connection:
    """The database with a past, as the application's role sees it."""
    with connect(cluster.url(database, role=OWNER, password=PASSWORD)) as owner:
        fill(owner, Past(jobs=JOBS), REQUEST, outcome("JPM"))
    return connection


def test_every_job_has_ended_as_its_details_say(filled: Connection) -> None:
    jobs = [progress(filled, f"past-{number}") for number in range(JOBS)]
    ended = [(job.status, job.completed, job.failed, job.pending) for job in jobs if job]
    whole, partly = (JobStatus.COMPLETED, 10, 0, 0), (JobStatus.COMPLETED_WITH_ERRORS, 10, 1, 0)
    assert len(ended) == JOBS
    assert ended == [whole if number % 10 else partly for number in range(JOBS)]


def test_the_work_that_is_asked_for_again_was_done_before(filled: Connection) -> None:
    known = find_claim(filled, claim_key(REQUEST))
    assert (known.active_job_id, known.next_number) == (None, 2)


def test_a_hundred_tickers_have_a_result_on_the_first_day(filled: Connection) -> None:
    results = fresh_results(filled, REQUEST, dict.fromkeys(REQUEST.tickers, FIRST_DAY))
    assert {result.ticker for result in results} == set(REQUEST.tickers)


def test_every_completed_detail_has_its_result(filled: Connection) -> None:
    rows = [row for number in range(JOBS) for row in verdicts(filled, f"past-{number}")]
    assert [row.ticker for row in rows if (row.summary is None) != (row.ticker == "BENCHGONE")] == []


def test_what_is_written_unchecked_is_as_the_triggers_would_have_kept_it(
    cluster: Cluster, database: str, app_url: str
) -> None:
    with connect(cluster.url(database)) as superuser:
        fill(superuser, Past(jobs=JOBS, unchecked=True), REQUEST, outcome("JPM"))
        assert [f for f in examine(Address(app_url, is_of_tasks=True), APP, 60.0) if f.troubles] == []
        with pytest.raises(ForeignKeyViolation):
            superuser.execute("UPDATE analysis_results SET job_id = 'nobody'")
