"""What a job leaves behind, without what differs from run to run: times, numbers of rows, attempts."""

from collections.abc import Mapping
from typing import Any

from include.storage.connection import connect

_TIMES = (
    "started_at completed_at created_at heartbeat_at requested_at acted_at added_at last_analyzed_at sent_at noticed_at"
    " computed_at"
)
VOLATILE = [*_TIMES.split(), "id", "entry_id", "seq", "job_seq", "attempt", "latency_ms", "result_id"]

# Ids are replaced by what they stand for.
STATEMENTS = {
    "analysis_jobs": "SELECT to_jsonb(job) AS row FROM analysis_jobs AS job",
    "analysis_jobs_details": """
        SELECT to_jsonb(detail) || jsonb_build_object('result', result.ticker || result.session_date) AS row
        FROM analysis_jobs_details AS detail LEFT JOIN analysis_results AS result ON result.id = detail.result_id""",
    "analysis_results": """
        SELECT to_jsonb(result) || jsonb_build_object('is_of_its_job', result.job_seq = job.seq) AS row
        FROM analysis_results AS result JOIN analysis_jobs AS job USING (job_id)""",
    "analysis_raw_data": """
        SELECT to_jsonb(raw) || jsonb_build_object('result', result.ticker || result.session_date) AS row
        FROM analysis_raw_data AS raw JOIN analysis_results AS result ON result.id = raw.result_id""",
    "outbox": """
        SELECT to_jsonb(told)
            || jsonb_build_object('payload', payload - ARRAY['created_at', 'completed_at']) AS row
        FROM outbox AS told""",
    "analysis_requests": "SELECT to_jsonb(asked) AS row FROM analysis_requests AS asked",
    "request_ids": "SELECT to_jsonb(known) AS row FROM request_ids AS known",
    "analysis_actions": "SELECT to_jsonb(done) AS row FROM analysis_actions AS done",
    "watchlist": "SELECT to_jsonb(entry) AS row FROM watchlist AS entry",
    "watchlist_changes": """
        SELECT to_jsonb(change) || jsonb_build_object('owner', owner, 'list', list, 'ticker', ticker) AS row
        FROM watchlist_changes AS change JOIN watchlist AS entry ON entry.id = change.entry_id""",
}

Rows = Mapping[str, list[Any]]


def rows_of(url: str) -> Rows:
    """All rows of all tables, without what is volatile, in an order of their own."""
    return _rows(url, VOLATILE)


def every_value_of(url: str) -> Rows:
    """All rows of all tables with every value: for what must change nothing at all."""
    return _rows(url, [])


def _rows(url: str, without: list[str]) -> Rows:
    with connect(url) as connection:
        return {
            table: sorted(
                (
                    found["row"]
                    for found in connection.execute(f"SELECT row - %s::text[] AS row FROM ({statement})", [without])
                ),
                key=str,
            )
            for table, statement in STATEMENTS.items()
        }
