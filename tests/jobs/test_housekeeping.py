"""Jobs that nobody works on are ended, and no others; runs without a job are told."""

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from include.jobs.housekeeping import MOST_RUNS, RUN_IS_OVER, Report, end_dead_jobs, find_runs_without_job
from include.jobs.opening import open_job, record_refusal
from include.model.housekeeping import EndedJob, Load, Removable, Removal, RunWithoutJob
from include.model.job import JobStatus, Run
from include.storage.actions import Action, record_action
from include.storage.connection import Connection
from include.storage.database import Database
from include.storage.housekeeping import load
from include.storage.jobs import progress
from include.storage.requests import Disposition, Door, RequestRecord, record_request
from include.storage.results import store_outcomes
from tests.storage.demands import asking, begun, demand, nobody_waits, opened, outcome

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


def test_a_job_whose_run_is_over_is_ended_from_what_it_has_stored(connection: Connection, stocks: Database) -> None:
    store_outcomes(connection, begun(connection, "some"), [outcome("IBM")])
    opened(connection, "none", demand("XOM"))
    for job_id in ("some", "none"):
        silence(connection, job_id, 2)
    ended = end_dead_jobs(stocks, runs_that_are_over("some", "none"), nobody_waits, HOUR)
    assert {(job.job_id, job.reason) for job in ended} == {("some", RUN_IS_OVER), ("none", RUN_IS_OVER)}
    assert status(connection, "some") == (JobStatus.COMPLETED_WITH_ERRORS, "1 interrupted")
    assert status(connection, "none") == (JobStatus.FAILED, "1 interrupted")


def test_a_job_that_wrote_a_moment_ago_is_left_alone(connection: Connection, stocks: Database) -> None:
    begun(connection, "run-1")
    assert end_dead_jobs(stocks, runs_that_are_over("run-1"), nobody_waits, HOUR) == []
    assert status(connection, "run-1")[0] is JobStatus.PROCESSING


def test_a_quiet_job_whose_run_goes_on_is_left_alone_until_it_is_silent_for_too_long(
    connection: Connection, stocks: Database
) -> None:
    begun(connection, "run-1")
    silence(connection, "run-1", 59)
    assert end_dead_jobs(stocks, runs_that_are_over(), nobody_waits, HOUR) == []
    silence(connection, "run-1", 2)
    (ended,) = end_dead_jobs(stocks, runs_that_are_over(), nobody_waits, HOUR)
    assert ended.reason == "no sign of life for 61 minutes"
    assert status(connection, "run-1") == (JobStatus.FAILED, "no sign of life for 61 minutes")


def two_dead_jobs(connection: Connection) -> None:
    for job_id, ticker, minutes in (("stuck", "IBM", 3), ("free", "XOM", 2)):
        begun(connection, job_id, demand(ticker))
        silence(connection, job_id, minutes)


def test_a_silent_job_whose_tasks_wait_for_a_slot_is_not_dead(connection: Connection, stocks: Database) -> None:
    begun(connection, "run-1", demand("IBM"))
    silence(connection, "run-1", 2)
    assert end_dead_jobs(stocks, runs_that_are_over(), lambda run: run.job_id == "run-1", HOUR) == []
    assert status(connection, "run-1")[0] is JobStatus.PROCESSING


def test_a_job_that_cannot_be_ended_does_not_keep_the_others_from_it(
    connection: Connection, app_url: str, stocks: Database
) -> None:
    two_dead_jobs(connection)
    with psycopg.connect(app_url) as other:
        other.execute("SELECT FROM analysis_jobs WHERE job_id = 'stuck' FOR UPDATE")
        ended = end_dead_jobs(stocks, runs_that_are_over("stuck", "free"), nobody_waits, HOUR)
    assert [(job.job_id, job.error is None) for job in ended] == [("stuck", False), ("free", True)]
    assert status(connection, "free")[0] is JobStatus.FAILED


def test_a_job_that_costs_the_connection_does_not_keep_the_others_from_it(
    connection: Connection, owner: psycopg.Connection, stocks: Database
) -> None:
    two_dead_jobs(connection)
    owner.execute(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END'"
    )
    owner.execute(
        "CREATE TRIGGER lose BEFORE UPDATE ON analysis_jobs FOR EACH ROW"
        " WHEN (NEW.job_id = 'stuck') EXECUTE FUNCTION lose()"
    )
    ended = end_dead_jobs(stocks, runs_that_are_over("stuck", "free"), nobody_waits, HOUR)
    assert [(job.job_id, job.error is None) for job in ended] == [("stuck", False), ("free", True)]
    assert "terminating connection" in str(ended[0].error)
    assert status(connection, "stuck")[0] is JobStatus.PROCESSING
    assert status(connection, "free")[0] is JobStatus.FAILED


REQUEST = RequestRecord(
    requested_by="ann",
    door=Door.REST,
    raw={},
    request=None,
    disposition=Disposition.CREATED,
    job_id="run-1",
    reason=None,
    latency_ms=1.0,
)


def request(connection: Connection, owner: psycopg.Connection, run_id: str, minutes: float) -> None:
    """A request made the run `run_id` so long ago."""
    record_request(connection, replace(REQUEST, job_id=run_id, run_id=run_id))
    owner.execute(
        "UPDATE analysis_requests SET requested_at = requested_at - make_interval(secs => %s) WHERE job_id = %s",
        (minutes * 60, run_id),
    )


def found(stocks: Database, over: tuple[str, ...] = ()) -> list[str]:
    return [str(run) for run in find_runs_without_job(stocks, lambda run: run in over)]


def test_a_run_without_a_job_waits_or_has_ended(
    connection: Connection, owner: psycopg.Connection, stocks: Database
) -> None:
    request(connection, owner, "paused", 12)
    request(connection, owner, "broken", 300)
    assert found(stocks, over=("broken",)) == [
        "run broken ended without a job: its note or the log of open_job says why",
        "run paused waits for its job since 12 minutes",
    ]


def test_a_run_that_ended_without_a_job_is_recorded_as_ended_once(
    connection: Connection, owner: psycopg.Connection, stocks: Database
) -> None:
    request(connection, owner, "paused", 12)
    request(connection, owner, "broken", 300)
    for _ in range(2):
        found(stocks, over=("broken",))
    rows = connection.execute("SELECT run_id, reason FROM analysis_requests WHERE disposition = 'refused'").fetchall()
    assert rows == [{"run_id": "broken", "reason": "its DAG run is over"}]


def test_a_run_is_named_once_however_many_requests_it_has(
    connection: Connection, owner: psycopg.Connection, stocks: Database
) -> None:
    record_request(connection, replace(REQUEST, job_id="run-1"))  # a record of an older version names no run
    request(connection, owner, "run-1", 5)
    assert found(stocks) == ["run run-1 waits for its job since 5 minutes"]


def test_a_run_that_has_a_job_is_not_missed(
    connection: Connection, owner: psycopg.Connection, stocks: Database
) -> None:
    request(connection, owner, "run-1", 12)
    opened(connection, "run-1")
    assert found(stocks) == []


def joins(connection: Connection, run_id: str) -> None:
    """The first task of a run finds an equal job."""
    open_job(connection, asking(run_id, door=Door.REST), demand(), {}, is_over=lambda _: False)


def test_a_run_that_joined_another_ones_job_is_not_missed(
    connection: Connection, owner: psycopg.Connection, stocks: Database
) -> None:
    opened(connection, "winner")
    request(connection, owner, "loser", 12)
    joins(connection, "loser")
    assert found(stocks, over=("loser",)) == []


def test_a_run_without_a_job_is_found_behind_any_number_of_runs_that_have_joined_one_or_were_refused(
    connection: Connection, owner: psycopg.Connection, stocks: Database
) -> None:
    opened(connection, "winner")
    for number in range(MOST_RUNS):
        request(connection, owner, f"other-{number}", 20)
        if number % 2:
            joins(connection, f"other-{number}")
        else:
            record_refusal(connection, asking(f"other-{number}", door=Door.REST), None, "no such universe")
    request(connection, owner, "lost", 5)
    assert found(stocks) == ["run lost waits for its job since 5 minutes"]


@pytest.mark.parametrize("minutes", [1, 24 * 60 + 1])
def test_a_run_that_has_just_been_made_or_is_a_day_old_is_not_missed(
    connection: Connection, owner: psycopg.Connection, stocks: Database, minutes: float
) -> None:
    request(connection, owner, "run-1", minutes)
    assert found(stocks) == []


@pytest.mark.parametrize("action", [Action.CANCEL, Action.DELETE])
def test_a_run_that_somebody_cancelled_or_whose_job_was_deleted_is_not_missed(
    connection: Connection, owner: psycopg.Connection, stocks: Database, action: Action
) -> None:
    request(connection, owner, "run-1", 12)
    record_action(connection, "ann", action, "run-1")
    assert found(stocks, over=("run-1",)) == []


@pytest.mark.parametrize("disposition", [Disposition.JOINED, Disposition.REPEATED])
def test_requests_that_made_no_run_are_not_missed(
    connection: Connection, owner: psycopg.Connection, stocks: Database, disposition: Disposition
) -> None:
    record_request(connection, replace(REQUEST, disposition=disposition))
    owner.execute("UPDATE analysis_requests SET requested_at = requested_at - interval '1 hour'")
    assert found(stocks) == []


def test_the_load_counts_active_jobs_and_what_waits_to_be_sent(connection: Connection, stocks: Database) -> None:
    assert stocks.run(load) == Load(active_jobs=0, oldest_active_seconds=0.0, outbox_waiting=0)
    begun(connection, "first")
    opened(connection, "second", demand("XOM"))
    connection.execute("UPDATE analysis_jobs SET created_at = created_at - interval '1 hour' WHERE job_id = 'first'")
    connection.execute(
        "INSERT INTO outbox (kind, job_id, attempt, payload, sent_at) VALUES"
        " ('job_ended', 'a', 1, '{}', NULL), ('job_ended', 'b', 1, '{}', clock_timestamp() + interval '1 second')"
    )
    now = stocks.run(load)
    assert (now.active_jobs, now.outbox_waiting) == (2, 1)
    assert HOUR <= now.oldest_active_seconds < HOUR + 600


QUIET = Report(
    ended=(), without_job=(), removed=(), load=Load(active_jobs=3, oldest_active_seconds=9, outbox_waiting=1)
)


def test_a_report_of_nothing_says_nothing() -> None:
    nothing = replace(QUIET, removed=(Removal(what=Removable.JOBS, rows=0),))
    assert (nothing.summary, nothing.problems) == ("", ())


def test_a_report_says_in_one_line_what_was_done_and_what_could_not_be() -> None:
    report = replace(
        QUIET,
        ended=(EndedJob(job_id="a", reason=RUN_IS_OVER), EndedJob(job_id="b", reason=RUN_IS_OVER, error="locked")),
        without_job=(RunWithoutJob(run_id="c", minutes=5.0, is_over=False),),
        removed=(
            Removal(what=Removable.JOBS, rows=7, more=True),
            Removal(what=Removable.RAW_DATA, rows=5000, error="disk full"),
        ),
    )
    assert report.summary == (
        "dead jobs ended: 1; runs without a job: 1; jobs removed: 7 (there are more); raw_data removed: 5000; "
        "job b could not be ended: locked; old raw_data could not be removed: disk full"
    )
    assert len(report.problems) == 2
