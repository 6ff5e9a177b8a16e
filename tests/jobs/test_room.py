"""One user has so many active jobs and no more, by whichever way they ask; what is no job more is never refused."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from include.jobs.opening import OpenedJob, open_job
from include.jobs.submission import RunState, submit
from include.model.errors import TooManyJobsError
from include.model.job import JobStatus
from include.model.request import Demand, OnDuplicate, Trigger
from include.settings import settings
from include.storage.connection import Connection, connect
from include.storage.jobs import finalize_job, progress
from tests.jobs.runs import FakeRuns
from tests.jobs.storm import nothing_is_over
from tests.storage.demands import SESSION, asking, demand
from tests.storage.turns import turns

TABLES = ("analysis_jobs", "analysis_jobs_details", "analysis_requests", "analysis_actions", "request_ids", "outbox")


@pytest.fixture(autouse=True)
def two_jobs_each(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BELLWETHER_MAX_ACTIVE_JOBS", "2")
    settings.cache_clear()
    yield
    settings.cache_clear()


def open_as(
    connection: Connection, run_id: str, wanted: Demand, clear_number: int = 0, try_number: int = 1
) -> OpenedJob:
    asked = asking(run_id, wanted.requested_by, clear_number=clear_number, try_number=try_number)
    return open_job(connection, asked, wanted, dict.fromkeys(wanted.request.tickers, SESSION), nothing_is_over)


def fill(connection: Connection) -> None:
    """Two active jobs of ann's."""
    open_as(connection, "first", demand("A"))
    open_as(connection, "second", demand("B"))


def everything(connection: Connection) -> dict[str, list[dict[str, object]]]:
    return {table: connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES}


def status(connection: Connection, job_id: str) -> JobStatus | None:
    reached = progress(connection, job_id)
    return reached.status if reached else None


def test_a_run_that_would_be_one_job_too_many_is_refused_and_nothing_is_half_done(connection: Connection) -> None:
    fill(connection)
    before = everything(connection)
    with pytest.raises(TooManyJobsError, match=r"you have 2 active jobs, the most allowed; .* first .*MAX_ACTIVE_JOBS"):
        open_as(connection, "third", demand("C", request_id="mine"))
    with pytest.raises(TooManyJobsError):
        open_as(connection, "third", demand("A", force=True))
    assert everything(connection) == before
    finalize_job(connection, "first")
    assert open_as(connection, "third", demand("C")).claim.joined is False


def test_another_user_has_room_of_their_own_and_the_schedule_needs_none(connection: Connection) -> None:
    fill(connection)
    open_as(connection, "of-bob", demand("C", user="bob"))
    for number, trigger in enumerate((Trigger.SCHEDULE, Trigger.BACKFILL, Trigger.OPERATOR, Trigger.ASSET)):
        open_as(connection, f"scheduled-{number}", replace(demand(f"S{number}"), trigger=trigger))
    finalize_job(connection, "second")
    open_as(connection, "third", demand("C"))  # what Airflow asks for takes no place of hers either


def test_what_joins_is_never_refused(connection: Connection) -> None:
    fill(connection)
    assert open_as(connection, "third", demand("A")).claim.run.job_id == "first"


def test_what_supersedes_takes_the_place_of_what_it_cancels(connection: Connection) -> None:
    fill(connection)
    open_as(connection, "third", demand("A", on_duplicate=OnDuplicate.SUPERSEDE))
    assert [status(connection, job_id) for job_id in ("first", "third")] == [JobStatus.CANCELLED, JobStatus.QUEUED]


def test_what_would_supersede_somebody_elses_job_is_a_job_more_and_leaves_that_one_at_work(
    connection: Connection,
) -> None:
    fill(connection)
    open_as(connection, "of-bob", demand("C", user="bob", scope="shared"))
    before = everything(connection)
    with pytest.raises(TooManyJobsError):
        open_as(connection, "third", demand("C", scope="shared", on_duplicate=OnDuplicate.SUPERSEDE))
    assert everything(connection) == before


def test_a_run_whose_job_is_counted_is_tried_and_cleared_also_when_less_is_allowed_by_now(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(connection)
    monkeypatch.setenv("BELLWETHER_MAX_ACTIVE_JOBS", "1")
    settings.cache_clear()
    assert open_as(connection, "first", demand("A"), try_number=2).claim.attempt == 2
    assert open_as(connection, "first", demand("A"), clear_number=1).claim.attempt == 3
    with pytest.raises(TooManyJobsError, match="you have 2 active jobs, and 1 are allowed"):
        open_as(connection, "third", demand("C"))


def test_an_ended_job_is_opened_again_only_where_there_is_room_and_stays_as_it_was_else(connection: Connection) -> None:
    open_as(connection, "ended", demand("C"))
    finalize_job(connection, "ended")
    fill(connection)
    before = everything(connection)
    with pytest.raises(TooManyJobsError):
        open_as(connection, "ended", demand("C"), clear_number=1)
    assert everything(connection) == before
    finalize_job(connection, "second")
    assert open_as(connection, "ended", demand("C"), clear_number=1).claim.attempt == 2


def test_of_two_runs_that_open_at_one_moment_one_gets_the_last_place(app_url: str) -> None:
    def third(own: Connection) -> OpenedJob:
        return open_as(own, "third", demand("C"))

    with turns(app_url) as take, connect(app_url) as one, connect(app_url) as other:
        open_as(one, "first", demand("A"))
        with one.transaction():
            open_as(one, "second", demand("B"))
            waiting = take.start(other, third)
        with pytest.raises(TooManyJobsError):
            waiting.result(timeout=30)
        assert status(one, "third") is None


def test_who_waited_for_a_job_that_came_to_nothing_gets_its_place(app_url: str) -> None:
    with turns(app_url) as take, connect(app_url) as one, connect(app_url) as other:
        open_as(one, "first", demand("A"))
        with one.transaction(force_rollback=True):
            open_as(one, "second", demand("B"))
            waiting = take.start(other, lambda own: open_as(own, "third", demand("C")))
        assert waiting.result(timeout=30).claim.joined is False


@pytest.fixture
def runs() -> FakeRuns:
    return FakeRuns()


def test_at_a_door_runs_that_have_not_opened_their_jobs_count(connection: Connection, runs: FakeRuns) -> None:
    first = submit(connection, runs, demand("A"))
    open_as(connection, first.run_id, demand("A"))
    submit(connection, runs, demand("B"))
    for more in (demand("C"), demand("A", force=True)):
        with pytest.raises(TooManyJobsError, match=first.run_id):
            submit(connection, runs, more)
    with pytest.raises(TooManyJobsError):
        submit(connection, runs, demand("C"), "own-id")
    assert len(runs.states) == 2
    finalize_job(connection, first.run_id)
    assert submit(connection, runs, demand("C")).created


def test_at_a_door_too_what_joins_or_supersedes_or_repeats_is_not_refused(
    connection: Connection, runs: FakeRuns
) -> None:
    first = submit(connection, runs, demand("A"))
    open_as(connection, first.run_id, demand("A"))
    second = submit(connection, runs, demand("B"), "own-id")
    assert submit(connection, runs, demand("B"), "own-id").run_id == second.run_id
    assert submit(connection, runs, demand("A")).run_id == first.run_id
    assert submit(connection, runs, demand("A", on_duplicate=OnDuplicate.SUPERSEDE)).created
    assert submit(connection, runs, demand("A"), "also-joins").created  # its first task finds the job and joins it


@dataclass
class RunsOfOthers(FakeRuns):
    """Somebody makes a run in the moment in which we look for room."""

    coming: str = ""

    def under_way(self) -> list[str]:
        self.states[self.coming] = RunState.ACTIVE
        return super().under_way()


def test_a_request_joins_the_equal_one_that_took_the_last_place_a_moment_before(connection: Connection) -> None:
    run_id = submit(connection, FakeRuns(), demand("C")).run_id
    fill(connection)
    answer = submit(connection, RunsOfOthers(coming=run_id), demand("C"))
    assert (answer.run_id, answer.created) == (run_id, False)
