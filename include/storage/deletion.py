"""Removes a job with all that is its own, because somebody wants it gone."""

from include.model.errors import JobIsActiveError, UnknownJobError
from include.storage.actions import Action, record_action
from include.storage.connection import Connection, queries


def was_removed(connection: Connection, job_id: str, attempt: int) -> bool:
    """Whether a run had a job in this attempt or a later one that is gone; the run itself may not be over yet."""
    removed: bool = queries().was_removed(connection, job_id=job_id, attempt=attempt)
    return removed


def delete_job(connection: Connection, job_id: str, actor: str) -> None:
    """Remove an ended job, its details, and the results that it alone wrote; the record of it keeps the job's row.

    Raises UnknownJobError, and JobIsActiveError for one that has not ended.
    """
    with connection.transaction():
        found = queries().lock_job_to_delete(connection, job_id=job_id)
        if found is None:
            raise UnknownJobError(job_id)
        if found["is_active"]:
            raise JobIsActiveError(job_id)
        counts = queries().count_with_job(connection, job_id=job_id)
        queries().delete_job(connection, job_id=job_id)
        record_action(connection, actor, Action.DELETE, job_id, {"counts": counts, "job": found["document"]})
