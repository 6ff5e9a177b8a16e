"""The housekeeping DAG, run by Airflow in this process."""

import socket
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from pydantic import TypeAdapter

from include.jobs.housekeeping import Report
from include.jobs.opening import open_job, record_refusal
from include.model.job import JobStatus
from include.settings import settings
from include.storage.connection import Connection
from include.storage.jobs import finalize_job, progress
from include.storage.requests import Door
from local.postgres import Cluster
from tests.dags.test_analyze_stocks import another_run
from tests.storage.demands import asking, begun, demand, opened

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\\..*")]

LONG_AGO = "interval '1 hour'"


@pytest.fixture
def keep_house(dag: Any, dagbag: Any) -> Callable[[], Any]:
    """Runs the housekeeping once, on the fresh database."""
    return lambda: dagbag.dags["stocks_housekeeping"].test()


@pytest.fixture
def keep(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int], None]]:
    """Sets one of the settings of what is kept."""

    def set_days(what: str, days: int) -> None:
        monkeypatch.setenv(f"BELLWETHER_KEEP_{what}_DAYS", str(days))
        settings.cache_clear()

    yield set_days
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def owner(cluster: Cluster, database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(cluster.url(database), autocommit=True) as connection:
        yield connection


def report(run: Any) -> Any:
    """The result of a run."""
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.scalars(
            select(XComModel).where(XComModel.dag_run_id == run.id, XComModel.key == "return_value")
        )
        return XComModel.deserialize_value(found.one())


def last_report() -> Report | None:
    """The report of the last housekeeping as our API finds it."""
    from airflow.utils.session import create_session

    from include.web import housekeeping

    with create_session() as session:
        return housekeeping.last_report(session)[1]


def note(run: Any) -> str | None:
    """The note as people see it: what the listener makes of the run's end (`dag.test` has no session for it)."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session

    from include.pipeline import listener

    tell = listener.on_dag_run_success if str(run.state) == "success" else listener.on_dag_run_failed
    with create_session() as session:
        ended = session.get(DagRun, run.id)
        tell(dag_run=ended, msg=str(run.state))
        text: str | None = ended.note
        return text


def orphan(connection: Connection, job_id: str = "orphan", ticker: str = "IBM") -> None:
    """A job whose run is gone."""
    opened(connection, job_id, demand(ticker))
    connection.execute(f"UPDATE analysis_jobs SET heartbeat_at = heartbeat_at - {LONG_AGO}".encode())


def ended_last_year(connection: Connection, job_id: str, ticker: str = "XOM") -> None:
    begun(connection, job_id, demand(ticker))
    finalize_job(connection, job_id)
    connection.execute(
        "UPDATE analysis_jobs SET created_at = created_at - interval '1 year',"
        " started_at = started_at - interval '1 year', completed_at = completed_at - interval '1 year'"
        " WHERE job_id = %s",
        (job_id,),
    )


def request(owner: psycopg.Connection, run_id: str) -> None:
    owner.execute(
        "INSERT INTO analysis_requests (requested_at, requested_by, door, raw, disposition, job_id, run_id, latency_ms)"
        " VALUES (now() - interval '10 minutes', 'ann', 'api', '{}', 'created', %s, %s, 1)",
        (run_id, run_id),
    )


def test_a_job_whose_run_is_gone_is_ended_and_reported(keep_house: Callable[[], Any], connection: Connection) -> None:
    orphan(connection)
    run = keep_house()
    assert str(run.state) == "success"
    assert progress(connection, "orphan").status is JobStatus.FAILED  # type: ignore[union-attr]
    found = report(run)
    assert [(job["job_id"], job["reason"]) for job in found["ended"]] == [("orphan", "its DAG run is over")]
    assert found["load"]["active_jobs"] == 0
    assert note(run) == "dead jobs ended: 1"


def test_nothing_to_do_is_a_success_without_a_note(keep_house: Callable[[], Any], connection: Connection) -> None:
    run = keep_house()
    assert str(run.state) == "success"
    assert (report(run)["ended"], report(run)["without_job"]) == ([], [])
    assert note(run) is None


def test_runs_without_a_job_are_named_and_those_that_joined_one_or_were_refused_are_not(
    keep_house: Callable[[], Any], dag: Any, owner: psycopg.Connection, connection: Connection
) -> None:
    opened(connection, "winner")
    states = {"waiting": "queued", "broken": "failed", "joining": "success", "refused": "failed"}
    for run_id, state in states.items():
        another_run(dag, run_id, state)
        request(owner, run_id)
    open_job(connection, asking("joining", door=Door.API), demand(), {}, is_over=lambda _: False)
    record_refusal(connection, asking("refused", door=Door.API), None, "no such universe")
    run = keep_house()
    named = {run_without["run_id"]: run_without["is_over"] for run_without in report(run)["without_job"]}
    assert named == {"waiting": False, "broken": True}
    assert note(run) == "runs without a job: 2"


def test_old_rows_are_removed_by_the_settings(
    keep_house: Callable[[], Any], keep: Callable[[str, int], None], connection: Connection
) -> None:
    ended_last_year(connection, "old")
    assert report(keep_house())["removed"] == [
        {"what": what, "rows": 0, "more": False, "error": None} for what in ("request_ids", "outbox", "changes")
    ]
    keep("JOBS", 90)
    run = keep_house()
    assert {removal["what"]: removal["rows"] for removal in report(run)["removed"]}["jobs"] == 1
    assert progress(connection, "old") is None
    assert note(run) == "jobs removed: 1"


def test_what_cannot_be_removed_fails_the_run_by_name_and_dead_jobs_are_ended_all_the_same(
    keep_house: Callable[[], Any],
    keep: Callable[[str, int], None],
    connection: Connection,
    owner: psycopg.Connection,
) -> None:
    orphan(connection)
    ended_last_year(connection, "old")
    owner.execute("CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE 'disk full'; END$$")
    owner.execute("CREATE TRIGGER no BEFORE DELETE ON analysis_jobs FOR EACH ROW EXECUTE FUNCTION no()")
    keep("JOBS", 90)
    run = keep_house()
    assert str(run.state) == "failed"
    assert progress(connection, "orphan").status is JobStatus.FAILED  # type: ignore[union-attr]
    assert progress(connection, "old") is not None
    assert note(run) == "dead jobs ended: 1; old jobs could not be removed: disk full"
    assert [job["job_id"] for job in report(run)["ended"]] == ["orphan"]
    assert last_report() == TypeAdapter(Report).validate_python(report(run))


@pytest.fixture
def statsd(monkeypatch: pytest.MonkeyPatch, airflow: None) -> Iterator[socket.socket]:
    """What listens where Airflow is told to send its metrics."""
    from airflow.sdk.observability import stats
    from airflow.sdk.observability.metrics.stats_utils import get_stats_factory

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.settimeout(10)
        with monkeypatch.context() as told:
            told.setenv("AIRFLOW__METRICS__STATSD_ON", "True")
            told.setenv("AIRFLOW__METRICS__STATSD_HOST", "127.0.0.1")
            told.setenv("AIRFLOW__METRICS__STATSD_PORT", str(listening.getsockname()[1]))
            stats.initialize(factory=get_stats_factory(), export_legacy_names=False)  # as a task's process begins
            yield listening
        stats.initialize(factory=get_stats_factory(), export_legacy_names=False)


def test_the_figures_leave_as_metrics_of_airflow(
    keep_house: Callable[[], Any], statsd: socket.socket, connection: Connection
) -> None:
    orphan(connection)
    begun(connection, "at-work", demand("XOM"))
    connection.execute("INSERT INTO outbox (kind, job_id, attempt, payload) VALUES ('job_ended', 'x', 1, '{}')")
    keep_house()
    received: dict[str, str] = {}
    while "bellwether.outbox.waiting" not in received:
        name, _, value = statsd.recv(1000).decode().removeprefix("airflow.").partition(":")
        received[name] = value
    ours = {name: value for name, value in received.items() if name.startswith("bellwether.")}
    assert float(ours.pop("bellwether.jobs.oldest_active_seconds").removesuffix("|g")) > 0
    waiting = connection.execute("SELECT count(*) AS n FROM outbox WHERE sent_at IS NULL").fetchone()
    assert ours == {
        "bellwether.housekeeping.ended_jobs": "1|c",
        "bellwether.housekeeping.problems": "0|c",
        "bellwether.housekeeping.removed.request_ids": "0|c",
        "bellwether.housekeeping.removed.outbox": "0|c",
        "bellwether.housekeeping.removed.changes": "0|c",
        "bellwether.housekeeping.runs_without_job": "0|g",
        "bellwether.jobs.active": "1|g",
        "bellwether.outbox.waiting": f"{waiting['n']}|g",  # type: ignore[index]
    }
