"""Jobs that nobody works on are ended, and no others."""

from collections.abc import Callable

import psycopg

from include.jobs.housekeeping import RUN_IS_OVER, end_dead_jobs
from include.model.job import JobStatus, Run
from include.storage.connection import Connection
from include.storage.jobs import progress
from include.storage.results import store_outcomes
from tests.storage.demands import begun, demand, opened, outcome

HOUR = 3600.0


def runs_that_are_over(*job_ids: str) -> Callable[[Run], bool]:
    return lambda run: run.job_id in job_ids


def silence(connection: Connection, job_id: str, minutes: float) -> None:
    connection.execute(
        "UPDATE analysis_jobs SET heartbeat_at = heartbeat_at - make_interval(secs => %s) WHERE job_id = %s",
        (minutes * 60, job_id),
    )


def status(connection: Connection, job_id: str) -> tuple[JobStatus, str | None]:
    reached = progress(connection, job_id)
    assert reached is not None
    return reached.status, reached.status_reason


def test_a_job_whose_run_is_over_is_ended_from_what_it_has_stored(connection: Connection) -> None:
    store_outcomes(connection, begun(connection, "some"), [outcome("IBM")])
    opened(connection, "none", demand("XOM"))
    for job_id in ("some", "none"):
        silence(connection, job_id, 2)
    ended = end_dead_jobs(connection, runs_that_are_over("some", "none"), HOUR)
    assert {(job.job_id, job.reason) for job in ended} == {("some", RUN_IS_OVER), ("none", RUN_IS_OVER)}
    assert status(connection, "some") == (JobStatus.COMPLETED_WITH_ERRORS, "1 interrupted")
    assert status(connection, "none") == (JobStatus.FAILED, "1 interrupted")


def test_a_job_that_wrote_a_moment_ago_is_left_alone(connection: Connection) -> None:
    begun(connection, "run-1")
    assert end_dead_jobs(connection, runs_that_are_over("run-1"), HOUR) == []
    assert status(connection, "run-1")[0] is JobStatus.PROCESSING


def test_a_quiet_job_whose_run_goes_on_is_left_alone_until_it_is_silent_for_too_long(connection: Connection) -> None:
    begun(connection, "run-1")
    silence(connection, "run-1", 59)
    assert end_dead_jobs(connection, runs_that_are_over(), HOUR) == []
    silence(connection, "run-1", 2)
    (ended,) = end_dead_jobs(connection, runs_that_are_over(), HOUR)
    assert ended.reason == "no sign of life for 61 minutes"
    assert status(connection, "run-1") == (JobStatus.FAILED, "no sign of life for 61 minutes")


def test_a_job_that_cannot_be_ended_does_not_keep_the_others_from_it(connection: Connection, app_url: str) -> None:
    for job_id, ticker in (("stuck", "IBM"), ("free", "XOM")):
        begun(connection, job_id, demand(ticker))
        silence(connection, job_id, 2 if job_id == "free" else 3)
    connection.execute("SELECT set_config('lock_timeout', '50ms', false)")
    with psycopg.connect(app_url) as other:
        other.execute("SELECT FROM analysis_jobs WHERE job_id = 'stuck' FOR UPDATE")
        ended = end_dead_jobs(connection, runs_that_are_over("stuck", "free"), HOUR)
    assert [(job.job_id, job.error is None) for job in ended] == [("stuck", False), ("free", True)]
    assert status(connection, "free")[0] is JobStatus.FAILED
