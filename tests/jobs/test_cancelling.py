"""A job that is cancelled at any stage ends at once, nothing overwrites it, and its work can be had again."""

from collections.abc import Callable, Iterator

import pytest

from include.jobs.housekeeping import end_dead_jobs
from include.jobs.opening import OpenedJob
from include.market.sources import open_source
from include.model.errors import CancelledRunError, StaleAttemptError
from include.model.job import Batch, JobStatus
from include.pipeline.batch import run_batch
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.jobs import begin_batch, cancel_job, finalize_job, progress
from include.storage.watchlist import add_to_watchlist
from tests.jobs.desk import Desk
from tests.storage.demands import nobody_waits

TICKERS = ["IBM", "JPM", "KO"]
Stage = Callable[[Desk], OpenedJob]


@pytest.fixture
def desk(app_url: str, connection: Connection) -> Iterator[Desk]:
    add_to_watchlist(connection, "ann", TICKERS)
    with Database(lambda: connect(app_url), patience_seconds=10) as database:
        yield Desk(database)


def queued(desk: Desk) -> OpenedJob:
    return desk.open("run-1", tickers=TICKERS)


def begun(desk: Desk) -> OpenedJob:
    job = queued(desk)
    desk.database.run(lambda own: begin_batch(own, job.batches[0]))
    return job


def partly_done(desk: Desk) -> OpenedJob:
    job = queued(desk)
    run_batch(desk.database, job.batches[0], open_source)
    desk.database.run(lambda own: begin_batch(own, job.batches[1]))
    return job


def done_but_not_finalised(desk: Desk) -> OpenedJob:
    job = queued(desk)
    desk.work(job)
    return job


STAGES = {queued: 0, begun: 0, partly_done: 1, done_but_not_finalised: 3}  # and how many tickers are done by then


def cancel(connection: Connection, clear_number: int = 0) -> bool:
    return cancel_job(connection, "run-1", "ann wants it", actor="ann", clear_number=clear_number)


def late_steps(desk: Desk, batches: tuple[Batch, ...]) -> None:
    """What the tasks of the run, the listener and the housekeeping still do."""
    for batch in batches:
        with pytest.raises(StaleAttemptError):
            run_batch(desk.database, batch, open_source)
    for _ in range(2):
        desk.end("run-1")
    desk.database.run(lambda own: own.execute("UPDATE analysis_jobs SET heartbeat_at = 'yesterday'"))
    assert end_dead_jobs(desk.database, lambda run: True, nobody_waits, 3600) == []


def told(connection: Connection) -> list[tuple[str, ...]]:
    found = connection.execute("SELECT job_id, payload ->> 'status' FROM outbox ORDER BY id")
    return [tuple(row.values()) for row in found]


@pytest.mark.parametrize("stage", STAGES)
def test_a_cancelled_job_keeps_what_is_done_and_nothing_is_done_any_more(
    desk: Desk, connection: Connection, stage: Stage
) -> None:
    job, done = stage(desk), STAGES[stage]
    assert cancel(connection)
    ended = progress(connection, "run-1")
    late_steps(desk, job.batches)
    assert not cancel(connection)
    assert ended is not None
    assert progress(connection, "run-1") == ended
    assert (ended.status, ended.status_reason) == (JobStatus.CANCELLED, "ann wants it")
    assert (ended.completed, ended.cancelled, ended.pending) == (done, len(TICKERS) - done, 0)
    results = connection.execute("SELECT count(*) AS n FROM analysis_results").fetchone()
    watched = connection.execute("SELECT count(*) AS n FROM watchlist WHERE last_verdict IS NOT NULL").fetchone()
    assert results == watched == {"n": done}
    assert told(connection) == [("run-1", "cancelled")]


@pytest.mark.parametrize("stage", STAGES)
def test_what_was_cancelled_can_be_asked_for_again_and_what_is_done_is_not_done_twice(
    desk: Desk, connection: Connection, stage: Stage
) -> None:
    stage(desk)
    cancel(connection)
    again = desk.run("run-2", tickers=TICKERS)
    assert (again.status, again.completed, again.reused) == (JobStatus.COMPLETED, len(TICKERS), STAGES[stage])


@pytest.mark.parametrize("stage", STAGES)
def test_a_cancelled_run_that_is_cleared_does_its_work(desk: Desk, connection: Connection, stage: Stage) -> None:
    stage(desk)
    cancel(connection)
    assert desk.run("run-1", clear_number=1, tickers=TICKERS).status is JobStatus.COMPLETED
    assert told(connection) == [("run-1", "cancelled"), ("run-1", "completed")]


def test_a_run_that_is_cancelled_before_its_job_is_opened_never_opens_it(desk: Desk, connection: Connection) -> None:
    assert cancel(connection)
    assert not cancel(connection)
    for _ in range(2):  # Airflow tries the task again
        with pytest.raises(CancelledRunError):
            desk.open("run-1", tickers=TICKERS)
    assert finalize_job(connection, "run-1") is None
    assert told(connection) == []
    assert desk.run("run-2", tickers=TICKERS).status is JobStatus.COMPLETED


def test_a_run_that_is_cancelled_before_its_job_is_opened_opens_it_when_it_is_cleared(
    desk: Desk, connection: Connection
) -> None:
    cancel(connection)
    assert desk.run("run-1", clear_number=1, tickers=TICKERS).status is JobStatus.COMPLETED


def test_a_job_that_has_ended_cannot_be_cancelled(desk: Desk, connection: Connection) -> None:
    ended = desk.run("run-1", tickers=TICKERS)
    assert not cancel(connection)
    assert progress(connection, "run-1") == ended
    assert told(connection) == [("run-1", "completed")]
    assert connection.execute("SELECT * FROM analysis_actions").fetchall() == []
