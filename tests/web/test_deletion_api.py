"""A job is removed for good by administrators alone, with what is its own and nothing else."""

from typing import Any

from include.storage.connection import Connection
from tests.storage.demands import begun
from tests.storage.equal_jobs import answered, ran
from tests.web.calls import error
from tests.web.conftest import Call


def count(connection: Connection, table: str, job_id: str) -> int:
    row = connection.execute(f"SELECT count(*) AS n FROM {table} WHERE job_id = %s", [job_id]).fetchone()
    assert row is not None
    return int(row["n"])


def actions(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute("SELECT actor, action, job_id, details FROM analysis_actions").fetchall()


def test_an_ended_job_goes_with_its_details_and_results_and_leaves_a_record(api: Call, connection: Connection) -> None:
    ran(connection, "job-1")
    assert api("DELETE", "/jobs/job-1", "admin").status_code == 204
    tables = ("analysis_jobs", "analysis_jobs_details", "analysis_results")
    assert [count(connection, table, "job-1") for table in tables] == [0, 0, 0]
    (action,) = actions(connection)
    assert (action["actor"], action["action"], action["job_id"]) == ("admin", "delete", "job-1")
    assert action["details"]["counts"] == {"details": 2, "results": 2}
    assert action["details"]["job"]["requested_by"] == "ann"
    assert api("DELETE", "/jobs/job-1", "admin").status_code == 404


def test_a_job_that_was_answered_from_its_results_keeps_what_it_said(api: Call, connection: Connection) -> None:
    ran(connection, "job-1")
    answered(connection, "job-2", 60)
    assert api("DELETE", "/jobs/job-1", "admin").status_code == 204
    rows = connection.execute(
        "SELECT status, verdict, result_id FROM analysis_jobs_details WHERE job_id = 'job-2'"
    ).fetchall()
    assert [(row["status"], row["verdict"], row["result_id"]) for row in rows] == [("reused", "Buy", None)] * 2


def test_an_active_job_is_not_removed(api: Call, connection: Connection) -> None:
    begun(connection, "job-1")
    answer = api("DELETE", "/jobs/job-1", "admin")
    assert (answer.status_code, error(answer)["code"]) == (409, "CONFLICT")
    assert count(connection, "analysis_jobs", "job-1") == 1
    assert actions(connection) == []


def test_only_administrators_remove_jobs(api: Call, connection: Connection) -> None:
    ran(connection, "job-1")
    assert api("DELETE", "/jobs/job-1").status_code == 403
    assert count(connection, "analysis_jobs", "job-1") == 1
