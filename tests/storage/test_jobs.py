"""Claims, attempts, batches and finalising on a real PostgreSQL."""

import contextlib
import threading
from dataclasses import replace

import psycopg
import pytest

from include.jobs.claims import claim_key
from include.model.bars import DataSource
from include.model.errors import (
    CancelledRunError,
    ClaimCollisionError,
    ErrorCode,
    OvertakenError,
    Refusal,
    StaleAttemptError,
)
from include.model.job import Batch, JobStatus, Run
from include.model.request import AnalysisSource
from include.storage.connection import Connection, connect
from include.storage.jobs import (
    abandon_job,
    begin_batch,
    cancel_job,
    claim_job,
    finalize_job,
    note_batch_error,
    progress,
)
from include.storage.results import store_outcomes, verdicts
from include.storage.watchlist import add_to_watchlist
from local.postgres import Cluster
from tests.storage.demands import DAG_ID, begun, demand, opened, outcome


def test_the_first_request_wins_and_an_equal_one_joins_it(connection: Connection) -> None:
    first = opened(connection, "run-1")
    second = opened(connection, "run-2")
    assert (first.run.job_id, first.joined) == ("run-1", False)
    assert (second.run.job_id, second.joined) == ("run-1", True)
    assert progress(connection, "run-2") is None


@pytest.mark.parametrize(
    "other",
    [
        demand("IBM"),
        demand("IBM", "XOM"),
        demand(user="bob"),
        demand(strategy="momentum_breakout"),
        demand(strategy_version="v2"),
        demand(force=True),
    ],
    ids=["fewer tickers", "as many other tickers", "another user", "strategy", "strategy version", "forced"],
)
def test_other_work_is_another_job(connection: Connection, other: object) -> None:
    opened(connection, "run-1")
    assert not opened(connection, "run-2", other).joined  # type: ignore[arg-type]


def test_equal_work_is_a_new_job_once_the_first_has_ended(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    store_outcomes(connection, batch, [outcome("IBM"), outcome("JPM")])
    finalize_job(connection, "run-1")
    assert not opened(connection, "run-2").joined


def test_of_many_simultaneous_equal_requests_exactly_one_wins(app_url: str) -> None:
    count, gate, claims = 20, threading.Barrier(20), []

    def ask(number: int) -> None:
        with connect(app_url) as own:
            gate.wait(timeout=20)
            claims.append(opened(own, f"run-{number}"))

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(claims) == count
    assert len({claim.run.job_id for claim in claims}) == 1
    assert sum(not claim.joined for claim in claims) == 1


def test_the_database_itself_refuses_a_second_equal_active_job(connection: Connection) -> None:
    opened(connection, "run-1")
    with pytest.raises(psycopg.errors.UniqueViolation, match="analysis_jobs_one_active"):
        connection.execute(
            "INSERT INTO analysis_jobs"
            " (job_id, dag_id, claim_key, request, scope, requested_by, trigger, analysis_source, total)"
            " SELECT 'run-2', dag_id, claim_key, request, scope, requested_by, trigger, analysis_source, total"
            " FROM analysis_jobs"
        )


def test_an_equal_key_of_a_different_request_is_an_error_and_never_a_join(connection: Connection) -> None:
    wanted, other = demand("IBM"), demand("XOM")
    opened(connection, "run-1", wanted)
    with pytest.raises(ClaimCollisionError, match="run-1"):
        claim_job(connection, Run(dag_id=DAG_ID, job_id="run-2"), claim_key(wanted.request), other)
    assert progress(connection, "run-2") is None


def test_a_rerun_is_a_new_attempt_that_fences_off_the_old_one(connection: Connection) -> None:
    old = begun(connection, "run-1")
    again = opened(connection, "run-1")
    assert (again.attempt, again.joined) == (2, False)
    with pytest.raises(StaleAttemptError, match="attempt 1"):
        store_outcomes(connection, old, [outcome("IBM")])
    with pytest.raises(StaleAttemptError):
        begin_batch(connection, old)
    assert connection.execute("SELECT count(*) AS n FROM analysis_results").fetchone() == {"n": 0}


def test_an_ended_job_is_reopened_by_its_own_run_unless_an_equal_one_is_active(connection: Connection) -> None:
    begun(connection, "run-1")
    finalize_job(connection, "run-1")
    opened(connection, "run-2")
    rerun = opened(connection, "run-1", clear_number=1)
    assert (rerun.run.job_id, rerun.joined) == ("run-2", True)
    finalize_job(connection, "run-2")
    reopened = opened(connection, "run-1", clear_number=1)
    assert (reopened.run.job_id, reopened.attempt) == ("run-1", 2)
    reached = progress(connection, "run-1")
    assert reached is not None
    assert (reached.status, reached.pending) == (JobStatus.QUEUED, 2)


def test_a_job_is_queued_then_processing_then_completed(connection: Connection) -> None:
    claim = opened(connection, "run-1")
    assert progress(connection, "run-1").status is JobStatus.QUEUED  # type: ignore[union-attr]
    batch = Batch(job_id="run-1", attempt=claim.attempt, number=0, label="all")
    work = begin_batch(connection, batch)
    assert list(work.sessions) == ["IBM", "JPM"]
    assert work.request == demand().request
    assert progress(connection, "run-1").status is JobStatus.PROCESSING  # type: ignore[union-attr]
    assert store_outcomes(connection, batch, [outcome("IBM"), outcome("JPM")]) == 2
    ended = finalize_job(connection, "run-1")
    assert ended is not None
    assert (ended.status, ended.completed, ended.pending, ended.status_reason) == (JobStatus.COMPLETED, 2, 0, None)


def test_a_retried_batch_gets_only_what_is_not_done(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    store_outcomes(connection, batch, [outcome("IBM")])
    assert list(begin_batch(connection, batch).sessions) == ["JPM"]


def test_a_job_with_a_failed_ticker_is_completed_with_errors_and_says_which_code(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    store_outcomes(connection, batch, [outcome("IBM"), Refusal("JPM", ErrorCode.NO_DATA, "no bars")])
    ended = finalize_job(connection, "run-1")
    assert ended is not None
    assert (ended.status, ended.completed, ended.failed) == (JobStatus.COMPLETED_WITH_ERRORS, 1, 1)
    assert ended.status_reason == "1 no_data"


def test_a_job_without_any_result_is_failed(connection: Connection) -> None:
    begun(connection, "run-1")
    ended = finalize_job(connection, "run-1")
    assert ended is not None
    assert (ended.status, ended.status_reason) == (JobStatus.FAILED, "2 interrupted")
    assert {row.error_code for row in verdicts(connection, "run-1")} == {"interrupted"}


def test_what_stopped_a_batch_for_good_is_its_tickers_error(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    note_batch_error(connection, batch, "source_unavailable", "Yahoo is away")
    finalize_job(connection, "run-1")
    assert {(r.error_code, r.error_message) for r in verdicts(connection, "run-1")} == {
        ("source_unavailable", "Yahoo is away")
    }


def test_a_batch_that_succeeds_at_a_later_try_leaves_no_error(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    note_batch_error(connection, batch, "source_unavailable", "Yahoo is away")
    begin_batch(connection, batch)
    store_outcomes(connection, batch, [outcome("IBM"), outcome("JPM")])
    assert finalize_job(connection, "run-1").status is JobStatus.COMPLETED  # type: ignore[union-attr]


def test_finalising_twice_changes_nothing(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    store_outcomes(connection, batch, [outcome("IBM"), outcome("JPM")])
    assert finalize_job(connection, "run-1") == finalize_job(connection, "run-1")


def test_finalising_an_unknown_job_says_so(connection: Connection) -> None:
    assert finalize_job(connection, "no-such-run") is None


def test_nothing_is_written_after_the_job_has_ended(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    finalize_job(connection, "run-1")
    with pytest.raises(StaleAttemptError):
        store_outcomes(connection, batch, [outcome("IBM")])
    note_batch_error(connection, batch, "source_unavailable", "too late")
    assert {row.error_code for row in verdicts(connection, "run-1")} == {"interrupted"}


def test_the_watchlist_of_the_requester_gets_what_was_found_and_nobody_elses_does(connection: Connection) -> None:
    for owner in ("ann", "bob"):
        add_to_watchlist(connection, owner, ["IBM", "JPM", "XOM"])
    batch = begun(connection, "run-1")
    store_outcomes(connection, batch, [outcome("IBM"), Refusal("JPM", ErrorCode.NO_DATA, "no bars")])
    finalize_job(connection, "run-1")
    rows = connection.execute(
        "SELECT owner, ticker, last_job_id, last_status, last_verdict, last_score::float AS score"
        " FROM watchlist WHERE last_analyzed_at IS NOT NULL ORDER BY ticker"
    ).fetchall()
    assert [tuple(row.values()) for row in rows] == [
        ("ann", "IBM", "run-1", "completed", "Buy", 67.4),
        ("ann", "JPM", "run-1", "failed", None, None),
    ]


def test_a_watchlist_entry_by_an_old_name_gets_what_was_found_by_the_new_one(
    connection: Connection, cluster: Cluster, database: str
) -> None:
    with connect(cluster.url(database)) as operator:
        operator.execute("INSERT INTO ticker_aliases (ticker, renamed_to) VALUES ('OLDER', 'OLD'), ('OLD', 'IBM')")
    add_to_watchlist(connection, "ann", ["OLDER", "XOM"])
    wanted = demand("IBM", data_source=DataSource.YAHOO)
    store_outcomes(connection, begun(connection, "run-1", wanted), [outcome("IBM")])
    finalize_job(connection, "run-1")
    rows = connection.execute("SELECT ticker, last_job_id FROM watchlist ORDER BY ticker").fetchall()
    assert [tuple(row.values()) for row in rows] == [("OLDER", "run-1"), ("XOM", None)]


def test_a_cancelled_job_keeps_what_is_done_and_cancels_the_rest(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    store_outcomes(connection, batch, [outcome("IBM")])
    assert cancel_job(connection, "run-1", "ann wants it", actor="ann")
    ended = progress(connection, "run-1")
    assert ended is not None
    assert (ended.status, ended.status_reason) == (JobStatus.CANCELLED, "ann wants it")
    assert (ended.completed, ended.cancelled, ended.pending) == (1, 1, 0)
    rest = next(row for row in verdicts(connection, "run-1") if row.ticker == "JPM")
    assert (rest.error_code, rest.error_message) == ("cancelled", "ann wants it")


def test_every_detail_of_an_ended_job_has_its_times(connection: Connection) -> None:
    opened(connection, "cancelled")
    cancel_job(connection, "cancelled", "ann wants it", actor="ann")
    opened(connection, "interrupted", demand("XOM"))
    finalize_job(connection, "interrupted")
    missing = connection.execute(
        "SELECT FROM analysis_jobs_details"
        " WHERE started_at IS NULL OR completed_at IS NULL OR completed_at < started_at"
    )
    assert missing.fetchall() == []


def test_synthetic_prices_do_not_reach_the_watchlist(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])
    wanted = replace(demand("IBM", data_source=DataSource.DEMO), analysis_source=AnalysisSource.DEMO)
    store_outcomes(connection, begun(connection, "run-1", wanted), [outcome("IBM")])
    finalize_job(connection, "run-1")
    assert connection.execute("SELECT last_verdict FROM watchlist").fetchone() == {"last_verdict": None}


def test_a_cancelled_job_is_never_overwritten(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    cancel_job(connection, "run-1", "ann wants it", actor="ann")
    with pytest.raises(StaleAttemptError):
        store_outcomes(connection, batch, [outcome("IBM")])
    assert finalize_job(connection, "run-1").status is JobStatus.CANCELLED  # type: ignore[union-attr]


def test_an_abandoned_job_has_failed_with_the_reason_on_job_and_tickers(connection: Connection) -> None:
    begun(connection, "run-1")
    assert abandon_job(connection, "run-1", "timed out")
    ended = progress(connection, "run-1")
    assert ended is not None
    assert (ended.status, ended.status_reason, ended.failed) == (JobStatus.FAILED, "timed out", 2)
    assert {(r.error_code, r.error_message) for r in verdicts(connection, "run-1")} == {("interrupted", "timed out")}


def test_a_job_that_has_ended_is_not_ended_again(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    store_outcomes(connection, batch, [outcome("IBM"), outcome("JPM")])
    finalize_job(connection, "run-1")
    assert not cancel_job(connection, "run-1", "too late", actor="ann")
    assert not abandon_job(connection, "run-1", "too late")
    assert progress(connection, "run-1").status is JobStatus.COMPLETED  # type: ignore[union-attr]


def test_equal_work_can_be_asked_for_again_after_a_cancel(connection: Connection) -> None:
    begun(connection, "run-1")
    cancel_job(connection, "run-1", "ann wants it", actor="ann")
    assert not opened(connection, "run-2").joined


def test_a_run_that_was_cancelled_before_its_job_was_opened_opens_none(connection: Connection) -> None:
    assert cancel_job(connection, "run-1", "ann wants it", actor="ann")
    with pytest.raises(CancelledRunError, match="clear it to do it again"):
        opened(connection, "run-1")
    assert progress(connection, "run-1") is None


def test_a_run_that_is_cleared_after_a_cancel_does_its_work(connection: Connection) -> None:
    cancel_job(connection, "run-1", "ann wants it", actor="ann", clear_number=0)
    wanted = demand()
    run = Run(dag_id=DAG_ID, job_id="run-1", clear_number=1)
    assert not claim_job(connection, run, claim_key(wanted.request), wanted).joined


def test_a_cancel_and_the_opening_of_its_job_at_the_same_moment_leave_no_active_job(app_url: str) -> None:
    """Whoever is first: the job is opened and ended, or not opened at all."""
    for number in range(30):
        gate, run_id = threading.Barrier(2), f"run-{number}"

        def open_it(gate: threading.Barrier = gate, run_id: str = run_id, number: int = number) -> None:
            with connect(app_url) as own:
                gate.wait(timeout=20)
                with contextlib.suppress(CancelledRunError):
                    opened(own, run_id, demand(f"T{number}"))

        opening = threading.Thread(target=open_it)
        opening.start()
        with connect(app_url) as own:
            gate.wait(timeout=20)
            assert cancel_job(own, run_id, "ann wants it", actor="ann")
            opening.join(timeout=20)
            ended = progress(own, run_id)
            assert ended is None or ended.status is JobStatus.CANCELLED


def test_who_cancelled_a_job_is_recorded(connection: Connection) -> None:
    opened(connection, "run-1")
    cancel_job(connection, "run-1", "cancelled by bob", actor="bob")
    cancel_job(connection, "run-1", "again", actor="bob")
    actions = connection.execute("SELECT actor, action, job_id, details FROM analysis_actions").fetchall()
    assert [tuple(row.values()) for row in actions] == [("bob", "cancel", "run-1", {"reason": "cancelled by bob"})]


OUTBOX = "SELECT job_id, attempt, payload ->> 'status' AS s, payload -> 'completed' AS done FROM outbox ORDER BY id"


def test_every_end_of_a_job_is_told_exactly_once(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    store_outcomes(connection, batch, [outcome("IBM"), outcome("JPM")])
    for _ in range(2):
        finalize_job(connection, "run-1")
        cancel_job(connection, "run-1", "too late", actor="ann")
    opened(connection, "run-1", clear_number=1)  # a new attempt, which ends too
    cancel_job(connection, "run-1", "ann wants it", actor="ann")
    assert [tuple(row.values()) for row in connection.execute(OUTBOX)] == [
        ("run-1", 1, "completed", 2),
        ("run-1", 2, "cancelled", 0),
    ]


def test_a_job_whose_outbox_row_cannot_be_written_has_not_ended(connection: Connection) -> None:
    """The end and what is told of it are one transaction."""
    begun(connection, "run-1")
    connection.execute("INSERT INTO outbox (kind, job_id, attempt, payload) VALUES ('job_ended', 'run-1', 1, '{}')")
    with pytest.raises(psycopg.errors.UniqueViolation, match="outbox_key"):
        finalize_job(connection, "run-1")
    assert progress(connection, "run-1").status is JobStatus.PROCESSING  # type: ignore[union-attr]


def test_a_job_that_was_removed_and_is_done_again_ends_again(connection: Connection) -> None:
    begun(connection, "run-1")
    finalize_job(connection, "run-1")
    connection.execute("DELETE FROM analysis_jobs")
    assert opened(connection, "run-1").attempt == 2
    assert finalize_job(connection, "run-1").status is JobStatus.FAILED  # type: ignore[union-attr]
    assert [row["attempt"] for row in connection.execute(OUTBOX)] == [1, 2]


def test_a_first_try_that_wakes_after_the_job_has_ended_leaves_it_as_it_is(connection: Connection) -> None:
    begun(connection, "run-1")
    opened(connection, "run-1", try_number=2)
    ended = finalize_job(connection, "run-1")
    for try_number in (1, 2, 3):  # a try that was thought dead, and tries of a job that has ended meanwhile
        with pytest.raises(OvertakenError, match="clear its run to do it again"):
            opened(connection, "run-1", try_number=try_number)
    assert progress(connection, "run-1") == ended


def test_a_first_try_that_wakes_while_a_later_one_is_at_work_does_not_take_its_attempt(connection: Connection) -> None:
    opened(connection, "run-1", try_number=2)
    with pytest.raises(OvertakenError):
        opened(connection, "run-1", try_number=1)
    with pytest.raises(OvertakenError):
        opened(connection, "run-1", demand("XOM"), try_number=1)
    opened(connection, "run-1", clear_number=1, try_number=3)
    with pytest.raises(OvertakenError):
        opened(connection, "run-1", clear_number=0, try_number=4)
    assert opened(connection, "run-1", clear_number=1, try_number=3).attempt == 3


def test_a_cancel_while_a_cleared_run_is_about_to_open_its_job_again_holds(connection: Connection) -> None:
    begun(connection, "run-1")
    finalize_job(connection, "run-1")
    assert cancel_job(connection, "run-1", "ann wants it", actor="ann", clear_number=1)
    assert not cancel_job(connection, "run-1", "ann wants it", actor="ann", clear_number=1)
    with pytest.raises(CancelledRunError):
        opened(connection, "run-1", clear_number=1)
    assert progress(connection, "run-1").status is JobStatus.FAILED  # type: ignore[union-attr]
    assert not opened(connection, "run-1", clear_number=2).joined


def test_the_end_of_an_earlier_attempt_does_not_end_the_next_one(connection: Connection) -> None:
    begun(connection, "run-1")
    begun(connection, "run-1", clear_number=1)
    assert finalize_job(connection, "run-1", clear_number=0).status is JobStatus.PROCESSING  # type: ignore[union-attr]
    assert not abandon_job(connection, "run-1", "it took too long", clear_number=0)
    assert progress(connection, "run-1").failed == 0  # type: ignore[union-attr]
    assert finalize_job(connection, "run-1", clear_number=1).status is JobStatus.FAILED  # type: ignore[union-attr]


def test_a_run_that_was_cleared_before_its_job_was_opened_anew_ends_the_one_that_there_is(
    connection: Connection,
) -> None:
    begun(connection, "run-1")
    assert finalize_job(connection, "run-1", clear_number=1).status is JobStatus.FAILED  # type: ignore[union-attr]
