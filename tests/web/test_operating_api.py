"""What an operator looks at, over HTTP, and what of it is for everybody."""

from datetime import UTC, datetime

import pytest

from include.model.bars import DataSource
from include.model.errors import ErrorCode
from include.settings import settings
from include.storage.connection import Connection
from include.storage.limits import Pauses, add_source, note_failure
from tests.storage.demands import begun, demand, opened
from tests.web.calls import error
from tests.web.conftest import Call

ENDED = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def housekeeping(airflow: None) -> None:
    """Airflow knows of a housekeeping that failed, and of one that has begun since."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunType

    of_it = {"dag_id": "stocks_housekeeping", "run_type": DagRunType.MANUAL}
    with create_session() as session:
        over = DagRun(run_id="over", state="failed", **of_it)
        over.end_date, over.note = ENDED, "old jobs could not be removed: disk full"
        session.add_all([over, DagRun(run_id="begun", state="running", **of_it)])


def test_without_a_housekeeping_there_is_nothing_to_tell(api: Call) -> None:
    assert api("GET", "/housekeeping", "admin").json() == {"last": None, "note": None, "report": None}


@pytest.mark.usefixtures("housekeeping")
def test_how_the_last_housekeeping_went_is_for_everybody_and_what_it_did_for_who_sees_all(api: Call) -> None:
    last = {"state": "failed", "ended_at": "2026-11-20T12:00:00Z"}
    assert api("GET", "/housekeeping").json() == {"last": last, "note": None, "report": None}
    said = api("GET", "/housekeeping", "admin").json()
    assert (said["last"], said["note"]) == (last, "old jobs could not be removed: disk full")


def test_the_work_of_the_last_days_is_told_for_each_of_them(api: Call, connection: Connection) -> None:
    opened(connection, "run-1", demand("IBM"))
    connection.execute(
        "UPDATE analysis_jobs SET status = 'failed', status_reason = 'x', completed_at = clock_timestamp()"
    )
    today = api("GET", "/activity").json()["items"][-1]
    assert (today["day"], today["jobs"]) == (str(datetime.now(UTC).date()), {"failed": 1})
    assert len(api("GET", "/activity").json()["items"]) == 30
    assert [one["jobs"] for one in api("GET", "/activity?days=2", "bob").json()["items"]] == [{}, {}]


@pytest.mark.parametrize("query", ["days=0", "days=367", "days=x"])
def test_how_many_days_there_may_be(api: Call, query: str) -> None:
    assert [detail["field"] for detail in error(api("GET", f"/activity?{query}"))["details"]] == ["days"]


def test_what_waits_and_for_what(api: Call, connection: Connection) -> None:
    begun(connection, "run-1", demand("IBM", "JPM", data_source=DataSource.YAHOO))
    add_source(connection, DataSource.YAHOO)
    pauses = Pauses(most_failures=3, first=60, longest=900)
    note_failure(connection, DataSource.YAHOO, "IBM", ErrorCode.RATE_LIMITED, "IBM: 429", pauses)
    said = api("GET", "/queue").json()
    ((jobs,), (source,)) = said["jobs"], said["sources"]
    assert (jobs["data_source"], jobs["running_jobs"], jobs["waiting_tickers"]) == ("yahoo", 1, 2)
    assert (source["paused_code"], source["paused_message"]) == ("rate_limited", None)
    assert said["streams"] == {"open": 0, "most": settings().max_event_streams}
    assert api("GET", "/queue", "bob").json()["jobs"] == []
    assert api("GET", "/queue", "admin").json()["sources"][0]["paused_message"] == "IBM: 429"


def test_nobody_waits_for_a_source_that_was_never_asked(api: Call) -> None:
    assert api("GET", "/queue").json()["sources"] == []
