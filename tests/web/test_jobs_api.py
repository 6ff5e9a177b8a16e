"""Jobs over HTTP, where it takes a moment that a whole installation does not hold still for."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import Mock

import psycopg
import pytest
from psycopg.types.json import Jsonb

from include.analysis import load_strategies
from include.jobs.opening import open_job, record_refusal
from include.model.request import Demand
from include.storage.connection import Connection
from include.storage.deletion import delete_job
from include.storage.jobs import cancel_job, finalize_job, progress
from include.storage.requests import Disposition, Door, RequestRecord, record_request
from local.postgres import Cluster
from tests.storage.demands import DAG_ID, SESSION, asking, begun, demand, opened
from tests.web.conftest import Call

# Airflow's own deprecations are not ours to mend; warnings of our code stay errors.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]

RUN = "the-run"
EVENING = datetime(2026, 1, 5, 18, tzinfo=UTC)


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


@pytest.fixture
def runs(airflow: None) -> Callable[..., None]:
    """Makes active runs as Airflow knows them, one a second since a time of its own, the first the oldest."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType, DagRunType

    def make(
        *run_ids: str, user: str | None = "ann", since: datetime = EVENING, dag_id: str = DAG_ID, kind: str = "manual"
    ) -> None:
        made_by = {"triggered_by": DagRunTriggeredByType.TEST, "triggering_user_name": user}
        with create_session() as session:
            for number, run_id in enumerate(run_ids):
                run = DagRun(dag_id=dag_id, run_id=run_id, run_type=DagRunType(kind), state="queued", **made_by)
                run.queued_at = since + timedelta(seconds=number)
                session.add(run)

    return make


def listed(api: Call, query: str = "", user: str = "ann") -> list[str]:
    return [job["job_id"] for job in api("GET", f"/jobs{query}", user).json()["items"]]


def test_a_run_that_waits_is_seen_by_its_user_behind_any_number_of_others(
    api: Call, runs: Any, connection: Connection
) -> None:
    from include.web.waiting_runs import PORTION

    runs(RUN)
    runs(*(f"of-bob-{number}" for number in range(PORTION)), user="bob", since=EVENING + timedelta(hours=1))
    seen = api("GET", "/progress").json()
    assert ([job["job_id"] for job in seen["items"]], seen["active"]) == ([RUN], 1)
    assert (listed(api), listed(api, "?status=queued")) == ([RUN], [RUN])
    assert api("GET", "/progress?limit=1", "admin").json()["active"] == PORTION + 1


def test_a_run_that_waits_is_seen_behind_any_number_of_runs_that_have_jobs(
    api: Call, runs: Any, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.web.waiting_runs.PORTION", 2)
    runs(RUN, *(f"at-work-{number}" for number in range(4)))
    for number in range(4):
        opened(connection, f"at-work-{number}", demand(f"T{number}"))
    seen = api("GET", "/progress?limit=1").json()
    assert ([job["job_id"] for job in seen["items"]], seen["active"]) == ([RUN, "at-work-3"], 5)
    assert RUN in listed(api, "?status=queued")


def test_pages_have_jobs_and_runs_that_wait_once_each(api: Call, runs: Any, connection: Connection) -> None:
    every = [f"a{number}" for number in range(8)]
    for number, job_id in enumerate(every):
        if number % 3:
            runs(job_id, since=EVENING + timedelta(minutes=number))
        else:
            opened(connection, job_id, demand(f"T{number}"))
            at = (EVENING + timedelta(minutes=number), job_id)
            connection.execute("UPDATE analysis_jobs SET created_at = %s WHERE job_id = %s", at)
    for most in (1, 2, 3, 8):
        page = api("GET", f"/jobs?limit={most}").json()
        seen = page["items"]
        while page["next_cursor"]:
            page = api("GET", f"/jobs?limit={most}&cursor={page['next_cursor']}").json()
            seen += page["items"]
        assert [job["job_id"] for job in seen] == every[::-1]


def test_runs_that_wait_are_filtered_as_jobs_are(api: Call, runs: Any, connection: Connection) -> None:
    runs("a1", "a2")
    runs("b1", user="bob", since=EVENING + timedelta(hours=1))
    record_request(connection, made_by("a1", Door.UI))
    found = {
        query: listed(api, f"?{query}", "admin")
        for query in (
            "status=queued",
            "status=processing",
            "requested_by=bob",
            "trigger=ui",
            "since=2026-01-05T18:00:01Z",
        )
    }
    assert found == {
        "status=queued": ["b1", "a2", "a1"],
        "status=processing": [],
        "requested_by=bob": ["b1"],
        "trigger=ui": ["a1"],
        "since=2026-01-05T18:00:01Z": ["b1", "a2"],
    }


def made_by(run_id: str, door: Door, disposition: Disposition = Disposition.CREATED) -> RequestRecord:
    known = {"raw": {}, "request": None, "latency_ms": 1.0, "reason": None}
    return RequestRecord(requested_by="ann", door=door, disposition=disposition, job_id=run_id, run_id=run_id, **known)


def test_a_run_that_was_refused_and_cleared_is_listed_once_and_goes_on(
    api: Call, runs: Any, connection: Connection
) -> None:
    record_request(connection, made_by(RUN, Door.API))
    record_refusal(connection, asking(RUN, door=Door.API), None, "no such universe")
    runs(RUN)
    assert [job["status"] for job in api("GET", "/jobs").json()["items"]] == ["failed"]
    assert [job["status"] for job in api("GET", "/progress").json()["items"]] == ["queued"]


def test_a_run_that_has_joined_another_ones_job_does_not_wait(
    api: Call, runs: Any, connection: Connection, cluster: Cluster
) -> None:
    ask_as(connection, "other")
    ask_as(connection, RUN)
    runs(RUN)
    assert listed(api) == ["other", RUN]  # by its name: it may be another one's, as long as it has said nothing itself
    say_joined(cluster, RUN, "other")
    assert (listed(api), api("GET", "/progress").json()["active"]) == (["other"], 1)


def say_joined(cluster: Cluster, run_id: str, job_id: str) -> None:
    """What the first task of a run leaves in Airflow's database, without the rows of that task."""
    from airflow import settings

    with psycopg.connect(cluster.url(settings.engine.url.database)) as airflows:
        airflows.execute("SET session_replication_role = replica")
        airflows.execute(
            "INSERT INTO xcom (dag_run_id, task_id, map_index, key, dag_id, run_id, value, timestamp)"
            " SELECT id, 'open_job', -1, 'joined', dag_id, run_id, to_json(%s::text), now()"
            " FROM dag_run WHERE run_id = %s",
            [job_id, run_id],
        )


@pytest.mark.parametrize("user", ["ann", "bob"])
def test_a_run_of_a_timetable_that_waits_is_seen_by_all_and_leads_to_its_dag(api: Call, runs: Any, user: str) -> None:
    runs(RUN, user=None, dag_id="stocks_daily_xnys", kind="scheduled")
    runs("past", user="ann", dag_id="stocks_history_xnys", kind="backfill")
    assert {job["job_id"] for job in api("GET", "/progress", user).json()["items"]} == {RUN, "past"}
    assert listed(api, user=user) == [RUN, "past"]
    assert api("GET", f"/jobs/{RUN}", user).json()["links"]["dag_run"] == f"/dags/stocks_daily_xnys/runs/{RUN}"
    assert api("GET", "/jobs/past", user).json()["status"] == "queued"


def test_a_cancel_reaches_a_run_of_a_timetable_that_waits(
    api: Call, runs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs(RUN, user=None, dag_id="stocks_daily_xnys", kind="scheduled")
    failed = Mock()
    monkeypatch.setattr("include.web.airflow_runs.patch_dag_run", failed)
    assert api("POST", f"/jobs/{RUN}/cancel", json={}).json()["dag_id"] == "stocks_daily_xnys"
    assert failed.call_args.args[:2] == ("stocks_daily_xnys", RUN)
