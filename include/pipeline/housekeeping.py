"""The tasks of the housekeeping."""

import logging
from dataclasses import asdict
from typing import Any

from airflow.sdk import result, task
from airflow.sdk.exceptions import AirflowFailException

from include.jobs.housekeeping import end_dead_jobs as end_them
from include.pipeline.database import stocks_database
from include.pipeline.tasks import RETRIES, is_over
from include.settings import settings

log = logging.getLogger(__name__)


@result
@task(**RETRIES)  # type: ignore[untyped-decorator]
def end_dead_jobs(ti: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """End the jobs that nobody works on any more; returns them with the reason."""
    with stocks_database() as connection:
        ended = end_them(connection, lambda run: is_over(ti, run), settings().silent_job_minutes * 60)
    failed = [job for job in ended if job.error]
    log.info("%d dead jobs ended, %d could not be", len(ended) - len(failed), len(failed))
    if failed:
        raise AirflowFailException("; ".join(f"{job.job_id}: {job.error}" for job in failed))
    return [asdict(job) for job in ended]
