"""Ends jobs that nobody works on any more, so that nothing stays queued for ever."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from include.model.job import QuietJob, Run
from include.storage.connection import Connection, DatabaseError
from include.storage.jobs import abandon_job, finalize_job, quiet_jobs

log = logging.getLogger(__name__)

QUIET_SECONDS = 60.0  # a job that wrote within it is alive, whatever else may be true

RUN_IS_OVER = "its DAG run is over"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJob:
    """A dead job, and why it was ended; `error` when it could not be."""

    job_id: str
    reason: str
    error: str | None = None


def end_dead_jobs(
    connection: Connection, is_over: Callable[[Run], bool], silent_after_seconds: float
) -> list[EndedJob]:
    """End every job whose DAG run is over, gone, or silent for too long; one transaction a job.

    `is_over` says whether a DAG run has ended or does not exist. What such a job has stored stays, and decides how it
    is ended; a job that is only silent has failed.
    """
    dead = ((job, _why_dead(job, is_over, silent_after_seconds)) for job in quiet_jobs(connection, QUIET_SECONDS))
    return [_end(connection, job.run.job_id, reason) for job, reason in dead if reason]


def _why_dead(job: QuietJob, is_over: Callable[[Run], bool], silent_after_seconds: float) -> str | None:
    if is_over(job.run):
        return RUN_IS_OVER
    if job.silent_seconds > silent_after_seconds:
        return f"no sign of life for {job.silent_seconds / 60:.0f} minutes"
    return None


def _end(connection: Connection, job_id: str, reason: str) -> EndedJob:
    """End one job. One that cannot be ended must not keep the others from it."""
    try:
        if reason == RUN_IS_OVER:
            finalize_job(connection, job_id)
        else:
            abandon_job(connection, job_id, reason)
    except DatabaseError as error:
        log.exception("job %s could not be ended (%s)", job_id, reason)
        return EndedJob(job_id=job_id, reason=reason, error=str(error))
    log.warning("job %s ended: %s", job_id, reason)
    return EndedJob(job_id=job_id, reason=reason)
