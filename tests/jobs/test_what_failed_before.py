"""Each failure of the system that this one replaces, by its name: what made it possible there is impossible here."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import tuple_row

from include.jobs.housekeeping import end_dead_jobs, find_runs_without_job
from include.jobs.opening import open_job
from include.jobs.submission import RunState, submit
from include.market.sources import PriceSource, open_source
from include.model.bars import Bars, DataSource
from include.model.errors import ErrorCode, Refusal, SourceUnavailableError, StaleAttemptError
from include.model.job import JobStatus
from include.model.request import OnDuplicate
from include.pipeline.batch import run_batch
from include.storage import database as storage_database
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.jobs import cancel_job, progress
from include.storage.requests import Disposition, Door, RequestRecord, record_request
from include.storage.results import verdicts
from include.storage.watchlist import add_to_watchlist
from local.postgres import Cluster
from tests.jobs.desk import Desk
from tests.jobs.runs import FakeRuns
from tests.storage.demands import asking, nobody_waits

ROOT = Path(__file__).parents[2]
HOUR = 3600.0


@pytest.fixture
def desk(app_url: str) -> Iterator[Desk]:
    with Database(lambda: connect(app_url), patience_seconds=10) as database:
        yield Desk(database)


@pytest.fixture
def owner(cluster: Cluster, database: str) -> Iterator[psycopg.Connection]:
    """Who may change what tasks may not."""
    with psycopg.connect(cluster.url(database), autocommit=True) as connection:
        yield connection


def rows(connection: Connection, statement: str, *given: object) -> list[tuple[Any, ...]]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(statement, given or None).fetchall()  # type: ignore[call-overload]


def refused(connection: Connection, statement: str, kind: type[psycopg.Error], match: str) -> None:
    with pytest.raises(kind, match=match):
        connection.execute(statement)  # type: ignore[call-overload]


class BrokenSource:
    """Prices of the sample, but for one ticker whose bars break the analysis."""

    name = DataSource.SAMPLE

    def fetch(self, wanted: Mapping[str, Any], bars: int) -> dict[str, Bars | Refusal]:
        fetched = open_source(DataSource.SAMPLE).fetch(wanted, bars)
        return {ticker: Broken(ticker) if ticker == "KO" else found for ticker, found in fetched.items()}  # type: ignore[misc]


class Broken:
    def __init__(self, ticker: str) -> None:
        self.ticker = ticker


def test_job_stuck_in_queued(desk: Desk, connection: Connection) -> None:
    """A run that dies is found, its job is ended, and meanwhile nobody who asks again waits for it."""
    desk.open("dead", tickers=["IBM"])
    assert progress(connection, "dead").status is JobStatus.QUEUED  # type: ignore[union-attr]
    taken_over = desk.open("alive", tickers=["IBM"], over=("dead",))
    assert not taken_over.claim.joined
    desk.open("dead too", tickers=["KO"])
    connection.execute("UPDATE analysis_jobs SET heartbeat_at = heartbeat_at - interval '5 minutes'")
    (ended,) = end_dead_jobs(desk.database, lambda run: run.job_id == "dead too", nobody_waits, HOUR)
    assert (ended.job_id, ended.error) == ("dead too", None)
    assert progress(connection, "dead too").status is JobStatus.FAILED  # type: ignore[union-attr]


def test_job_stuck_in_queued_before_it_had_a_row(desk: Desk, connection: Connection, owner: psycopg.Connection) -> None:
    runs = FakeRuns()
    wanted = desk.demand(tickers=["IBM"])
    lost = submit(connection, runs, wanted)
    record_request(
        connection,
        RequestRecord(
            requested_by="ann",
            door=Door.API,
            raw={},
            request=wanted.request,
            disposition=Disposition.CREATED,
            job_id=lost.run_id,
            reason=None,
            latency_ms=1,
            run_id=lost.run_id,
        ),
    )
    owner.execute("UPDATE analysis_requests SET requested_at = requested_at - interval '1 hour'")
    runs.states[lost.run_id] = RunState.ENDED
    (told,) = find_runs_without_job(desk.database, lambda run_id: True)
    assert told.run_id == lost.run_id
    assert submit(connection, runs, wanted).created


@pytest.mark.parametrize("before", ["it has ended", "it is cancelled", "it broke before it had a job", "it is another"])
def test_false_409(desk: Desk, connection: Connection, before: str) -> None:
    """Only an equal active job is a reason to fail, and only for who wants to."""
    runs = FakeRuns()
    first = submit(connection, runs, desk.demand(tickers=["IBM", "KO"]))
    tickers = ["IBM", "KO"]
    if before == "it has ended":
        desk.run(first.run_id, tickers=tickers)
    elif before == "it is cancelled":
        desk.open(first.run_id, tickers=tickers)
        cancel_job(connection, first.run_id, "ann wants it", actor="ann")
    elif before == "it broke before it had a job":
        runs.states[first.run_id] = RunState.ENDED
    else:
        tickers = ["IBM", "XOM"]
    wanted = desk.demand(tickers=tickers, on_duplicate="fail")
    assert wanted.on_duplicate is OnDuplicate.FAIL
    again = submit(connection, runs, wanted)
    assert again.created
    assert not desk.open(again.run_id, tickers=tickers, on_duplicate="fail").claim.joined


def test_database_error_taken_for_a_duplicate(desk: Desk, cluster: Cluster, app_url: str) -> None:
    """A database that is away is an error, and says nothing about duplicates; nor does it make a run."""
    wanted, runs = desk.demand(tickers=["IBM"], on_duplicate="fail"), FakeRuns()
    with connect(app_url) as lost:
        with psycopg.connect(cluster.url(), autocommit=True) as superuser:
            superuser.execute("SELECT pg_terminate_backend(%s, 5000)", [lost.info.backend_pid])
        with pytest.raises(psycopg.OperationalError, match="terminating connection"):
            submit(lost, runs, wanted)
        with pytest.raises(psycopg.OperationalError):
            open_job(lost, asking("run-1"), wanted, {}, lambda run: False)
    assert runs.states == {}


def test_database_error_of_another_constraint_taken_for_a_duplicate(
    desk: Desk, connection: Connection, owner: psycopg.Connection
) -> None:
    """A unique violation that has nothing to do with the claim is no duplicate either."""
    desk.open("first", tickers=["IBM"])
    owner.execute("ALTER SEQUENCE analysis_jobs_seq_seq RESTART")
    with pytest.raises(psycopg.errors.UniqueViolation, match="analysis_jobs_seq_key"):
        desk.open("second", tickers=["KO"])
    assert progress(connection, "second") is None
    assert not desk.open("second", tickers=["KO"]).claim.joined


def test_result_without_job(desk: Desk, connection: Connection) -> None:
    """A job that was deleted gets no result any more, and takes the ones that it has with it."""
    job = desk.open("run-1", tickers=["IBM", "KO"])
    run_batch(desk.database, job.batches[0], open_source)
    connection.execute("DELETE FROM analysis_jobs")
    with pytest.raises(StaleAttemptError):
        run_batch(desk.database, job.batches[1], open_source)
    assert rows(connection, "SELECT ticker FROM analysis_results") == []
    desk.run("run-2", tickers=["IBM"])
    for value in ("NULL", "'no such job'"):
        refused(
            connection,
            f"UPDATE analysis_results SET job_id = {value}",
            psycopg.IntegrityError,
            "analysis_results|job_id",
        )


def test_duplicate_result(desk: Desk, connection: Connection) -> None:
    """Two jobs that analyse the same stock at once leave one result, the later job's."""
    first = desk.open("first", tickers=["IBM"])
    second = desk.open("second", tickers=["IBM"], force=True)
    desk.work(second)
    desk.work(first)
    assert rows(connection, "SELECT ticker, job_id FROM analysis_results") == [("IBM", "second")]
    copy = (
        "INSERT INTO analysis_results (ticker, session_date, strategy, strategy_version, data_source, job_id, job_seq,"
        " analysis_source, verdict, score, close, tick, currency, bars_used, bars_hash, summary, started_at,"
        " completed_at) SELECT ticker, session_date, strategy, 'other', data_source, 'first', 1, 'bulk', 'Hold', 50,"
        " close, tick, currency, bars_used, bars_hash, summary, started_at, completed_at FROM analysis_results"
    )
    refused(connection, copy, psycopg.errors.UniqueViolation, "analysis_results_key")


def test_source_of_the_analysis_lost(desk: Desk, connection: Connection) -> None:
    """Whether tickers were chosen, watched, of a universe or synthetic stands on the job and on each result."""
    add_to_watchlist(connection, "ann", ["JPM"])
    desk.run("selected", tickers=["IBM"])
    desk.run("watchlist")
    desk.run("bulk", universe="sample_leaders", force=True)
    desk.run("demo", tickers=["IBM"], data_source="demo")
    assert rows(connection, "SELECT job_id FROM analysis_jobs WHERE analysis_source <> job_id") == []
    sources = "SELECT DISTINCT job_id, analysis_source, data_source FROM analysis_results ORDER BY 1"
    assert rows(connection, sources) == [("bulk", "bulk", "sample"), ("demo", "demo", "demo")]
    for table in ("analysis_jobs", "analysis_results"):
        for value in ("NULL", "''", "'somewhere'"):
            refused(
                connection, f"UPDATE {table} SET analysis_source = {value}", psycopg.IntegrityError, "analysis_source"
            )


def test_status_null(desk: Desk, connection: Connection) -> None:
    """No job and no ticker is ever without a status, and the database takes none that does not exist."""
    desk.run("run-1", tickers=["IBM", "NOSUCH"])
    for table in ("analysis_jobs", "analysis_jobs_details"):
        for value in ("NULL", "''", "'done'"):
            refused(connection, f"UPDATE {table} SET status = {value}", psycopg.IntegrityError, "status")
    refused(connection, "UPDATE analysis_results SET verdict = NULL", psycopg.IntegrityError, "verdict")


def test_raw_data_in_the_main_table(desk: Desk, connection: Connection, owner: psycopg.Connection) -> None:
    """Nothing that answers a question of progress or verdicts reads the indicator values."""
    desk.run("run-1", tickers=["IBM"])
    assert rows(connection, "SELECT jsonb_array_length(readings) > 5 FROM analysis_raw_data") == [(True,)]
    json_columns = (
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_name = 'analysis_results' AND data_type LIKE 'json%'"
    )
    assert rows(connection, json_columns) == []
    owner.execute("REVOKE ALL ON analysis_raw_data FROM stocks_app")
    assert progress(connection, "run-1") is not None
    assert len(verdicts(connection, "run-1")) == 1
    assert desk.run("run-2", tickers=["IBM"]).reused == 1


def test_error_lost(desk: Desk, connection: Connection) -> None:
    """What broke a ticker, or a whole batch, stands at each ticker with a code and a sentence."""
    job = desk.open("broken", tickers=["IBM", "KO", "NOSUCH"])
    desk.work(job, lambda name: BrokenSource())
    desk.end("broken")
    errors = {row.ticker: (row.error_code, row.error_message) for row in verdicts(connection, "broken")}
    assert errors["IBM"] == (None, None)
    assert errors["KO"][0] == ErrorCode.INTERNAL_ERROR
    assert "AttributeError" in str(errors["KO"][1])
    assert errors["NOSUCH"][0] == ErrorCode.UNKNOWN_TICKER

    def away(name: DataSource) -> PriceSource:
        raise SourceUnavailableError("the source is away")

    job = desk.open("away", tickers=["XOM"])
    with pytest.raises(SourceUnavailableError):
        desk.work(job, away)
    desk.end("away")
    (xom,) = verdicts(connection, "away")
    assert (xom.error_code, xom.error_message) == ("source_unavailable", "the source is away")
    without = "UPDATE analysis_jobs_details SET {} = NULL WHERE status = 'failed'"
    for column in ("error_code", "error_message"):
        refused(connection, without.format(column), psycopg.errors.CheckViolation, "failed_has_error")


def test_watchlist_without_last_analysis(desk: Desk, connection: Connection) -> None:
    """Every entry says what became of it last: computed, reused, or failed; a failure keeps the last verdict."""
    add_to_watchlist(connection, "ann", ["IBM", "KO", "NOSUCH"])
    desk.run("selected", user="bob", tickers=["KO"])
    desk.run("watched")
    seen = (
        "SELECT ticker, last_job_id, last_status, last_analyzed_at IS NOT NULL, last_verdict IS NOT NULL FROM watchlist"
    )
    assert sorted(rows(connection, seen)) == [
        ("IBM", "watched", "completed", True, True),
        ("KO", "watched", "reused", True, True),
        ("NOSUCH", "watched", "failed", True, False),
    ]
    job = desk.open("again", force=True)
    desk.work(job, lambda name: BrokenSource())
    desk.end("again")
    ko = next(row for row in rows(connection, seen) if row[0] == "KO")
    assert ko == ("KO", "again", "failed", True, True)


def test_update_hitting_all_rows_of_a_ticker(desk: Desk, connection: Connection) -> None:
    """What a job finds about a stock changes no other job, session, strategy, source, or user's list."""
    for user in ("ann", "bob"):
        add_to_watchlist(connection, user, ["IBM"])
    desk.run("other session", tickers=["IBM"], as_of="2010-08-19")
    desk.run("other strategy", tickers=["IBM"], strategy="technical_rating")
    desk.run("other source", tickers=["IBM"], data_source="demo")
    desk.open("other user", user="bob", tickers=["IBM"], capital=5)
    statements = (
        "SELECT * FROM analysis_jobs_details WHERE job_id <> 'run' ORDER BY job_id",
        "SELECT * FROM analysis_results WHERE job_id <> 'run' ORDER BY job_id",
        "SELECT * FROM watchlist WHERE owner = 'bob'",
    )

    def of_others() -> list[list[tuple[Any, ...]]]:
        return [rows(connection, statement) for statement in statements]

    before = of_others()
    desk.run("run", tickers=["IBM"])
    assert of_others() == before
    assert len(before[1]) == 3


def test_no_timings(desk: Desk, connection: Connection) -> None:
    """Job, tickers and results say when they began and ended, in this order, also when they failed."""
    desk.run("run-1", tickers=["IBM", "NOSUCH"])
    desk.run("reused", tickers=["IBM"])
    desk.open("cancelled", tickers=["KO"])
    cancel_job(connection, "cancelled", "ann wants it", actor="ann")
    jobs = "SELECT job_id FROM analysis_jobs WHERE created_at <= completed_at IS NOT TRUE"
    details = "SELECT ticker FROM analysis_jobs_details WHERE started_at <= completed_at IS NOT TRUE"
    results = "SELECT ticker FROM analysis_results WHERE started_at < completed_at IS NOT TRUE"
    assert [rows(connection, statement) for statement in (jobs, details, results)] == [[], [], []]
    for table in ("analysis_jobs", "analysis_jobs_details", "analysis_results"):
        refused(
            connection, f"UPDATE {table} SET completed_at = NULL", psycopg.IntegrityError, "ended_has_time|null value"
        )


@pytest.mark.parametrize("step", ["open", "work", "end"])
def test_lock_or_transient_error_ends_the_job(
    desk: Desk, app_url: str, connection: Connection, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock that somebody holds for too long is waited for again; the job ends as if nothing had been."""
    held = {
        "open": "LOCK TABLE analysis_jobs IN EXCLUSIVE MODE",
        "work": "SELECT FROM analysis_jobs FOR UPDATE",
        "end": "SELECT FROM watchlist FOR UPDATE",
    }
    add_to_watchlist(connection, "ann", ["IBM"])
    desk.database.run(lambda own: own.execute("SELECT set_config('lock_timeout', '50ms', false)"))
    with psycopg.connect(app_url) as holder:
        monkeypatch.setattr(storage_database, "_say", lambda state: holder.rollback())

        def hold(now: str) -> None:
            if now == step:
                holder.execute(held[step])  # type: ignore[call-overload]

        hold("open")
        job = desk.open("run-1", tickers=["IBM"])
        hold("work")
        desk.work(job)
        hold("end")
        ended = desk.end("run-1")
    assert (ended.status, ended.completed) == (JobStatus.COMPLETED, 1)


def test_failure_counted_as_success(desk: Desk, connection: Connection) -> None:
    """The status of a job follows from its tickers, and a failed one has no verdict."""
    some, none = desk.run("some", tickers=["IBM", "NOSUCH"]), desk.run("none", tickers=["NOSUCH", "NOSUCH2"])
    assert (some.status, some.completed, some.failed) == (JobStatus.COMPLETED_WITH_ERRORS, 1, 1)
    assert (none.status, none.completed, none.failed) == (JobStatus.FAILED, 0, 2)
    failed_as = "UPDATE analysis_jobs_details SET {} WHERE status = 'failed'"
    refused(connection, failed_as.format("status = 'completed'"), psycopg.errors.CheckViolation, "done_has_verdict")
    refused(connection, failed_as.format("verdict = 'Buy'"), psycopg.errors.CheckViolation, "failed_has_error")


def test_cancelled_overwritten_by_completed(desk: Desk, connection: Connection) -> None:
    """Whatever the tasks of a cancelled job still do, and the housekeeping: it stays cancelled."""
    job = desk.open("run-1", tickers=["IBM", "KO"])
    run_batch(desk.database, job.batches[0], open_source)
    assert cancel_job(connection, "run-1", "ann wants it", actor="ann")
    with pytest.raises(StaleAttemptError):
        run_batch(desk.database, job.batches[1], open_source)
    ended = desk.end("run-1")
    connection.execute("UPDATE analysis_jobs SET heartbeat_at = heartbeat_at - interval '1 day'")
    assert end_dead_jobs(desk.database, lambda run: True, nobody_waits, HOUR) == []
    assert (ended.status, ended.completed, ended.cancelled) == (JobStatus.CANCELLED, 1, 1)
    assert progress(connection, "run-1") == ended


def test_equal_length_lists_taken_for_equal(desk: Desk, connection: Connection) -> None:
    """Lists of equal length are equal work only when they have the same tickers."""
    runs = FakeRuns()
    sets = [["IBM", "KO"], ["IBM", "XOM"], ["JPM", "KO"]]
    made = [submit(connection, runs, desk.demand(tickers=tickers)) for tickers in sets]
    assert all(submission.created for submission in made)
    for submission, tickers in zip(made, sets, strict=True):
        assert not desk.open(submission.run_id, tickers=tickers).claim.joined
    again = submit(connection, runs, desk.demand(tickers=[" ko", "ibm", "KO"]))
    assert (again.created, again.run_id) == (False, made[0].run_id)


ZONES = ("UTC", "Asia/Kolkata", "America/Los_Angeles")


def test_host_time_zone_changing_the_outcome() -> None:
    """Sessions, claim keys and analyses are the same whatever the host takes for its time."""
    hosts = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.jobs.elsewhere"],
            cwd=ROOT,
            env={**os.environ, "TZ": zone},
            stdout=subprocess.PIPE,
        )
        for zone in ZONES
    ]
    answers = [json.loads(host.communicate(timeout=120)[0]) for host in hosts]
    assert len({answer["offset"] for answer in answers}) == len(ZONES)
    assert answers[0]["said"] == answers[1]["said"] == answers[2]["said"]
    assert len(answers[0]["said"]) > len(ZONES)


def test_time_zone_of_the_database_changing_the_outcome(
    desk: Desk, app_url: str, database: str, owner: psycopg.Connection
) -> None:
    """A server or a role with a time zone of its own: the same rows, and times that are aware."""
    found = []
    for number, zone in enumerate(ZONES):
        owner.execute(f"ALTER DATABASE {database} SET timezone = '{zone}'")
        owner.execute(f"ALTER ROLE stocks_app IN DATABASE {database} SET timezone = '{zone}'")
        with Database(lambda: connect(app_url), patience_seconds=10) as there:
            asked = Desk(there).run(f"run-{number}", tickers=["IBM"], force=True)
            found.append(
                there.run(lambda own: rows(own, "SELECT session_date, score, bars_hash FROM analysis_results"))
            )
        assert asked.created_at.utcoffset() == datetime.now(UTC).utcoffset()
        assert abs((datetime.now(UTC) - asked.created_at).total_seconds()) < HOUR
    assert found[0] == found[1] == found[2]
