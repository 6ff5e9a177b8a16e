"""Jobs over HTTP, where it takes a moment that a whole installation does not hold still for."""

from collections.abc import Callable
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
from psycopg.types.json import Jsonb

from include.analysis import load_strategies
from include.jobs.opening import open_job
from include.model.request import Demand
from include.storage.connection import Connection
from include.storage.deletion import delete_job
from include.storage.jobs import cancel_job, finalize_job, progress
from tests.storage.demands import DAG_ID, SESSION, asking, begun, demand, opened
from tests.web.conftest import Call

# Airflow's own deprecations are not ours to mend; warnings of our code stay errors.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]

RUN = "the-run"


def wanted() -> Demand:
    return demand("IBM", strategy_version=load_strategies()["balanced"].version)


@pytest.fixture
def run(airflow: None) -> Callable[..., str]:
    """Makes a run as Airflow knows it; called again, it says the state."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import select

    def make(state: str | None = None, clear_number: int = 0) -> str:
        with create_session() as session:
            if state:
                made_by = {"triggered_by": DagRunTriggeredByType.TEST, "triggering_user_name": "ann"}
                made = DagRun(dag_id=DAG_ID, run_id=RUN, run_type=DagRunType.MANUAL, state=state, **made_by)
                made.clear_number = clear_number
                session.add(made)
                session.flush()
            return str(session.scalar(select(DagRun.state).where(DagRun.run_id == RUN)))

    return make


def test_a_job_that_was_removed_after_it_was_done_has_not_failed(api: Call, run: Any) -> None:
    run("success")
    assert api("GET", f"/jobs/{RUN}").status_code == 404


@pytest.mark.parametrize("state", ["running", "failed"])
def test_a_job_that_was_removed_before_its_run_was_over_is_gone(
    api: Call, run: Any, connection: Connection, state: str
) -> None:
    run(state)
    opened(connection, RUN, wanted())
    cancel_job(connection, RUN, "enough", actor="ann")
    delete_job(connection, RUN, actor="admin")
    assert api("GET", f"/jobs/{RUN}").status_code == 404
    assert api("GET", "/progress").json() == {"items": [], "next_cursor": None, "active": 0}


@pytest.mark.parametrize(("state", "status"), [("queued", "queued"), ("running", "queued"), ("failed", "failed")])
def test_a_run_without_a_job_has_a_status(api: Call, run: Any, state: str, status: str) -> None:
    run(state)
    assert api("GET", f"/jobs/{RUN}").json()["status"] == status


def test_a_job_that_is_opened_while_it_is_looked_for_is_there(
    api: Call, run: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("running")
    opened(connection, RUN, wanted())
    monkeypatch.setattr("include.web.job_views.summary", lambda *_: None)  # as it was a moment ago
    assert api("GET", f"/jobs/{RUN}").json()["status"] == "queued"
    assert api("GET", f"/jobs/{RUN}", "bob").status_code == 404


@pytest.mark.parametrize("state", ["success", "failed"])
def test_a_run_that_somebody_ended_before_its_job_was_opened_is_cancelled(
    api: Call, run: Any, connection: Connection, state: str
) -> None:
    run(state)
    cancel_job(connection, RUN, f"its run was marked {state} in Airflow", actor="(Airflow does not say)")
    assert api("GET", f"/jobs/{RUN}").json()["status"] == "cancelled"


def test_a_job_is_told_with_its_request_as_it_is_stored(api: Call, connection: Connection) -> None:
    opened(connection, RUN, wanted())
    reason = 'its note has "request":null in it'
    connection.execute("UPDATE analysis_jobs SET status_reason = %s", [reason])
    said = api("GET", f"/jobs/{RUN}").json()
    stored = connection.execute("SELECT request FROM analysis_jobs").fetchone()
    assert (said["status_reason"], said["request"]) == (reason, stored and stored["request"])
    assert said["request"]["tickers"] == ["IBM"]


def ask_as(connection: Connection, job_id: str, clear_number: int = 0) -> str:
    """A run asks for the one work of these tests; the job that answers it."""
    run = asking(job_id, clear_number=clear_number)
    answer = open_job(connection, run, wanted(), {"IBM": SESSION}, is_over=lambda _: False)
    return answer.claim.run.job_id


def test_a_run_that_is_cleared_answers_with_the_job_that_it_joined_at_last(api: Call, connection: Connection) -> None:
    ask_as(connection, RUN)
    cancel_job(connection, RUN, "enough", actor="ann")
    assert ask_as(connection, "other") == "other"
    assert api("GET", f"/jobs/{RUN}").json()["status"] == "cancelled"
    assert ask_as(connection, RUN, clear_number=1) == "other"
    assert api("GET", f"/jobs/{RUN}").json()["job_id"] == "other"
    cancel_job(connection, "other", "enough", actor="ann")
    assert ask_as(connection, RUN, clear_number=2) == RUN
    finalize_job(connection, RUN)
    assert api("GET", f"/jobs/{RUN}").json()["job_id"] == RUN


def test_a_run_that_took_the_name_of_a_deleted_one_is_not_what_that_one_joined(
    api: Call, run: Any, connection: Connection
) -> None:
    ask_as(connection, "other")
    assert ask_as(connection, RUN) == "other"
    assert api("GET", f"/jobs/{RUN}").json()["job_id"] == "other"
    run("queued")
    said = api("GET", f"/jobs/{RUN}").json()
    assert (said["job_id"], said["status"]) == (RUN, "queued")


def test_a_run_that_is_on_record_as_joined_is_answered_by_the_job_that_its_first_task_names(
    api: Call, run: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_as(connection, "other")
    ask_as(connection, RUN)
    run("success")
    monkeypatch.setattr("include.web.job_views.joined_job", lambda *_: "other")  # it pushed an XCom
    assert api("GET", f"/jobs/{RUN}").json()["job_id"] == "other"


def test_a_cancel_of_a_job_that_is_done_leaves_the_run_as_it_is_also_when_that_was_cleared(
    api: Call, run: Any, connection: Connection
) -> None:
    run("running", clear_number=1)
    begun(connection, RUN, wanted(), clear_number=1)
    finalize_job(connection, RUN)
    answer = api("POST", f"/jobs/{RUN}/cancel", json={})
    assert (answer.status_code, answer.json()["status"], run()) == (200, "failed", "running")


def test_a_job_that_has_ended_is_read_without_airflows_database(
    api: Call, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(connection, RUN, wanted())
    finalize_job(connection, RUN)
    monkeypatch.setattr("include.web.job_views.find_run", Mock(side_effect=AssertionError("Airflow was asked")))
    assert api("GET", f"/jobs/{RUN}").json()["status"] == "failed"


def test_a_cancel_that_comes_after_the_work_is_done_leaves_the_run_as_it_is(
    api: Call, run: Any, connection: Connection
) -> None:
    run("running")
    begun(connection, RUN, wanted())
    finalize_job(connection, RUN)
    answer = api("POST", f"/jobs/{RUN}/cancel", json={})
    assert (answer.status_code, answer.json()["status"], run()) == (200, "failed", "running")


def test_a_request_is_recorded_once_also_when_the_connection_is_lost_behind_it(
    api: Call, run: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("running")
    opened(connection, RUN, wanted())
    looks = Mock(side_effect=[psycopg.OperationalError("the connection is lost"), progress(connection, RUN)])
    monkeypatch.setattr("include.web.jobs_api.progress", looks)
    answer = api("POST", "/jobs", json={"tickers": ["IBM"], "data_source": "sample"})
    assert (answer.status_code, answer.json()["job_id"]) == (200, RUN)
    recorded = connection.execute("SELECT disposition FROM analysis_requests").fetchall()
    assert recorded == [{"disposition": "joined"}]


def test_a_run_that_was_cancelled_before_its_job_was_opened_is_in_the_list_also_when_airflow_has_forgotten_it(
    api: Call, connection: Connection
) -> None:
    made = {"requested_by": "ann", "door": "api", "raw": Jsonb({}), "job_id": RUN, "run_id": RUN}
    connection.execute(
        "INSERT INTO analysis_requests (requested_by, door, raw, disposition, job_id, run_id, latency_ms)"
        " VALUES (%(requested_by)s, %(door)s, %(raw)s, 'created', %(job_id)s, %(run_id)s, 1)",
        made,
    )
    assert api("GET", "/jobs").json()["items"] == []
    cancel_job(connection, RUN, "cancelled by ann", actor="ann")
    (one,) = api("GET", "/jobs?status=cancelled").json()["items"]
    assert (one["job_id"], one["status_reason"], one["trigger"]) == (RUN, "cancelled by ann", "api")
    assert api("GET", f"/jobs/{RUN}").json()["status"] == "cancelled"
    assert api("GET", f"/jobs/{RUN}", "bob").status_code == 404
    assert api("GET", "/jobs", "bob").json()["items"] == []
    assert [r["disposition"] for r in api("GET", "/requests").json()["items"]] == ["refused", "created"]


def test_a_job_leads_to_its_run_whichever_dag_that_is_of(api: Call, connection: Connection) -> None:
    opened(connection, RUN, wanted())
    connection.execute("UPDATE analysis_jobs SET dag_id = 'stocks_daily_xnys'")
    assert api("GET", f"/jobs/{RUN}").json()["links"]["dag_run"] == f"/dags/stocks_daily_xnys/runs/{RUN}"
