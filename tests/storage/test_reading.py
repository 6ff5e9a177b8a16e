"""Lists of jobs and their tickers, as far as they are for the one who looks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from include.model.errors import ErrorCode, Refusal
from include.model.job import JobStatus
from include.model.reading import JobSummary
from include.model.request import Trigger
from include.model.viewer import Viewer
from include.storage.connection import Connection
from include.storage.deletion import delete_job
from include.storage.jobs import cancel_job, end_unopened_run, finalize_job
from include.storage.reading import (
    JobFilter,
    count_active_jobs,
    current_jobs,
    newest_jobs,
    summary,
    unopened_job,
    unopened_runs,
)
from include.storage.requests import Disposition, Door, RequestRecord, record_request, record_run
from include.storage.results import store_outcomes
from tests.storage.demands import DAG_ID, begun, demand, opened, outcome

ANN, BOB = (Viewer(name=name, sees_all=False) for name in ("ann", "bob"))
OPERATOR = Viewer(name="olga", sees_all=True)
ALL = JobFilter()


def ids(jobs: list[JobSummary]) -> list[str]:
    return [job.job_id for job in jobs]


def jobs_of(connection: Connection, user: str, *job_ids: str) -> None:
    for job_id in job_ids:
        opened(connection, job_id, demand(f"T{job_id.upper()}", user=user))


def place(job: JobSummary) -> tuple[datetime, str]:
    assert job.created_at is not None
    return job.created_at, job.job_id


def test_jobs_are_listed_newest_first_each_user_sees_the_own_ones(connection: Connection) -> None:
    jobs_of(connection, "ann", "a1", "a2")
    jobs_of(connection, "bob", "b1")
    opened(connection, "s1", demand("KO", user="bob", scope="schedule"))
    seen = {viewer.name: ids(newest_jobs(connection, viewer, ALL, None, 10)) for viewer in (ANN, BOB, OPERATOR)}
    assert seen == {"ann": ["s1", "a2", "a1"], "bob": ["s1", "b1"], "olga": ["s1", "b1", "a2", "a1"]}


def test_pages_have_every_job_once_while_new_ones_arrive(connection: Connection) -> None:
    jobs_of(connection, "ann", "a1", "a2", "a3", "a4", "a5")
    first = newest_jobs(connection, ANN, ALL, None, 2)
    jobs_of(connection, "ann", "a6", "a7")
    second = newest_jobs(connection, ANN, ALL, place(first[-1]), 2)
    third = newest_jobs(connection, ANN, ALL, place(second[-1]), 2)
    assert ids(first + second + third) == ["a5", "a4", "a3", "a2", "a1"]


def test_jobs_created_at_the_same_moment_are_on_one_page_only(connection: Connection) -> None:
    jobs_of(connection, "ann", "a1", "a2", "a3")
    connection.execute("UPDATE analysis_jobs SET created_at = '2026-01-02T03:04:05.678901Z'")
    first = newest_jobs(connection, ANN, ALL, None, 2)
    assert ids(first + newest_jobs(connection, ANN, ALL, place(first[-1]), 2)) == ["a3", "a2", "a1"]


def test_jobs_are_filtered_by_status_requester_and_time(connection: Connection) -> None:
    jobs_of(connection, "ann", "a1")
    jobs_of(connection, "bob", "b1")
    cancel_job(connection, "a1", "enough", actor="ann")
    soon = datetime.now(UTC) + timedelta(hours=1)
    found = {
        "cancelled": ids(newest_jobs(connection, OPERATOR, JobFilter(status=JobStatus.CANCELLED), None, 10)),
        "bob": ids(newest_jobs(connection, OPERATOR, JobFilter(requested_by="bob"), None, 10)),
        "soon": ids(newest_jobs(connection, OPERATOR, JobFilter(since=soon), None, 10)),
        "bob, for ann": ids(newest_jobs(connection, ANN, JobFilter(requested_by="bob"), None, 10)),
    }
    assert found == {"cancelled": ["a1"], "bob": ["b1"], "soon": [], "bob, for ann": []}


def made(connection: Connection, user: str, *run_ids: str, door: Door = Door.UI) -> None:
    """Runs that a door has made; their first tasks have not begun."""
    for run_id in run_ids:
        record_request(connection, request(user, run_id, door=door))


def request(user: str, run_id: str, **fields: Any) -> RequestRecord:
    record = RequestRecord(
        requested_by=user,
        door=Door.UI,
        raw={},
        request=demand(f"T{run_id.upper()}", user=user).request,
        disposition=Disposition.CREATED,
        job_id=run_id,
        reason=None,
        latency_ms=1.0,
        run_id=run_id,
    )
    return replace(record, **fields)


def refused(connection: Connection, user: str, run_id: str, reason: str) -> None:
    """What the first task of a run says."""
    said = request(user, run_id, disposition=Disposition.REFUSED, job_id=None, reason=reason, request=None)
    record_run(connection, said)


def test_runs_that_ended_before_they_opened_a_job_are_listed_with_what_became_of_them(connection: Connection) -> None:
    made(connection, "ann", "a1", "a2", "a3", "a4", "a5")
    cancel_job(connection, "a1", "cancelled by ann", actor="ann")
    refused(connection, "ann", "a2", "no such universe")
    end_unopened_run(connection, "a3", "its run failed before its job was opened")
    opened(connection, "a5", demand("TA5"))
    found = newest_jobs(connection, ANN, ALL, None, 10)
    assert [(job.job_id, job.status, job.status_reason) for job in found] == [
        ("a5", "queued", None),
        ("a3", "failed", "its run failed before its job was opened"),
        ("a2", "failed", "no such universe"),
        ("a1", "cancelled", "cancelled by ann"),
    ]
    cancelled = found[-1]
    assert (cancelled.requested_by, cancelled.trigger, cancelled.strategy) == ("ann", Trigger.UI, "balanced")
    assert (cancelled.total, cancelled.pending, cancelled.attempt, cancelled.capital) == (0, 0, 1, 100_000)
    assert cancelled.created_at is not None
    assert cancelled.completed_at is not None
    assert cancelled.created_at <= cancelled.completed_at


def test_a_run_that_joined_or_has_a_job_is_no_job_of_its_own_that_ended_unopened(connection: Connection) -> None:
    made(connection, "ann", "a1", "a2")
    record_run(connection, request("ann", "a1", disposition=Disposition.JOINED, job_id="other"))
    cancel_job(connection, "a1", "too late", actor="ann")
    opened(connection, "a2")
    refused(connection, "ann", "a2", "cleared, and refused then")
    assert ids(newest_jobs(connection, ANN, ALL, None, 10)) == ["a2"]
    assert unopened_job(connection, ANN, "a1") is None


def test_a_run_that_has_the_id_of_a_deleted_one_is_told_to_its_own_user_as_it_came_in(connection: Connection) -> None:
    opened(connection, "a1", demand("KO"))
    made(connection, "ann", "x", door=Door.REST)
    record_run(connection, request("ann", "x", disposition=Disposition.JOINED, job_id="a1"))
    made(connection, "bob", "x", door=Door.API)
    refused(connection, "bob", "x", "bob's reason")
    (found,) = newest_jobs(connection, BOB, ALL, None, 10)
    assert (found.job_id, found.requested_by, found.trigger) == ("x", "bob", Trigger.API)
    assert (found.status, found.status_reason) == ("failed", "bob's reason")
    assert unopened_job(connection, BOB, "x") == found
    assert ids(newest_jobs(connection, ANN, ALL, None, 10)) == ["a1"]
    assert unopened_job(connection, ANN, "x") is None


def test_a_run_that_has_the_id_of_a_cancelled_one_was_not_cancelled(connection: Connection) -> None:
    made(connection, "ann", "x")
    cancel_job(connection, "x", "ann's reason", actor="ann")
    made(connection, "bob", "x")
    refused(connection, "bob", "x", "bob's reason")
    (found,) = newest_jobs(connection, BOB, ALL, None, 10)
    assert (found.status, found.status_reason) == ("failed", "bob's reason")


def test_a_run_that_was_refused_and_that_no_door_made_is_as_old_as_its_end(connection: Connection) -> None:
    refused(connection, "ann", "a1", "no such universe")
    (found,) = newest_jobs(connection, ANN, ALL, None, 10)
    assert (found.trigger, found.created_at) == (Trigger.UI, found.completed_at)


def test_a_run_that_opens_its_job_when_it_is_cleared_is_listed_as_that(connection: Connection) -> None:
    made(connection, "ann", "a1")
    cancel_job(connection, "a1", "cancelled by ann", actor="ann")
    opened(connection, "a1", clear_number=1)
    record_run(connection, request("ann", "a1"))
    assert [(job.job_id, job.status) for job in newest_jobs(connection, ANN, ALL, None, 10)] == [("a1", "queued")]
    connection.execute("DELETE FROM analysis_jobs")
    assert newest_jobs(connection, ANN, ALL, None, 10) == []


def test_pages_have_jobs_and_runs_without_one_once_each(connection: Connection) -> None:
    made(connection, "ann", "a1")
    jobs_of(connection, "ann", "a2", "a3")
    made(connection, "ann", "a4", "a5")
    jobs_of(connection, "ann", "a6")
    for run_id in ("a5", "a1", "a4"):  # in another order than they were made
        cancel_job(connection, run_id, "enough", actor="ann")
    every = [f"a{number}" for number in (6, 5, 4, 3, 2, 1)]
    for most in (1, 2, 3, 4, 5):
        seen: list[str] = []
        page = newest_jobs(connection, ANN, ALL, None, most)
        while page:
            seen += ids(page)
            page = newest_jobs(connection, ANN, ALL, place(page[-1]), most)
        assert seen == every


def test_runs_that_ended_unopened_are_filtered_and_seen_as_jobs_are(connection: Connection) -> None:
    made(connection, "ann", "a1")
    made(connection, "ann", "a2", door=Door.API)
    refused(connection, "bob", "b1", "no such symbol")
    cancel_job(connection, "a1", "enough", actor="ann")
    refused(connection, "ann", "a2", "no such universe")
    soon = datetime.now(UTC) + timedelta(hours=1)
    found = {
        "cancelled": ids(newest_jobs(connection, OPERATOR, JobFilter(status=JobStatus.CANCELLED), None, 10)),
        "failed": ids(newest_jobs(connection, OPERATOR, JobFilter(status=JobStatus.FAILED), None, 10)),
        "completed": ids(newest_jobs(connection, OPERATOR, JobFilter(status=JobStatus.COMPLETED), None, 10)),
        "by the API": ids(newest_jobs(connection, OPERATOR, JobFilter(trigger=Trigger.API), None, 10)),
        "of bob": ids(newest_jobs(connection, OPERATOR, JobFilter(requested_by="bob"), None, 10)),
        "soon": ids(newest_jobs(connection, OPERATOR, JobFilter(since=soon), None, 10)),
        "for bob": ids(newest_jobs(connection, BOB, ALL, None, 10)),
    }
    assert found == {
        "cancelled": ["a1"],
        "failed": ["b1", "a2"],
        "completed": [],
        "by the API": ["a2"],
        "of bob": ["b1"],
        "soon": [],
        "for bob": ["b1"],
    }
    assert unopened_job(connection, BOB, "a1") is None


def test_the_end_of_a_run_is_recorded_once_and_not_over_what_its_first_task_said(connection: Connection) -> None:
    made(connection, "ann", "a1", "a2")
    refused(connection, "ann", "a1", "no such universe")
    for run_id in ("a1", "a2", "a2", "nobodys"):
        end_unopened_run(connection, run_id, "its DAG run is over")
    rows = connection.execute("SELECT run_id, reason FROM analysis_requests WHERE disposition = 'refused' ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [("a1", "no such universe"), ("a2", "its DAG run is over")]


def test_a_summary_is_counted_from_the_details(connection: Connection) -> None:
    batch = begun(connection, "run-1", demand("IBM", "JPM", "KO", "T"))
    store_outcomes(connection, batch, [outcome("IBM"), Refusal("JPM", ErrorCode.NO_DATA, "no bars")])
    found = summary(connection, ANN, "run-1")
    assert found is not None
    assert (found.total, found.completed, found.failed, found.pending, found.progress_percent) == (4, 1, 1, 2, 50.0)
    assert found.eta_seconds is not None
    assert found.strategy == "balanced"
    finalize_job(connection, "run-1")
    ended = summary(connection, ANN, "run-1")
    assert ended is not None
    assert (ended.status, ended.failed, ended.pending, ended.eta_seconds) == ("completed_with_errors", 3, 0, None)
    assert summary(connection, BOB, "run-1") is None


def test_what_goes_on_comes_before_what_has_just_ended(connection: Connection) -> None:
    jobs_of(connection, "ann", "a1", "a2", "a3", "a4")
    for job_id in ("a3", "a4"):
        cancel_job(connection, job_id, "enough", actor="ann")
    connection.execute("UPDATE analysis_jobs SET completed_at = completed_at - interval '2 hours' WHERE job_id = 'a3'")
    assert ids(current_jobs(connection, ANN, 10)) == ["a2", "a1", "a4"]
    assert ids(current_jobs(connection, BOB, 10)) == []


def unopened(connection: Connection, attempts: dict[str, int], *, refused_too: bool = True) -> dict[str, Any]:
    return unopened_runs(connection, attempts, refused_too=refused_too)


def test_runs_without_a_job_are_told_apart_with_the_door_that_is_on_record(connection: Connection) -> None:
    jobs_of(connection, "ann", "a1")
    made(connection, "ann", "a2", door=Door.API)
    assert unopened(connection, {"a1": 1, "a2": 1, "a3": 1}) == {"a2": Trigger.API, "a3": None}


def test_a_run_that_was_refused_may_be_left_out(connection: Connection) -> None:
    refused(connection, "ann", "a1", "no such universe")
    assert list(unopened(connection, {"a1": 2})) == ["a1"]
    assert unopened(connection, {"a1": 2}, refused_too=False) == {}


def test_a_run_whose_job_was_removed_has_none_to_open_before_its_next_attempt(connection: Connection) -> None:
    jobs_of(connection, "ann", "a1")
    cancel_job(connection, "a1", "enough", actor="ann")
    delete_job(connection, "a1", actor="admin")
    assert unopened(connection, {"a1": 1}) == {}
    assert list(unopened(connection, {"a1": 2})) == ["a1"]


def test_active_jobs_are_counted_for_who_looks(connection: Connection) -> None:
    jobs_of(connection, "ann", "a1", "a2", "a3")
    jobs_of(connection, "bob", "b1")
    cancel_job(connection, "a3", "enough", actor="ann")
    assert [count_active_jobs(connection, viewer) for viewer in (ANN, BOB, OPERATOR)] == [2, 1, 3]


def test_a_job_is_told_with_the_first_of_its_tickers_and_its_dag(connection: Connection) -> None:
    opened(connection, "run-1", demand("T", "IBM", "KO", "JPM"))
    found = summary(connection, ANN, "run-1")
    assert found is not None
    assert (found.first_tickers, found.dag_id) == (("IBM", "JPM", "KO"), DAG_ID)
