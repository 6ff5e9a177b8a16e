"""What is old is removed when the settings say so, in portions, and nothing else ever."""

import itertools
from typing import Any

import psycopg
import pytest

from include.jobs.retention import keep_days, remove_old
from include.model.housekeeping import Removable, Removal
from include.model.job import ReusedResult
from include.settings import Settings
from include.storage import housekeeping as storage
from include.storage.connection import Connection, connect, queries
from include.storage.database import Database
from include.storage.housekeeping import remove_portion
from include.storage.jobs import finalize_job, progress
from include.storage.results import fresh_results, store_outcomes, store_reused
from include.storage.watchlist import add_to_watchlist
from tests.storage.demands import SESSION, begun, demand, opened, outcome

YEAR = 365
KEEP_ALL: dict[Removable, int | None] = dict.fromkeys(Removable)
COUNT = {
    Removable.JOBS: "SELECT count(*) AS n FROM analysis_jobs",
    Removable.RAW_DATA: "SELECT count(*) AS n FROM analysis_raw_data",
    Removable.REQUEST_IDS: "SELECT count(*) AS n FROM request_ids",
    Removable.OUTBOX: "SELECT count(*) AS n FROM outbox",
    Removable.CHANGES: "SELECT count(*) AS n FROM watchlist_changes",
}


def count(connection: Connection, what: Removable) -> int:
    row = connection.execute(COUNT[what].encode()).fetchone()
    assert row is not None
    return int(row["n"])


def ids(connection: Connection) -> set[str]:
    return {row["job_id"] for row in connection.execute("SELECT job_id FROM analysis_jobs")}


def ended(connection: Connection, job_id: str, *tickers: str, days: float, done: bool = True) -> None:
    """A job that ended so long ago; with a result for each of its tickers if `done`."""
    tickers = tickers or ("IBM",)
    batch = begun(connection, job_id, demand(*tickers))
    if done:
        store_outcomes(connection, batch, [outcome(ticker) for ticker in tickers])
    finalize_job(connection, job_id)
    age(connection, job_id, days)


def age(connection: Connection, job_id: str, days: float) -> None:
    moved = {"job_id": job_id, "days": days}
    connection.execute(
        "UPDATE analysis_jobs SET created_at = created_at - make_interval(secs => 86400 * %(days)s),"
        " started_at = started_at - make_interval(secs => 86400 * %(days)s),"
        " completed_at = completed_at - make_interval(secs => 86400 * %(days)s) WHERE job_id = %(job_id)s",
        moved,
    )
    connection.execute(
        "UPDATE analysis_results SET completed_at = completed_at - make_interval(secs => 86400 * %(days)s)"
        " WHERE job_id = %(job_id)s",
        moved,
    )
    connection.execute(
        "UPDATE analysis_raw_data SET computed_at = completed_at FROM analysis_results"
        " WHERE id = result_id AND job_id = %(job_id)s",
        moved,
    )


def request_id(connection: Connection, name: str, days: float) -> None:
    connection.execute(
        "INSERT INTO request_ids (requested_by, request_id, claim_key, job_id, disposition, created_at) VALUES"
        " ('ann', %s, repeat('a', 64), 'run-1', 'created', clock_timestamp() - make_interval(secs => 86400 * %s))",
        (name, days),
    )


def notification(connection: Connection, job_id: str, days: float, sent: bool = True) -> None:
    connection.execute(
        "INSERT INTO outbox (kind, job_id, attempt, payload, created_at, sent_at)"
        " SELECT 'job_ended', %s, 1, '{}', at, CASE WHEN %s THEN at END"
        " FROM (SELECT clock_timestamp() - make_interval(secs => 86400 * %s) AS at) AS moment",
        (job_id, sent, days),
    )


def change(connection: Connection, days: float, strategy: str = "balanced") -> None:
    add_to_watchlist(connection, "eve", ["KO"])
    connection.execute(
        "INSERT INTO watchlist_changes (entry_id, strategy, data_source, session_date, kind, attempt, noticed_at)"
        " SELECT id, %s, 'sample', '2010-08-20', 'new', 1, clock_timestamp() - make_interval(secs => 86400 * %s)"
        " FROM watchlist WHERE owner = 'eve'",
        [strategy, days],
    )


def one_of_each(connection: Connection, days: float) -> None:
    """An old row of everything that can be removed."""
    ended(connection, "with-result", days=days)
    ended(connection, "without", "XOM", days=days, done=False)
    request_id(connection, "key", days)
    notification(connection, "told", days)
    change(connection, days)


def records(connection: Connection) -> list[dict[str, Any]]:
    return connection.execute("SELECT actor, action, job_id, details FROM analysis_actions ORDER BY id").fetchall()


def test_without_a_setting_everything_is_kept_for_ever(connection: Connection, stocks: Database) -> None:
    one_of_each(connection, days=10 * YEAR)
    before = {what: count(connection, what) for what in Removable}
    assert remove_old(stocks, KEEP_ALL) == []
    assert {what: count(connection, what) for what in Removable} == before
    assert records(connection) == []


def test_by_default_results_and_jobs_stay_and_what_only_served_requests_goes_after_a_month(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in Removable:
        monkeypatch.delenv(f"BELLWETHER_KEEP_{name.upper()}_DAYS", raising=False)
    assert keep_days(Settings()) == {
        Removable.REQUEST_IDS: 30,
        Removable.OUTBOX: 30,
        Removable.CHANGES: 365,
        Removable.JOBS: None,
        Removable.RAW_DATA: None,
    }
    monkeypatch.setenv("BELLWETHER_KEEP_OUTBOX_DAYS", "")
    assert keep_days(Settings())[Removable.OUTBOX] is None


@pytest.mark.parametrize("what", list(Removable))
def test_what_is_older_than_its_days_goes_and_what_is_not_stays(
    connection: Connection, stocks: Database, what: Removable
) -> None:
    one_of_each(connection, days=30.5)
    assert remove_old(stocks, {**KEEP_ALL, what: 31}) == [Removal(what=what, rows=0)]
    before = {other: count(connection, other) for other in Removable}
    assert remove_old(stocks, {**KEEP_ALL, what: 30}) == [Removal(what=what, rows=1)]
    assert {other: before[other] - count(connection, other) for other in Removable} == {
        other: int(other is what) for other in Removable
    }
    assert remove_old(stocks, {**KEEP_ALL, what: 30}) == [Removal(what=what, rows=0)]


def test_a_job_that_owns_a_result_stays_however_old(connection: Connection, stocks: Database) -> None:
    ended(connection, "owner", "IBM", "JPM", days=10 * YEAR)
    assert remove_old(stocks, {Removable.JOBS: 1, Removable.RAW_DATA: 1})[0].rows == 0
    assert progress(connection, "owner").completed == 2  # type: ignore[union-attr]
    assert connection.execute("SELECT count(*) AS n FROM analysis_results").fetchone() == {"n": 2}


def test_a_job_whose_results_are_anothers_by_now_goes_with_its_details(
    connection: Connection, stocks: Database
) -> None:
    ended(connection, "old", days=YEAR)
    ended(connection, "new", days=0)
    remove_old(stocks, {Removable.JOBS: 30})
    assert ids(connection) == {"new"}
    owners = connection.execute("SELECT job_id FROM analysis_results").fetchall()
    assert owners == [{"job_id": "new"}]
    left = connection.execute("SELECT DISTINCT job_id FROM analysis_jobs_details").fetchall()
    assert left == [{"job_id": "new"}]


def test_a_job_that_was_answered_from_anothers_results_goes_and_the_results_stay(
    connection: Connection, stocks: Database
) -> None:
    ended(connection, "owner", days=0)
    wanted = demand("IBM", user="bob")
    opened(connection, "reuser", wanted)
    connection.execute("DELETE FROM analysis_jobs_details WHERE job_id = 'reuser'")
    known = fresh_results(connection, wanted.request, {"IBM": SESSION})
    store_reused(connection, "reuser", [ReusedResult(result=result, position=None) for result in known])
    finalize_job(connection, "reuser")
    age(connection, "reuser", YEAR)
    remove_old(stocks, {Removable.JOBS: 30})
    assert ids(connection) == {"owner"}
    assert connection.execute("SELECT count(*) AS n FROM analysis_results").fetchone() == {"n": 1}


def test_a_job_is_old_by_its_end_not_by_its_beginning(connection: Connection, stocks: Database) -> None:
    ended(connection, "long", days=0, done=False)
    connection.execute("UPDATE analysis_jobs SET created_at = created_at - interval '90 days'")
    remove_old(stocks, {Removable.JOBS: 30})
    assert ids(connection) == {"long"}


@pytest.mark.parametrize("begin", [opened, begun])
def test_an_active_job_never_goes(connection: Connection, stocks: Database, begin: Any) -> None:
    begin(connection, "active")
    age(connection, "active", 10 * YEAR)
    remove_old(stocks, {Removable.JOBS: 1})
    assert ids(connection) == {"active"}


def test_a_watched_stock_keeps_what_it_knows_when_its_last_job_goes(connection: Connection, stocks: Database) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])
    ended(connection, "old", days=YEAR, done=False)
    remove_old(stocks, {Removable.JOBS: 30})
    (entry,) = connection.execute("SELECT last_job_id, last_status, last_analyzed_at FROM watchlist").fetchall()
    assert (entry["last_job_id"], entry["last_status"]) == (None, "failed")
    assert entry["last_analyzed_at"] is not None


def test_raw_data_goes_and_its_result_and_details_stay(connection: Connection, stocks: Database) -> None:
    ended(connection, "old", days=YEAR)
    remove_old(stocks, {Removable.RAW_DATA: 30})
    assert count(connection, Removable.RAW_DATA) == 0
    stayed = connection.execute(
        "SELECT result.verdict, detail.status FROM analysis_results AS result"
        " JOIN analysis_jobs_details AS detail ON detail.result_id = result.id"
    ).fetchall()
    assert stayed == [{"verdict": "Buy", "status": "completed"}]


def test_a_notification_that_was_not_sent_never_goes(connection: Connection, stocks: Database) -> None:
    notification(connection, "waits", 10 * YEAR, sent=False)
    remove_old(stocks, {Removable.OUTBOX: 1})
    assert count(connection, Removable.OUTBOX) == 1


def test_the_record_of_requests_and_actions_is_not_touched_but_says_what_was_removed(
    connection: Connection, owner: psycopg.Connection, stocks: Database
) -> None:
    one_of_each(connection, days=YEAR)
    owner.execute(
        "INSERT INTO analysis_requests (requested_at, requested_by, door, raw, disposition, job_id, latency_ms)"
        " VALUES (now() - interval '10 years', 'ann', 'api', '{}', 'created', 'without', 1)"
    )
    owner.execute(
        "INSERT INTO analysis_actions (acted_at, actor, action, job_id)"
        " VALUES (now() - interval '10 years', 'ann', 'cancel', 'without')"
    )
    remove_old(stocks, dict.fromkeys(Removable, 30))
    assert owner.execute("SELECT job_id FROM analysis_requests").fetchall() == [("without",)]
    first, *said = records(connection)
    assert first["action"] == "cancel"
    assert {(row["actor"], row["action"], row["job_id"]) for row in said} == {("housekeeping", "retention", None)}
    assert {row["details"]["removed"]: row["details"] for row in said} == {
        "jobs": {"removed": "jobs", "rows": 1, "keep_days": 30, "job_ids": ["without"]},
        **{what: {"removed": what, "rows": 1, "keep_days": 30} for what in Removable if what != "jobs"},
    }


def test_a_great_many_rows_go_in_portions_each_with_its_record(
    connection: Connection, stocks: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MOST_ROWS", 2)
    tickers = [f"T{n}" for n in range(5)]
    ended(connection, "old", *tickers, days=YEAR)
    for ticker in tickers:
        request_id(connection, ticker, YEAR)
        notification(connection, ticker, YEAR)
    keep = {Removable.REQUEST_IDS: 30, Removable.OUTBOX: 30, Removable.RAW_DATA: 30}
    assert {removal.what: removal.rows for removal in remove_old(stocks, keep)} == dict.fromkeys(keep, 5)
    portions = [(row["details"]["removed"], row["details"]["rows"]) for row in records(connection)]
    assert portions == [(what, rows) for what in keep for rows in (2, 2, 1)]


@pytest.mark.parametrize(("most_jobs", "most_rows"), [(2, 5000), (500, 5), (500, 1)])
def test_jobs_go_in_portions_by_their_number_and_their_details(
    connection: Connection, stocks: Database, monkeypatch: pytest.MonkeyPatch, most_jobs: int, most_rows: int
) -> None:
    monkeypatch.setattr(storage, "MOST_JOBS", most_jobs)
    monkeypatch.setattr(storage, "MOST_ROWS", most_rows)
    for n in range(5):
        ended(connection, f"job-{n}", f"A{n}", f"B{n}", days=YEAR, done=False)
    (removal,) = remove_old(stocks, {Removable.JOBS: 30})
    assert removal == Removal(what=Removable.JOBS, rows=5)
    assert ids(connection) == set()
    portions = [row["details"]["job_ids"] for row in records(connection)]
    assert sorted(itertools.chain(*portions)) == [f"job-{n}" for n in range(5)]
    assert max(map(len, portions)) == min(most_jobs, max(1, most_rows // 2))


LOCK = {
    Removable.JOBS: "SELECT FROM analysis_jobs WHERE job_id = 'locked' FOR UPDATE",
    Removable.RAW_DATA: "SELECT FROM analysis_raw_data AS raw JOIN analysis_results AS result ON id = result_id"
    " WHERE ticker = 'KO' FOR UPDATE OF raw",
    Removable.REQUEST_IDS: "SELECT FROM request_ids WHERE request_id = 'locked' FOR UPDATE",
    Removable.OUTBOX: "SELECT FROM outbox WHERE job_id = 'unsure' FOR UPDATE",
    Removable.CHANGES: "SELECT FROM watchlist_changes WHERE strategy = 'locked' FOR UPDATE",
}


@pytest.mark.parametrize("what", list(Removable))
def test_a_locked_row_is_left_out_and_not_waited_for(
    connection: Connection, app_url: str, stocks: Database, what: Removable
) -> None:
    one_of_each(connection, days=YEAR)
    ended(connection, "locked", "PG", days=YEAR, done=False)
    ended(connection, "results", "KO", days=YEAR)
    request_id(connection, "locked", YEAR)
    notification(connection, "unsure", YEAR)
    change(connection, YEAR, strategy="locked")
    with psycopg.connect(app_url) as other:
        other.execute(LOCK[what].encode())
        assert remove_old(stocks, {what: 30}) == [Removal(what=what, rows=1)]
    assert remove_old(stocks, {what: 30}) == [Removal(what=what, rows=1)]


def test_raw_data_of_a_result_that_is_being_written_anew_stays(
    connection: Connection, app_url: str, stocks: Database
) -> None:
    ended(connection, "old", days=YEAR)
    batch = begun(connection, "again")
    with connect(app_url) as other, other.transaction():
        store_outcomes(other, batch, [outcome("IBM", score=70.0)])
        assert remove_old(stocks, {Removable.RAW_DATA: 30}) == [Removal(what=Removable.RAW_DATA, rows=0)]
    assert remove_old(stocks, {Removable.RAW_DATA: 30}) == [Removal(what=Removable.RAW_DATA, rows=0)]
    assert count(connection, Removable.RAW_DATA) == 1


def test_a_job_that_was_given_a_result_after_the_first_look_stays(connection: Connection) -> None:
    ended(connection, "old", days=YEAR)
    assert list(queries().remove_jobs(connection, job_ids=["old"])) == []
    assert ids(connection) == {"old"}


def test_a_job_that_is_being_done_again_stays(connection: Connection, app_url: str, stocks: Database) -> None:
    ended(connection, "old", days=YEAR, done=False)
    with connect(app_url) as other, other.transaction():
        opened(other, "old", demand("IBM"), clear_number=1)
        assert remove_old(stocks, {Removable.JOBS: 30}) == [Removal(what=Removable.JOBS, rows=0)]
    assert remove_old(stocks, {Removable.JOBS: 30}) == [Removal(what=Removable.JOBS, rows=0)]
    assert progress(connection, "old").status == "queued"  # type: ignore[union-attr]


def test_when_its_time_is_up_the_rest_is_for_the_next_run(
    connection: Connection, stocks: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MOST_ROWS", 1)
    for name in ("a", "b", "c"):
        request_id(connection, name, YEAR)
        notification(connection, name, YEAR)
    minutes = itertools.count(0.0, 25.0)
    keep = {Removable.REQUEST_IDS: 30, Removable.OUTBOX: 30}
    assert remove_old(stocks, keep, clock=lambda: next(minutes)) == [
        Removal(what=Removable.REQUEST_IDS, rows=2, more=True),
        Removal(what=Removable.OUTBOX, rows=0, more=True),
    ]
    assert [removal.rows for removal in remove_old(stocks, keep)] == [1, 3]


def test_what_cannot_be_removed_keeps_neither_the_rest_nor_what_was_removed_before(
    connection: Connection, owner: psycopg.Connection, stocks: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "MOST_JOBS", 1)
    for job_id, ticker in (("first", "IBM"), ("second", "JPM"), ("third", "XOM")):
        ended(connection, job_id, ticker, days=YEAR, done=False)
    ended(connection, "with-result", "KO", days=YEAR)
    owner.execute(
        "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN OLD; END'"
    )
    owner.execute(
        "CREATE TRIGGER lose BEFORE DELETE ON analysis_jobs FOR EACH ROW"
        " WHEN (OLD.job_id = 'second') EXECUTE FUNCTION lose()"
    )
    jobs, raw_data = remove_old(stocks, {Removable.JOBS: 30, Removable.RAW_DATA: 30})
    assert (jobs.rows, raw_data) == (1, Removal(what=Removable.RAW_DATA, rows=1))
    assert "terminating connection" in str(jobs.error)
    assert ids(connection) == {"second", "third", "with-result"}
    assert [row["details"]["removed"] for row in records(connection)] == ["jobs", "raw_data"]


def test_a_portion_and_its_record_are_one(connection: Connection, owner: psycopg.Connection) -> None:
    request_id(connection, "key", YEAR)
    owner.execute("ALTER TABLE analysis_actions ADD CONSTRAINT none CHECK (action <> 'retention')")
    with pytest.raises(psycopg.errors.CheckViolation):
        remove_portion(connection, Removable.REQUEST_IDS, 30)
    assert count(connection, Removable.REQUEST_IDS) == 1
