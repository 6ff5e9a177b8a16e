"""What must be true of all jobs in the end, by the database."""

from collections.abc import Sequence
from typing import Any

from include.jobs.duplicates import find_duplicates
from include.model.duplicates import DuplicateSearch
from include.storage.connection import connect
from local.stack import MAIN_DAG, Stack

ANY_TIME_APART = 3600.0

WITHOUT_A_JOB = """
SELECT asked.job_id FROM unnest(%(job_ids)s::text[]) AS asked (job_id)
LEFT JOIN analysis_jobs AS job USING (job_id) WHERE job.job_id IS NULL
"""
NOT_COMPLETED = "SELECT job_id, status, status_reason FROM analysis_jobs WHERE status <> 'completed'"
NOT_EVERY_TICKER_ONCE = """
SELECT job.job_id, job.total, count(detail.ticker) AS details, count(result.id) AS results
FROM analysis_jobs AS job
LEFT JOIN analysis_jobs_details AS detail ON detail.job_id = job.job_id AND detail.status IN ('completed', 'reused')
LEFT JOIN analysis_results AS result ON result.id = detail.result_id AND result.ticker = detail.ticker
GROUP BY job.job_id
HAVING count(detail.ticker) <> job.total OR count(result.id) <> job.total
"""
STORED_TWICE = """
SELECT ticker, session_date, strategy, data_source, count(*) AS times FROM analysis_results
GROUP BY ticker, session_date, strategy, data_source HAVING count(*) > 1
"""
TOLD_TWICE = """
SELECT job_id, attempt, count(*) AS times FROM outbox WHERE kind = 'job_ended'
GROUP BY job_id, attempt HAVING count(*) > 1
"""
ASKED_FOR_TWICE = """
SELECT conf ->> 'request_id' AS request_id, count(*) AS runs FROM dag_run
WHERE dag_id = %(dag)s AND conf ->> 'request_id' IS NOT NULL GROUP BY 1 HAVING count(*) > 1
"""
RUNS_NOT_SUCCESSFUL = "SELECT run_id, state FROM dag_run WHERE dag_id = %(dag)s AND state <> 'success'"


def untruths(installation: Stack, job_ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """What is not as it should be, by a name; nothing when all is."""
    with connect(installation.database_url()) as stocks:
        found = {
            "asked for, and no job": stocks.execute(WITHOUT_A_JOB, {"job_ids": list(job_ids)}).fetchall(),
            "not completed": stocks.execute(NOT_COMPLETED).fetchall(),
            "not every ticker once": stocks.execute(NOT_EVERY_TICKER_ONCE).fetchall(),
            "stored twice": stocks.execute(STORED_TWICE).fetchall(),
            "told twice": stocks.execute(TOLD_TWICE).fetchall(),
        }
        report = find_duplicates(stocks, DuplicateSearch(seconds=ANY_TIME_APART))
        found["done twice"] = [] if report.passed else [{"pairs": report.duplicate_count}]
    with connect(installation.cluster.url(installation.source.databases.airflow)) as airflow:
        found["asked for twice"] = airflow.execute(ASKED_FOR_TWICE, {"dag": MAIN_DAG}).fetchall()
        found["run not successful"] = airflow.execute(RUNS_NOT_SUCCESSFUL, {"dag": MAIN_DAG}).fetchall()
    return {name: rows for name, rows in found.items() if rows}
