"""Noting what changed, and telling it, goes through no table that grows with use."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from include.model.changes import ChangeKind
from include.model.notifications import Channel
from include.storage.changes import ChangesWanted, changes_of_job, changes_of_list, count_changes, write_changes
from include.storage.connection import Connection, connect
from include.storage.notifications import (
    claim_notification,
    drop_unwanted,
    hand_on,
    notifications_of,
    waiting,
)
from local.postgres import Cluster
from tests.conftest import APP, OWNER, PASSWORD, drop_database, new_database
from tests.storage.test_plans import Explaining, tables_gone_through

LAST = "job-300"

PAST = """
INSERT INTO analysis_jobs (
    job_id, dag_id, claim_key, request, scope, requested_by, trigger, analysis_source, status, total, started_at,
    completed_at
)
SELECT 'job-' || n, 'analyze_stocks', repeat('a', 64), '{"strategy": "balanced", "data_source": "yahoo"}', 'schedule',
    'ann', 'schedule', 'watchlist', 'completed', 200, now(), now()
FROM generate_series(1, 300) AS n;
INSERT INTO analysis_results (
    ticker, session_date, strategy, strategy_version, data_source, job_id, job_seq, analysis_source, verdict, score,
    close, tick, entry, stop_loss, target, currency, bars_used, bars_hash, summary, started_at, completed_at
)
SELECT 'T' || t, date '2010-01-01' + n, 'balanced', 'v1', 'yahoo', 'job-' || n, n, 'watchlist', 'Buy', 70,
    100, 0.01, 100, 95, 110, 'USD', 245, 'abc', '', now(), now()
FROM generate_series(1, 300) AS n, generate_series(1, 200) AS t;
INSERT INTO analysis_jobs_details (job_id, ticker, batch, session_date, status, verdict, score, result_id, completed_at)
SELECT job_id, ticker, 0, session_date, 'completed', verdict, score, id, now() FROM analysis_results;
INSERT INTO prices (data_source, ticker, session_date, open, high, low, close, volume)
SELECT 'yahoo', 'T' || t, date '2010-01-01' + n, 100, 101, CASE WHEN n = 300 THEN 94 ELSE 99 END, 100, 0
FROM generate_series(1, 300) AS n, generate_series(1, 200) AS t;
INSERT INTO watchlist (owner, ticker, last_job_id)
SELECT owner, 'T' || t, 'job-299' FROM unnest(ARRAY['ann', 'bob', 'eve']) AS owner, generate_series(1, 200) AS t;
INSERT INTO watchlist_changes (entry_id, strategy, data_source, session_date, kind, job_id, attempt)
SELECT entry.id, 'balanced', 'yahoo', date '2010-01-01' + n, 'new', 'job-' || n, 1
FROM watchlist AS entry, generate_series(1, 100) AS n;
INSERT INTO notification_preferences (owner, enabled, email)
SELECT owner, owner <> 'eve', owner || '@example.com' FROM unnest(ARRAY['ann', 'bob', 'eve']) AS owner;
INSERT INTO outbox (kind, job_id, attempt, payload, sent_at)
SELECT 'job_ended', 'job-' || n, 1, '{"status": "completed", "completed_at": "2026-01-05T12:00:00Z"}',
    CASE WHEN n < 299 THEN 'infinity'::timestamptz END
FROM generate_series(1, 299) AS n;
UPDATE outbox
SET payload = payload || jsonb_build_object('entries', (SELECT jsonb_object_agg(id, false) FROM watchlist))
WHERE sent_at IS NULL;
INSERT INTO notifications (outbox_id, owner, list, channel, digest, status, ended_at, due_at)
SELECT id, 'ann', 'list ' || n, 'email', '{}', CASE WHEN id < 299 OR n > 2 THEN 'sent' ELSE 'waiting' END,
    CASE WHEN id < 299 OR n > 2 THEN now() END, 'infinity'
FROM outbox, generate_series(1, 20) AS n;
ANALYZE;
"""
GROWING = {
    *("analysis_jobs", "analysis_jobs_details", "analysis_results", "prices"),
    *("watchlist_changes", "notifications", "outbox"),
}

STEPS: dict[str, Callable[[Connection], Any]] = {
    "note what changed": lambda c: write_changes(c, LAST),
    "count what changed": lambda c: count_changes(c, "job-100"),
    "changes of a list": lambda c: changes_of_list(c, "ann", "default", ChangesWanted(), None, 50),
    "changes of a job": lambda c: changes_of_job(c, "ann", "job-100", None, None, 50),
    "make notifications": lambda c: hand_on(c, [Channel.EMAIL]),
    "drop what nobody wants": lambda c: drop_unwanted(c, [Channel.EMAIL]),
    "take the next one": lambda c: claim_notification(c, [Channel.EMAIL], "me"),
    "notifications of a user": lambda c: notifications_of(c, "ann", 20),
    "what waits": waiting,
}


@pytest.fixture(scope="module")
def past(cluster: Cluster, template: str) -> Iterator[str]:
    """The address of a database with a past."""
    name = new_database(cluster, template)
    with connect(cluster.url(name, role=OWNER, password=PASSWORD)) as owner:
        owner.execute(PAST.encode())
    yield cluster.url(name, role=APP, password=PASSWORD)
    drop_database(cluster, name)


@pytest.mark.parametrize("step", STEPS)
def test_a_step_goes_through_no_growing_table(past: str, step: str) -> None:
    with connect(past) as connection:
        connection.cursor_factory = Explaining
        Explaining.plans.clear()
        with connection.transaction(force_rollback=True):
            STEPS[step](connection)
    assert Explaining.plans
    assert [tables for plan in Explaining.plans if (tables := tables_gone_through(plan, GROWING))] == []


def test_the_past_has_something_to_tell(past: str) -> None:
    with connect(past) as connection, connection.transaction(force_rollback=True):
        write_changes(connection, LAST)
        assert count_changes(connection, LAST) == {ChangeKind.STOP: 200}
        connection.execute("UPDATE watchlist SET last_job_id = NULL")  # as other jobs do meanwhile, and retention
        assert hand_on(connection, [Channel.EMAIL]) == 1
