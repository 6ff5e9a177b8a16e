"""Rows for every table of every released version, as the code of that version could have written them.

A migration that adds a table gets an entry here: a test asks that no table is empty when it is upgraded.
"""

from typing import Any

import psycopg

KEY = "a" * 64

ROWS = {
    "0001": f"""
INSERT INTO analysis_jobs (
    job_id, dag_id, claim_key, request, scope, requested_by, trigger, analysis_source, status, status_reason, total,
    started_at, completed_at
)
VALUES
    ('run-1', 'analyze_stocks', '{KEY}', '{{"tickers": ["IBM", "TCS.NS"]}}', 'user:ann', 'ann', 'ui', 'selected',
     'completed_with_errors', '1 no_data', 2, now(), now()),
    ('run-2', 'analyze_stocks', '{KEY}', '{{"tickers": ["IBM"]}}', 'user:ann', 'ann', 'api', 'selected',
     'processing', NULL, 1, now(), NULL);
INSERT INTO analysis_results (
    ticker, session_date, strategy, strategy_version, data_source, job_id, job_seq, analysis_source, verdict, score,
    close, tick, entry, stop_loss, target, currency, bars_used, bars_hash, summary, started_at, completed_at
)
VALUES ('TCS.NS', '2010-08-20', 'balanced', 'v1', 'sample', 'run-1', 1, 'selected', 'Buy', 67.4,
        100, 0.01, 100.00, 95.00, 110.00, 'INR', 245, 'abc', 'Buy, 67.4', now(), now());
INSERT INTO analysis_raw_data (result_id, readings) SELECT id, '[{{"id": "rsi"}}]' FROM analysis_results;
INSERT INTO analysis_jobs_details (
    job_id, ticker, batch, session_date, status, verdict, score, entry, error_code, error_message, result_id,
    started_at, completed_at
)
SELECT 'run-1', 'TCS.NS', 0, '2010-08-20'::date, 'completed', 'Buy', 67.4, 100.00, NULL, NULL, id, now(), now()
FROM analysis_results
UNION ALL
SELECT 'run-1', 'IBM', 0, NULL, 'failed', NULL, NULL, NULL, 'no_data', 'has no prices', NULL, now(), now()
UNION ALL
SELECT 'run-2', 'IBM', 0, NULL, 'processing', NULL, NULL, NULL, NULL, NULL, NULL, now(), NULL;
INSERT INTO watchlist (owner, ticker, last_job_id, last_analyzed_at, last_status, last_verdict, last_score)
VALUES ('ann', 'TCS.NS', 'run-1', now(), 'completed', 'Buy', 67.4), ('bob', 'IBM', NULL, NULL, NULL, NULL, NULL);
INSERT INTO prices (data_source, ticker, session_date, open, high, low, close, volume)
VALUES ('sample', 'IBM', '2010-08-20', 1, 2, 0.5, 1.5, 0);
""",
    "0002": """
INSERT INTO analysis_requests (requested_by, door, raw, request, disposition, job_id, reason, latency_ms)
VALUES
    ('ann', 'ui', '{}', '{"tickers": ["IBM"]}', 'created', 'run-1', NULL, 1.5),
    ('ann', 'rest', '{}', '{"tickers": ["IBM"]}', 'joined', 'run-1', NULL, 2),
    ('bob', 'api', '[1]', NULL, 'refused', NULL, 'tickers: what is this', 0);
""",
    "0003": f"""
INSERT INTO analysis_requests (requested_by, door, raw, disposition, job_id, latency_ms, run_id, request_id)
VALUES ('ann', 'cli', '{{}}', 'repeated', 'run-1', 3, 'run-3', 'mine');
INSERT INTO request_ids (requested_by, request_id, claim_key, job_id, disposition)
VALUES ('ann', 'mine', '{KEY}', 'run-1', 'created');
INSERT INTO outbox (kind, job_id, attempt, payload, sent_at)
VALUES ('job_ended', 'run-1', 1, '{{}}', 'infinity'), ('job_ended', 'run-0', 2, '{{}}', NULL);
INSERT INTO analysis_actions (actor, action, job_id) VALUES ('ann', 'cancel', 'run-0');
""",
    "0004": """
INSERT INTO calendar_overrides (exchange, day, is_session, closes_at, note)
VALUES ('XNSE', '2026-02-01', true, '15:30', 'budget'), ('XNYS', '2025-01-09', false, NULL, 'mourning');
INSERT INTO ticker_aliases (ticker, renamed_to, since, note) VALUES ('FB', 'META', '2022-06-09', NULL);
""",
    "0005": """
INSERT INTO prices (data_source, ticker, session_date, open, high, low, close, volume, adjustment)
VALUES ('yahoo', 'IBM', '2026-11-20', 1, 2, 0.5, 1.5, 10, 0.99);
INSERT INTO price_series (data_source, ticker, currency, timezone, known_from, last_session, asked_at, asked_for)
VALUES ('yahoo', 'IBM', 'USD', 'America/New_York', '2023-11-20', '2026-11-20', now(), '2026-11-20');
INSERT INTO price_series (
    data_source, ticker, said_code, said_message, misses, missed_session, dead_since, replaced_at, replaced_reason,
    leased_by, leased_until, failed_at, failed_message
)
VALUES ('yahoo', 'GONE', 'unknown_ticker', 'is not known', 5, '2026-11-20', now(), now(), 'split 2:1', 'me', now(),
        now(), 'was away');
INSERT INTO source_limits (
    data_source, due_at, failures, failing_since, pauses, paused_until, paused_code, paused_message, probed_by
)
VALUES ('yahoo', now(), 6, now(), 1, now(), 'rate_limited', 'too many requests', 'me');
""",
    "0006": """
INSERT INTO analysis_results (
    ticker, session_date, strategy, strategy_version, data_source, job_id, job_seq, analysis_source, verdict, score,
    close, tick, currency, bars_used, bars_hash, summary, started_at, completed_at
)
VALUES ('IBM', '2010-08-20', 'balanced', 'v1', 'sample', 'run-1', 1, 'selected', 'Hold', 50,
        100, 0.01, 'USD', 245, 'abc', 'Hold, 50.0', now(), now());
""",
    "0010": """
INSERT INTO watchlist_changes (
    entry_id, strategy, data_source, session_date, kind, job_id, attempt, verdict, score,
    plan_session, level, adjustment, reached_on, price, basis
)
SELECT
    id, 'balanced', 'sample', '2010-08-20', 'stop', 'run-1', 1, 'Buy', 67.4,
    '2010-08-18', 95, 1, '2010-08-20', 94, 'low'
FROM watchlist;
INSERT INTO notification_preferences (owner, enabled, email, rule) VALUES ('ann', true, 'ann@example.com', 'always');
INSERT INTO notifications (outbox_id, owner, list, channel, digest, status, tries, error, ended_at)
SELECT id, 'ann', 'default', 'email', '{}', 'given_up', 10, 'away', now() FROM outbox;
""",
    "0011": """
UPDATE follow_ups
SET state = 'pending', through = '2010-08-21', evaluated_at = now(), return_1 = 0.01, session_1 = '2010-08-21',
    first_touch = 'target', touched_after = 1
WHERE ticker = 'TCS.NS';
INSERT INTO track_records (strategy, data_source, follow_ups, evaluated_at, record)
VALUES ('balanced', 'sample', 2, now(), '{}');
""",
}


def fill(connection: psycopg.Connection[Any], version: str) -> None:
    """Write the rows of a version and of those before it."""
    for released, statements in ROWS.items():
        if released <= version:
            connection.execute(statements)  # type: ignore[call-overload]
