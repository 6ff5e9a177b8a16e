"""The doctor names what must not be, with what mends it, and finds nothing in a sound database."""

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest

from include.storage.actions import Action, record_action
from include.storage.address import Address
from include.storage.connection import Connection
from include.storage.doctor import Finding, examine
from include.storage.jobs import finalize_job
from include.storage.results import store_outcomes
from include.storage.schema import SCHEMA_VERSION
from local.postgres import Cluster
from tests.conftest import APP, OWNER, PASSWORD
from tests.storage.demands import begun, demand, opened, outcome

SILENT_MINUTES = 60.0


@pytest.fixture
def hand(cluster: Cluster, database: str) -> Iterator[psycopg.Connection]:
    """The superuser, who may do anything."""
    with psycopg.connect(cluster.url(database), autocommit=True) as opened:
        yield opened


def findings(app_url: str, role: str = APP) -> list[Finding]:
    return list(examine(Address(app_url, is_of_tasks=True), role, SILENT_MINUTES))


def wrong(app_url: str, role: str = APP) -> dict[str, tuple[str, ...]]:
    return {finding.check: finding.troubles for finding in findings(app_url, role) if finding.troubles}


def test_a_sound_database_with_jobs_of_all_kinds_has_nothing_wrong(connection: Connection, app_url: str) -> None:
    store_outcomes(connection, begun(connection, "done", demand("IBM")), [outcome("IBM")])
    finalize_job(connection, "done")
    store_outcomes(connection, begun(connection, "half", demand("JPM", "XOM")), [outcome("JPM")])
    opened(connection, "queued", demand("KO"))
    opened(connection, "beside", demand("KO", force=True))
    opened(connection, "interrupted", demand("GE"))
    finalize_job(connection, "interrupted")
    assert wrong(app_url) == {}
    assert len(findings(app_url)) == 22


def test_a_database_that_does_not_answer_is_all_that_is_said(cluster: Cluster) -> None:
    (away,) = findings(cluster.url("nowhere", role=APP, password=PASSWORD))
    assert away.check == "the database answers"
    assert 'database "nowhere" does not exist' in away.troubles[0]


def test_a_wrong_version_is_said_before_anything_that_depends_on_it(app_url: str, hand: psycopg.Connection) -> None:
    hand.execute("UPDATE schema_version SET version_num = '0001'")
    version = findings(app_url)[-1]
    assert version.check == f"its schema is the {SCHEMA_VERSION} of this code"
    assert "run `python -m include.storage.migrate`" in version.troubles[0]


def test_what_is_not_as_the_migrations_made_it_is_said_part_by_part(app_url: str, hand: psycopg.Connection) -> None:
    hand.execute("ALTER TABLE watchlist DROP COLUMN notes, DROP CONSTRAINT watchlist_key; DROP INDEX watchlist_ticker")
    hand.execute(f"REVOKE INSERT ON watchlist FROM {APP}")  # type: ignore[call-overload]
    assert wrong(app_url) == {
        "tables and columns are as the migrations made them": (
            "table watchlist lacks the column notes (text): ALTER TABLE watchlist ADD COLUMN notes text;",
        ),
        "constraints are as the migrations made them": (
            "table watchlist lacks the constraint watchlist_key (UNIQUE (owner, list, ticker)):"
            " ALTER TABLE watchlist ADD CONSTRAINT watchlist_key UNIQUE (owner, list, ticker);",
        ),
        "indexes are as the migrations made them": (
            "index watchlist_ticker of table watchlist is missing:"
            " CREATE INDEX watchlist_ticker ON public.watchlist USING btree (ticker);",
        ),
        "privileges are as the migrations made them": (
            f"the role {APP} may not INSERT on table watchlist: GRANT INSERT ON watchlist TO {APP};",
        ),
    }


def test_a_screener_that_was_left_behind_is_said_and_caught_up(
    app_url: str, hand: psycopg.Connection, connection: Connection
) -> None:
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM")])
    hand.execute("ALTER TABLE analysis_results DISABLE TRIGGER USER; UPDATE analysis_results SET score = 12")
    check = "the screener shows the newest result of every ticker"
    assert wrong(app_url)[check] == ("IBM of balanced",)
    hand.execute("ALTER TABLE analysis_results ENABLE TRIGGER USER")
    hand.execute("UPDATE analysis_results SET completed_at = completed_at")
    assert check not in wrong(app_url)


def test_verdicts_that_nobody_follows_are_said_and_followed(
    app_url: str, hand: psycopg.Connection, connection: Connection
) -> None:
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM"), outcome("JPM")])
    hand.execute("ALTER TABLE analysis_results DISABLE TRIGGER USER; DELETE FROM follow_ups WHERE ticker = 'IBM'")
    hand.execute("UPDATE analysis_results SET score = 12 WHERE ticker = 'JPM'")
    hand.execute("ALTER TABLE analysis_results ENABLE TRIGGER USER")
    check = "every verdict is followed"
    assert wrong(app_url)[check] == ("IBM of 2010-08-20 by balanced", "JPM of 2010-08-20 by balanced")
    (mend,) = {finding.mend for finding in findings(app_url) if finding.check == check}
    hand.execute(mend)  # type: ignore[call-overload]
    assert check not in wrong(app_url)


@pytest.mark.parametrize(
    ("grant", "said"),
    [
        (f"DELETE ON analysis_requests TO {APP}", f"{APP} may DELETE on analysis_requests"),
        ("TRUNCATE, UPDATE ON analysis_actions TO PUBLIC", f"{APP} may TRUNCATE, UPDATE on analysis_actions"),
        (f"UPDATE (details) ON analysis_actions TO {APP}", f"{APP} may UPDATE on analysis_actions"),
    ],
)
def test_an_audit_that_could_be_changed_is_said(app_url: str, hand: psycopg.Connection, grant: str, said: str) -> None:
    hand.execute(f"GRANT {grant}")  # type: ignore[call-overload]
    assert wrong(app_url)["the records of requests and actions only grow"] == (said,)


def test_tasks_that_connect_as_somebody_else_are_said(cluster: Cluster, database: str) -> None:
    """The rights that are looked at would not be theirs."""
    url = cluster.url(database, role=OWNER, password=PASSWORD)
    assert wrong(url)[f"tasks connect as {APP}, whose rights these are"] == (f"they connect as {OWNER}",)
    assert [f for f in examine(Address(url, is_of_tasks=False), APP, SILENT_MINUTES) if f.troubles] == []


def test_an_index_of_an_operator_that_was_never_finished_is_said(
    connection: Connection, app_url: str, hand: psycopg.Connection
) -> None:
    opened(connection, "one", demand("IBM", user="ann"))
    opened(connection, "two", demand("IBM", user="bob"))
    with pytest.raises(psycopg.errors.UniqueViolation):
        hand.execute("CREATE UNIQUE INDEX CONCURRENTLY mine ON analysis_jobs (total)")
    assert wrong(app_url) == {"every index is valid": ("mine of table analysis_jobs",)}


def test_two_equal_active_jobs_are_said(connection: Connection, app_url: str, hand: psycopg.Connection) -> None:
    opened(connection, "one", demand("IBM", user="ann"))
    opened(connection, "two", demand("IBM", user="bob"))
    hand.execute("DROP INDEX analysis_jobs_one_active")
    hand.execute("UPDATE analysis_jobs SET claim_key = repeat('a', 64)")
    assert wrong(app_url)["no two equal jobs are active"] == ("one and two",)


def test_a_silent_job_is_said(connection: Connection, app_url: str) -> None:
    begun(connection, "silent")
    connection.execute("UPDATE analysis_jobs SET heartbeat_at = heartbeat_at - interval '59 minutes'")
    assert wrong(app_url) == {}
    connection.execute("UPDATE analysis_jobs SET heartbeat_at = heartbeat_at - interval '2 minutes'")
    assert wrong(app_url) == {"no active job has been silent for 60 minutes": ("silent for 61 minutes",)}


def test_open_tickers_of_an_ended_job_are_said(connection: Connection, app_url: str) -> None:
    begun(connection, "ended", demand("IBM", "JPM"))
    connection.execute(
        "UPDATE analysis_jobs SET status = 'failed', status_reason = 'by hand', completed_at = clock_timestamp()"
    )
    assert wrong(app_url) == {"no ended job has open tickers": ("ended with 2",)}


def test_a_job_that_lacks_tickers_is_said(connection: Connection, app_url: str) -> None:
    opened(connection, "short", demand("IBM", "JPM"))
    connection.execute("DELETE FROM analysis_jobs_details WHERE ticker = 'IBM'")
    assert wrong(app_url) == {"every job has all its tickers": ("short with 1 of 2",)}


def test_a_result_without_its_job_is_said(connection: Connection, app_url: str, hand: psycopg.Connection) -> None:
    store_outcomes(connection, begun(connection, "gone", demand("IBM")), [outcome("IBM")])
    hand.execute("SET session_replication_role = replica; DELETE FROM analysis_jobs; DELETE FROM analysis_jobs_details")
    assert wrong(app_url) == {"every result has its job": ("IBM of gone",)}


def test_an_analysed_ticker_without_its_result_is_said_unless_the_deletion_is_recorded(
    connection: Connection, app_url: str
) -> None:
    check = "every analysed ticker has its result, or the deletion is recorded"
    tickers = [f"T{number}" for number in range(7)]
    store_outcomes(connection, begun(connection, "done", demand(*tickers)), [outcome(ticker) for ticker in tickers])
    finalize_job(connection, "done")
    connection.execute("DELETE FROM analysis_results")
    assert wrong(app_url) == {check: (*(f"{ticker} of done" for ticker in tickers[:5]), "and 2 more")}
    record_action(connection, "ann", Action.DELETE, "done")
    assert wrong(app_url) == {}


def test_a_check_that_cannot_look_says_so_and_the_others_go_on(app_url: str, hand: psycopg.Connection) -> None:
    hand.execute("ALTER TABLE analysis_jobs DROP COLUMN heartbeat_at")
    hand.execute(f"REVOKE SELECT ON analysis_results FROM {APP}")  # type: ignore[call-overload]
    said = wrong(app_url)
    assert said["no active job has been silent for 60 minutes"] == (
        'could not be looked at: column "heartbeat_at" does not exist',
    )
    assert said["every result has its job"] == ("could not be looked at: permission denied for table analysis_results",)
    assert len(findings(app_url)) == 22


def run_doctor(**environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "include.storage.doctor"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_command_prints_a_line_a_check_and_tells_by_its_exit_status(app_url: str, hand: psycopg.Connection) -> None:
    sound = run_doctor(AIRFLOW_CONN_STOCKS_DB=app_url)
    assert (sound.returncode, sound.stderr) == (0, "")
    assert [line.split()[0] for line in sound.stdout.splitlines()] == ["ok"] * 22
    hand.execute("DROP INDEX watchlist_ticker")
    ill = run_doctor(AIRFLOW_CONN_STOCKS_DB=app_url)
    assert ill.returncode == 1
    assert (
        "wrong  indexes are as the migrations made them\n"
        "       index watchlist_ticker of table watchlist is missing:"
        " CREATE INDEX watchlist_ticker ON public.watchlist USING btree (ticker);\n"
        "       what to do: `python -m include.storage.migrate --mend` runs these statements, all or none\n"
    ) in ill.stdout


def test_without_an_address_the_command_says_what_to_set() -> None:
    done = run_doctor()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "neither AIRFLOW_CONN_STOCKS_DB nor BELLWETHER_MIGRATION_URL says where the database is: set one of them\n"
    )


def test_users_who_are_not_told_are_named_with_the_reason(
    connection: Connection, app_url: str, hand: psycopg.Connection
) -> None:
    hand.execute(
        "INSERT INTO outbox (kind, job_id, attempt, payload, created_at)"
        " VALUES ('job_ended', 'old', 1, '{}', now() - interval '3 hours'), ('job_ended', 'new', 1, '{}', now())"
    )
    hand.execute(
        "INSERT INTO notifications (outbox_id, owner, list, channel, digest, status, error, ended_at)"
        " SELECT id, 'bob', 'default', 'email', '{}', 'given_up', '550 no such user', now() FROM outbox"
        " WHERE job_id = 'new'"
    )
    hand.execute(
        "INSERT INTO notification_preferences (owner, enabled, email, rule)"
        " VALUES ('ann', true, 'ann@example.com', 'changes'), ('eve', true, 'eve@example.com', 'never')"
    )
    assert wrong(app_url) == {
        "no notification has waited for 120 minutes": ("the end of job old for 180 minutes",),
        "no notification was given up in 7 days": ("bob by email: 550 no such user",),
        "whoever wants to be told has a way": ("ann by email",),
    }
