"""A task's process is killed at any point: done again, the job leaves the same rows as one that nobody disturbed."""

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from include.jobs.housekeeping import end_dead_jobs
from include.storage.connection import connect
from include.storage.database import Database
from include.storage.jobs import progress
from tests.pipeline.killing import KNOWN, POINTS, RUN, STEPS, TICKERS, UNKNOWN, child, run_job, run_step, wanted
from tests.pipeline.rows import Rows, every_value_of, rows_of
from tests.storage.demands import nobody_waits

if TYPE_CHECKING:
    from include.model.job import Batch

TWO_IN_A_ROW = [
    pair
    for step in STEPS
    for points in [[name for name, point in POINTS.items() if point.step == step]]
    for pair in pairwise([points[-1], *points])
]


def test_the_job_that_is_disturbed_has_a_known_an_unknown_and_some_other_tickers(undisturbed: Rows) -> None:
    (job,) = (row for row in undisturbed["analysis_jobs"] if row["job_id"] == RUN)
    assert (job["status"], job["total"]) == ("completed_with_errors", 5)
    details = {row["ticker"]: row["status"] for row in undisturbed["analysis_jobs_details"] if row["job_id"] == RUN}
    assert details == {**dict.fromkeys(TICKERS, "completed"), KNOWN: "reused", UNKNOWN: "failed"}


@pytest.mark.parametrize("point", POINTS)
def test_a_job_whose_task_is_killed_leaves_the_rows_of_one_that_nobody_disturbed(
    prepared_url: str, undisturbed: Rows, point: str
) -> None:
    assert run_job(prepared_url, [point]) == []
    assert rows_of(prepared_url) == undisturbed


@pytest.mark.parametrize("points", TWO_IN_A_ROW, ids=" and ".join)
def test_a_job_whose_task_is_killed_twice_in_a_row_leaves_the_rows_of_one_that_nobody_disturbed(
    prepared_url: str, undisturbed: Rows, points: tuple[str, str]
) -> None:
    assert run_job(prepared_url, points) == []
    assert rows_of(prepared_url) == undisturbed


@pytest.mark.parametrize("point", [name for name, point in POINTS.items() if point.step != "end"])
def test_a_job_whose_task_is_killed_and_never_done_again_ends_with_every_ticker_or_never_was(
    prepared_url: str, point: str
) -> None:
    with Database(lambda: connect(prepared_url), patience_seconds=5) as database:
        orders: tuple[Batch, ...] = ()
        if POINTS[point].step == "work":
            orders = run_step(prepared_url, "begin", RUN, wanted(), kills=[])
        given = orders[:1] or (RUN, wanted())
        with child(prepared_url, POINTS[point].step, *given, point=point) as killed:
            assert killed.said() is None
        database.run(lambda own: own.execute("UPDATE analysis_jobs SET heartbeat_at = 'yesterday'"))
        ended = end_dead_jobs(database, lambda run: run.job_id == RUN, nobody_waits, 3600)
        reached = database.run(lambda own: progress(own, RUN))
    if point in (
        "before_the_claim",
        "in_the_claims_transaction",
        "before_the_details",
        "before_the_claim_is_committed",
    ):
        assert (ended, reached) == ([], None)
        return
    assert reached is not None
    assert not reached.status.is_active
    assert reached.completed + reached.failed == reached.total == len(TICKERS)
    assert reached.completed == (3 if point == "after_the_upsert" else 1)


def test_a_job_of_which_every_task_is_killed_is_told_of_once(prepared_url: str, undisturbed: Rows) -> None:
    assert run_job(prepared_url, ["after_the_claim", "after_the_upsert", "before_the_end_is_committed"]) == []
    assert rows_of(prepared_url) == undisturbed
    with connect(prepared_url) as connection:
        told = connection.execute("SELECT job_id, attempt FROM outbox WHERE job_id = %s", [RUN]).fetchall()
    assert told == [{"job_id": RUN, "attempt": 2}]


def test_a_job_that_has_ended_is_not_touched_when_its_last_task_is_done_again(prepared_url: str) -> None:
    run_job(prepared_url)
    before = every_value_of(prepared_url)
    run_step(prepared_url, "end", RUN, kills=[])
    assert every_value_of(prepared_url) == before
