"""How many jobs a user has active."""

from collections.abc import Collection

from include.model.job import JobStatus, Run
from include.model.request import Trigger
from include.storage.connection import Connection, queries
from include.storage.jobs import hold_run


def hold_user(connection: Connection, name: str) -> None:
    """Let this transaction alone open jobs of a user's."""
    queries().lock_user(connection, name=name)


def hold_active_job(connection: Connection, run: Run) -> bool:
    """Whether a run's job is active already, which nobody else changes in this transaction.

    Raises CancelledRunError as `hold_run` does.
    """
    hold_run(connection, run)
    job = queries().lock_job(connection, job_id=run.job_id, clear_number=None)
    return job is not None and JobStatus(job["status"]).is_active


def active_jobs_of(
    connection: Connection, name: str, *, uncounted: Collection[Trigger], under_way: Collection[str] = ()
) -> list[str]:
    """The active jobs of a user, the oldest first, but for those of some triggers.

    Of the runs that are `under_way`, those that will open a job as far as is known count as one.
    """
    rows = queries().active_jobs_of(connection, name=name, uncounted=list(uncounted), under_way=list(under_way))
    return [row["job_id"] for row in rows]
