"""Lists of jobs and their tickers, as far as they are for the one who looks."""

from datetime import UTC, datetime, timedelta

from include.model.errors import ErrorCode, Refusal
from include.model.job import DetailStatus, JobStatus
from include.model.reading import JobSummary
from include.model.viewer import Viewer
from include.storage.connection import Connection
from include.storage.jobs import cancel_job, finalize_job
from include.storage.reading import JobFilter, current_jobs, details_of_job, newest_jobs, summary, unopened_runs
from include.storage.results import store_outcomes
from tests.storage.demands import begun, demand, opened, outcome

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


def test_runs_without_a_job_are_told_apart(connection: Connection) -> None:
    jobs_of(connection, "ann", "a1")
    assert unopened_runs(connection, ["a1", "a2"]) == {"a2"}


def test_details_are_paged_by_ticker_and_filtered_by_status(connection: Connection) -> None:
    batch = begun(connection, "run-1", demand("IBM", "JPM", "KO", "T"))
    store_outcomes(connection, batch, [outcome("IBM"), Refusal("JPM", ErrorCode.NO_DATA, "no bars"), outcome("T")])
    first = details_of_job(connection, ANN, "run-1", None, None, 2)
    rest = details_of_job(connection, ANN, "run-1", None, first[-1].ticker, 5)
    assert [row.ticker for row in first + rest] == ["IBM", "JPM", "KO", "T"]
    assert (first[0].currency, first[0].target, first[0].position_size) == ("USD", 112.5, 40)
    failed = details_of_job(connection, ANN, "run-1", DetailStatus.FAILED, None, 5)
    assert [(row.ticker, row.error_code) for row in failed] == [("JPM", "no_data")]
    assert details_of_job(connection, BOB, "run-1", None, None, 5) == []
