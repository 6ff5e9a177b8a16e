"""A task's process that is stopped until its job is over writes nothing when it wakes, and says why."""

import signal
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import psutil
import pytest

from include.jobs.housekeeping import end_dead_jobs
from include.storage.connection import connect
from include.storage.database import Database
from include.storage.jobs import begin_batch, cancel_job, supersede_job
from tests.pipeline.killing import PATIENCE, RUN, Child, Raised, begin, child, run_step, wanted
from tests.pipeline.rows import every_value_of
from tests.storage.demands import nobody_waits

if TYPE_CHECKING:
    from include.model.job import Batch

HOUR = 3600.0


def silence(database: Database, hours: float) -> None:
    database.run(
        lambda own: own.execute(
            "UPDATE analysis_jobs SET heartbeat_at = heartbeat_at - %s * interval '1 hour'", [hours]
        )
    )


def its_run_is_over(database: Database) -> None:
    silence(database, 0.1)
    (ended,) = end_dead_jobs(database, lambda run: run.job_id == RUN, nobody_waits, HOUR)
    assert ended.error is None


def it_is_silent_for_too_long(database: Database) -> None:
    silence(database, 2)
    (ended,) = end_dead_jobs(database, lambda run: False, nobody_waits, HOUR)
    assert ended.error is None


def it_is_cancelled(database: Database) -> None:
    assert database.run(lambda own: cancel_job(own, RUN, "ann wants it", actor="ann"))


def it_is_superseded(database: Database) -> None:
    database.run(lambda own: supersede_job(own, RUN, "another", actor="ann"))


def its_run_is_done_again(database: Database) -> None:
    for order in begin(database, RUN, wanted()):
        database.run(lambda own, order=order: begin_batch(own, order))  # type: ignore[misc]


def wait_until_stopped(child: Child) -> None:
    process, deadline = psutil.Process(child.process.pid), time.monotonic() + PATIENCE
    while process.status() != psutil.STATUS_STOPPED:
        assert time.monotonic() < deadline
        assert child.process.is_alive()


@pytest.mark.parametrize("point", ["before_a_batch_has_begun", "after_a_batch_has_begun", "before_the_upsert"])
@pytest.mark.parametrize(
    "over",
    [its_run_is_over, it_is_silent_for_too_long, it_is_cancelled, it_is_superseded, its_run_is_done_again],
)
def test_a_task_that_sleeps_until_its_job_is_over_writes_nothing_and_says_why(
    prepared_url: str, point: str, over: Callable[[Database], None]
) -> None:
    order: Batch
    order, *_ = run_step(prepared_url, "begin", RUN, wanted(), kills=[])
    with child(prepared_url, "work", order, point=point, by=signal.SIGSTOP) as sleeper:
        wait_until_stopped(sleeper)
        with Database(lambda: connect(prepared_url), patience_seconds=5) as database:
            over(database)
        before = every_value_of(prepared_url)
        psutil.Process(sleeper.process.pid).send_signal(signal.SIGCONT)
        said = sleeper.said()
    assert isinstance(said, Raised)
    assert said.kind == "StaleAttemptError"
    assert f"job {RUN} attempt 1 is over" in said.said
    assert every_value_of(prepared_url) == before


def test_a_last_task_that_sleeps_until_its_job_was_cancelled_does_not_end_it_again(prepared_url: str) -> None:
    run_step(prepared_url, "begin", RUN, wanted(), kills=[])
    with child(prepared_url, "end", RUN, point="before_finalising", by=signal.SIGSTOP) as sleeper:
        wait_until_stopped(sleeper)
        with Database(lambda: connect(prepared_url), patience_seconds=5) as database:
            it_is_cancelled(database)
        before = every_value_of(prepared_url)
        psutil.Process(sleeper.process.pid).send_signal(signal.SIGCONT)
        sleeper.said()
    assert every_value_of(prepared_url) == before


def test_a_first_task_that_sleeps_until_an_equal_job_was_opened_joins_it(prepared_url: str) -> None:
    with child(prepared_url, "begin", RUN, wanted(), point="before_the_claim", by=signal.SIGSTOP) as sleeper:
        wait_until_stopped(sleeper)
        run_step(prepared_url, "begin", "quicker", wanted(), kills=[])
        psutil.Process(sleeper.process.pid).send_signal(signal.SIGCONT)
        assert sleeper.said() == ()
    with connect(prepared_url) as connection:
        found = connection.execute("SELECT job_id FROM analysis_jobs WHERE status = 'queued'").fetchall()
    assert found == [{"job_id": "quicker"}]
