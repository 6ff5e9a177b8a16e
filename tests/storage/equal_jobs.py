"""Equal jobs at chosen times: the database would not let two of them be active at once."""

from collections.abc import Collection
from datetime import UTC, datetime, timedelta

from include.jobs.claims import claim_key
from include.model.errors import ErrorCode, Refusal
from include.model.job import ReusedResult, Run
from include.model.request import Demand
from include.storage.connection import Connection
from include.storage.jobs import claim_job, finalize_job, write_details
from include.storage.results import fresh_results, store_outcomes, store_reused
from tests.storage.demands import DAG_ID, SESSION, begun, demand, outcome

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def ran(
    connection: Connection,
    job_id: str,
    at: float = 0.0,
    wanted: Demand | None = None,
    *,
    lasted: float = 0.5,
    failed: Collection[str] = (),
) -> str:
    """A job that computed its tickers, but for those that failed, `at` so many seconds after noon."""
    wanted = wanted or demand()
    batch = begun(connection, job_id, wanted)
    store_outcomes(
        connection,
        batch,
        [
            Refusal(ticker, ErrorCode.RATE_LIMITED, "asked too often") if ticker in failed else outcome(ticker)
            for ticker in wanted.request.tickers
        ],
    )
    finalize_job(connection, job_id)
    move_to(connection, job_id, at, lasted)
    return job_id


def answered(connection: Connection, job_id: str, at: float = 0.0, wanted: Demand | None = None) -> str:
    """A job that stored results answer."""
    request = (wanted or demand()).request
    with connection.transaction():
        claim_job(connection, Run(dag_id=DAG_ID, job_id=job_id), claim_key(request), wanted or demand())
        write_details(connection, job_id, [])
        known = fresh_results(connection, request, dict.fromkeys(request.tickers, SESSION))
        store_reused(connection, job_id, [ReusedResult(result=result, position=None) for result in known])
    finalize_job(connection, job_id)
    move_to(connection, job_id, at, lasted=0.5)
    return job_id


def move_to(connection: Connection, job_id: str, at: float, lasted: float) -> None:
    """Let a job have been created so many seconds after noon, have begun soon after, and ended."""
    connection.execute(
        "UPDATE analysis_jobs SET created_at = %s, started_at = %s, completed_at = %s WHERE job_id = %s",
        (*(NOON + timedelta(seconds=at + after) for after in (0.0, 0.1, lasted)), job_id),
    )
