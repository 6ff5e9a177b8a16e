"""Ends jobs that nobody works on any more, so that nothing stays queued for ever, and says what else is amiss."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from include.model.housekeeping import EndedJob, Load, Removal, RunWithoutJob
from include.model.job import QuietJob, Run
from include.storage.connection import Connection, DatabaseError, first_line
from include.storage.database import Database
from include.storage.housekeeping import runs_without_job
from include.storage.jobs import abandon_job, end_unopened_run, finalize_job, quiet_jobs

log = logging.getLogger(__name__)

QUIET_SECONDS = 60.0  # a job that wrote within it is alive, whatever else may be true
UNOPENED_SECONDS = 180.0  # a run opens its job within seconds, if it can
FORGOTTEN_SECONDS = 86_400.0  # what has no job after a day is history
MOST_RUNS = 100  # that are looked at in one housekeeping

RUN_IS_OVER = "its DAG run is over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one housekeeping found and did."""

    ended: tuple[EndedJob, ...]
    without_job: tuple[RunWithoutJob, ...]
    removed: tuple[Removal, ...]
    load: Load

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be done, each with what it was about."""
        jobs = (f"job {job.job_id} could not be ended: {job.error}" for job in self.ended if job.error)
        rows = (f"old {r.what} could not be removed: {r.error}" for r in self.removed if r.error)
        return (*jobs, *rows)

    @property
    def summary(self) -> str:
        """What there is to say, in one line; empty when nothing was to be done."""
        ended = sum(job.error is None for job in self.ended)
        counts = [f"dead jobs ended: {ended}"] if ended else []
        counts += [f"runs without a job: {len(self.without_job)}"] if self.without_job else []
        counts += [f"{r.what} removed: {r.rows}{' (there are more)' if r.more else ''}" for r in self.removed if r.rows]
        return "; ".join([*counts, *self.problems])


def end_dead_jobs(
    database: Database,
    is_over: Callable[[Run], bool],
    is_waiting: Callable[[Run], bool],
    silent_after_seconds: float,
) -> list[EndedJob]:
    """End every job whose DAG run is over, gone, or silent for too long; one transaction a job.

    `is_over` says whether a DAG run has ended or does not exist, `is_waiting` whether tasks of it wait to be run: such
    a job is silent, and not dead. What a dead job has stored stays, and decides how it is ended; one that is only
    silent has failed.
    """
    quiet = database.run(lambda connection: quiet_jobs(connection, QUIET_SECONDS))
    dead = ((job, _why_dead(job, is_over, is_waiting, silent_after_seconds)) for job in quiet)
    return [_end(database, job.run.job_id, reason) for job, reason in dead if reason]


def _why_dead(
    job: QuietJob, is_over: Callable[[Run], bool], is_waiting: Callable[[Run], bool], silent_after_seconds: float
) -> str | None:
    if is_over(job.run):
        return RUN_IS_OVER
    if job.silent_seconds > silent_after_seconds and not is_waiting(job.run):
        return f"no sign of life for {job.silent_seconds / 60:.0f} minutes"
    return None


def _end(database: Database, job_id: str, reason: str) -> EndedJob:
    """End one job. One that cannot be ended must not keep the others from it."""

    def end(connection: Connection) -> None:
        if reason == RUN_IS_OVER:
            finalize_job(connection, job_id)
        else:
            abandon_job(connection, job_id, reason)

    try:
        database.run(end)
    except DatabaseError as error:
        log.exception("job %s could not be ended (%s)", job_id, reason)
        return EndedJob(job_id=job_id, reason=reason, error=first_line(error))
    log.warning("job %s ended: %s", job_id, reason)
    return EndedJob(job_id=job_id, reason=reason)


def find_runs_without_job(database: Database, is_over: Callable[[str], bool]) -> list[RunWithoutJob]:
    """Runs that a request made minutes ago and that have no job, the oldest first. They are told, not mended.

    Where one has ended, and nobody has recorded it, that is recorded: else it would be in no list.
    `is_over` says whether a run has ended or does not exist.
    """
    found = database.run(lambda c: runs_without_job(c, UNOPENED_SECONDS, FORGOTTEN_SECONDS, MOST_RUNS))
    without_job = [RunWithoutJob(run_id=run_id, minutes=minutes, is_over=is_over(run_id)) for run_id, minutes in found]
    for run in without_job:
        if run.is_over:
            database.run(lambda c, run_id=run.run_id: end_unopened_run(c, run_id, RUN_IS_OVER))  # type: ignore[misc]
    return without_job
