"""Two that meet at one row, in an order that chance rarely deals: the second one waits, and sees what the first did."""

from collections.abc import Iterator

import pytest

from include.jobs.claims import claim_key
from include.jobs.opening import open_job
from include.model.errors import InvalidRequestError, StaleAttemptError
from include.model.job import DetailStatus, JobStatus, Progress
from include.storage import jobs
from include.storage.connection import Connection, connect
from include.storage.jobs import begin_batch, cancel_job, claim_job, finalize_job, progress
from include.storage.requests import find_repeat
from include.storage.results import store_outcomes, verdicts
from include.storage.watchlist import add_to_watchlist
from tests.jobs.storm import nothing_is_over
from tests.storage.demands import SESSION, asking, begun, demand, opened, outcome
from tests.storage.turns import Turns, turns


@pytest.fixture
def take(app_url: str) -> Iterator[Turns]:
    with turns(app_url) as taken:
        yield taken


@pytest.fixture
def other(app_url: str) -> Iterator[Connection]:
    with connect(app_url) as opened:
        yield opened


def reached(connection: Connection, job_id: str) -> Progress:
    found = progress(connection, job_id)
    assert found is not None
    return found


def test_a_detail_has_the_result_of_a_newer_job_that_stored_it_at_the_same_moment(
    connection: Connection, other: Connection, take: Turns
) -> None:
    older, newer = begun(connection, "older", demand("IBM")), begun(connection, "newer", demand("IBM", force=True))
    with other.transaction():
        store_outcomes(other, newer, [outcome("IBM", 71.0)])
        storing = take.start(connection, lambda own: store_outcomes(own, older, [outcome("IBM", 67.4)]))
    assert storing.result() == 1
    linked = other.execute(
        "SELECT detail.job_id, result.job_id AS owner FROM analysis_jobs_details AS detail"
        " JOIN analysis_results AS result ON result.id = detail.result_id ORDER BY 1"
    ).fetchall()
    assert [tuple(row.values()) for row in linked] == [("newer", "newer"), ("older", "newer")]


def test_two_jobs_of_one_user_that_end_at_the_same_moment_wait_for_each_other_on_the_watchlist(
    connection: Connection, other: Connection, take: Turns
) -> None:
    add_to_watchlist(connection, "ann", ["XOM", "IBM", "JPM"])
    for job_id, tickers in (("first", ("IBM", "JPM")), ("second", ("JPM", "XOM"))):
        batch = begun(connection, job_id, demand(*tickers))
        store_outcomes(connection, batch, [outcome(ticker) for ticker in tickers])
    with other.transaction():
        finalize_job(other, "first")
        ending = take.start(connection, lambda own: finalize_job(own, "second"))
    ended = ending.result()
    assert ended is not None
    assert ended.status is JobStatus.COMPLETED
    seen = connection.execute("SELECT ticker, last_job_id FROM watchlist ORDER BY ticker").fetchall()
    assert [tuple(row.values()) for row in seen] == [("IBM", "first"), ("JPM", "second"), ("XOM", "second")]


def test_a_run_that_is_done_again_gets_its_job_back_when_the_equal_one_ends_in_this_moment(
    connection: Connection, other: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(connection, "again")
    finalize_job(connection, "again")
    opened(connection, "equal")
    claim = jobs._claim

    def meanwhile_the_equal_one_ends(*given: object) -> object:
        finalize_job(other, "equal")
        return claim(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs, "_claim", meanwhile_the_equal_one_ends)
    wanted = demand()
    reopened = claim_job(connection, asking("again", clear_number=1).run, claim_key(wanted.request), wanted)
    assert (reopened.run.job_id, reopened.attempt, reopened.joined) == ("again", 2, False)


def test_who_asks_while_the_equal_job_ends_gets_a_job_of_its_own(
    connection: Connection, other: Connection, take: Turns
) -> None:
    opened(connection, "ends")
    with other.transaction():
        finalize_job(other, "ends")
        claiming = take.start(connection, lambda own: opened(own, "next"))
    assert not claiming.result().joined


def test_who_asks_while_an_equal_job_is_being_opened_waits_and_joins_it(
    connection: Connection, other: Connection, take: Turns
) -> None:
    with other.transaction():
        opened(other, "first")
        claiming = take.start(connection, lambda own: opened(own, "second"))
    assert (claiming.result().joined, claiming.result().run.job_id) == (True, "first")


def test_who_asks_while_an_equal_job_breaks_off_before_it_is_opened_takes_its_place(
    connection: Connection, other: Connection, take: Turns
) -> None:
    with other.transaction(force_rollback=True):
        opened(other, "first")
        claiming = take.start(connection, lambda own: opened(own, "second"))
    assert not claiming.result().joined
    assert progress(connection, "first") is None


@pytest.mark.parametrize("force", [True, False])
def test_of_two_requests_with_one_request_id_at_the_same_moment_the_second_gets_the_firsts_job(
    connection: Connection, other: Connection, take: Turns, force: bool
) -> None:
    wanted = demand("IBM", force=force, request_id="mine")
    with other.transaction():
        open_job(other, asking("first"), wanted, {"IBM": SESSION}, nothing_is_over)
        asked = take.start(
            connection, lambda own: open_job(own, asking("second"), wanted, {"IBM": SESSION}, nothing_is_over)
        )
    assert (asked.result().claim.joined, asked.result().claim.run.job_id) == (True, "first")
    assert progress(connection, "second") is None


def test_a_request_id_that_is_given_to_two_requests_at_the_same_moment_stays_the_firsts(
    connection: Connection, other: Connection, take: Turns
) -> None:
    wanted = demand("IBM", request_id="mine")
    another = demand("XOM", request_id="mine")
    with other.transaction():
        open_job(other, asking("first"), wanted, {"IBM": SESSION}, nothing_is_over)
        asked = take.start(
            connection, lambda own: open_job(own, asking("second"), another, {"XOM": SESSION}, nothing_is_over)
        )
    with pytest.raises(InvalidRequestError, match="it was given to another request, of job first"):
        asked.result()
    assert progress(connection, "second") is None
    assert find_repeat(connection, "ann", "mine").job_id == "first"  # type: ignore[union-attr]


def test_a_cancel_that_comes_while_the_job_is_being_finalised_is_too_late(
    connection: Connection, other: Connection, take: Turns
) -> None:
    store_outcomes(connection, begun(connection, "run-1", demand("IBM")), [outcome("IBM")])
    with other.transaction():
        finalize_job(other, "run-1")
        cancelling = take.start(connection, lambda own: cancel_job(own, "run-1", "ann wants it", actor="ann"))
    assert cancelling.result() is False
    assert reached(connection, "run-1").status is JobStatus.COMPLETED


def test_a_job_that_is_finalised_while_it_is_being_cancelled_stays_cancelled(
    connection: Connection, other: Connection, take: Turns
) -> None:
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM")])
    with other.transaction():
        assert cancel_job(other, "run-1", "ann wants it", actor="ann")
        finalising = take.start(connection, lambda own: finalize_job(own, "run-1"))
    ended = finalising.result()
    assert ended is not None
    assert (ended.status, ended.completed, ended.cancelled) == (JobStatus.CANCELLED, 1, 1)


def test_what_is_stored_while_the_job_is_being_cancelled_is_not_stored(
    connection: Connection, other: Connection, take: Turns
) -> None:
    batch = begun(connection, "run-1", demand("IBM"))
    with other.transaction():
        cancel_job(other, "run-1", "ann wants it", actor="ann")
        storing = take.start(connection, lambda own: store_outcomes(own, batch, [outcome("IBM")]))
    with pytest.raises(StaleAttemptError):
        storing.result()
    (ibm,) = verdicts(connection, "run-1")
    assert (ibm.status, ibm.score) == (DetailStatus.CANCELLED, None)


def test_a_job_that_is_cancelled_while_something_is_stored_keeps_it(
    connection: Connection, other: Connection, take: Turns
) -> None:
    batch = begun(connection, "run-1")
    with other.transaction():
        store_outcomes(other, batch, [outcome("IBM")])
        cancelling = take.start(connection, lambda own: cancel_job(own, "run-1", "ann wants it", actor="ann"))
    assert cancelling.result() is True
    ended = reached(connection, "run-1")
    assert (ended.completed, ended.cancelled) == (1, 1)


def test_a_retried_batch_that_meets_the_write_of_its_killed_task_leaves_out_what_that_has_stored(
    connection: Connection, other: Connection, take: Turns
) -> None:
    batch = begun(connection, "run-1")
    with other.transaction():  # PostgreSQL goes on with what a killed process has sent
        store_outcomes(other, batch, [outcome("IBM")])
        retrying = take.start(connection, lambda own: begin_batch(own, batch))
    assert list(retrying.result().sessions) == ["JPM"]


def test_a_batch_that_is_stored_by_two_processes_at_once_is_stored_once(
    connection: Connection, other: Connection, take: Turns
) -> None:
    batch = begun(connection, "run-1", demand("IBM"))
    with other.transaction():
        store_outcomes(other, batch, [outcome("IBM", 67.4)])
        storing = take.start(connection, lambda own: store_outcomes(own, batch, [outcome("IBM", 67.4)]))
    assert storing.result() == 0
    found = connection.execute("SELECT count(*) AS n, min(job_id) AS job_id FROM analysis_results").fetchone()
    assert found == {"n": 1, "job_id": "run-1"}
