"""What the housekeeping asks of the database, and the removal of what is old, a portion a transaction."""

from collections.abc import Callable
from itertools import accumulate
from typing import Any

from include.model.housekeeping import Load, Portion, Removable
from include.storage.actions import HOUSEKEEPING, Action, record_action
from include.storage.connection import Connection, queries

MOST_ROWS = 5_000  # of one portion; a job counts as many as it has details
MOST_JOBS = 500

Details = dict[str, Any]


def runs_without_job(
    connection: Connection, older_seconds: float, younger_seconds: float, most: int
) -> list[tuple[str, float]]:
    """Runs that a request made and that have no job, each with its age in minutes; the oldest first."""
    found = queries().runs_without_job(
        connection, older_seconds=older_seconds, younger_seconds=younger_seconds, most=most
    )
    return [(row["run_id"], row["minutes"]) for row in found]


def load(connection: Connection) -> Load:
    """What is under way now."""
    return Load(**queries().load(connection))


def remove_portion(connection: Connection, what: Removable, keep_days: int, after: int = 0) -> Portion:
    """Remove some rows that are older than `keep_days`, with the record of it, in one transaction.

    Rows that somebody else has locked are left out. Nothing removed means that nothing (more) is to be removed.
    """
    with connection.transaction():
        portion, details = _REMOVE[what](connection, keep_days, after)
        if portion.rows:
            said = {"removed": what, "rows": portion.rows, "keep_days": keep_days, **details}
            record_action(connection, HOUSEKEEPING, Action.RETENTION, None, said)
    return portion


def _remove_raw_data(connection: Connection, keep_days: int, _after: int) -> tuple[Portion, Details]:
    return Portion(rows=queries().remove_raw_data(connection, keep_days=keep_days, most=MOST_ROWS)), {}


def _remove_jobs(connection: Connection, keep_days: int, after: int) -> tuple[Portion, Details]:
    old = list(queries().lock_old_jobs(connection, keep_days=keep_days, after=after, most=MOST_JOBS))
    details_so_far = accumulate(job["total"] for job in old)
    chosen = [job for job, so_far in zip(old, details_so_far, strict=True) if so_far <= MOST_ROWS] or old[:1]
    if not chosen:
        return Portion(rows=0), {}
    removed = queries().remove_jobs(connection, job_ids=[job["job_id"] for job in chosen])
    job_ids = sorted(row["job_id"] for row in removed)
    return Portion(rows=len(job_ids), upto=chosen[-1]["seq"]), {"job_ids": job_ids}


def _remove_request_ids(connection: Connection, keep_days: int, _after: int) -> tuple[Portion, Details]:
    return Portion(rows=queries().remove_request_ids(connection, keep_days=keep_days, most=MOST_ROWS)), {}


def _remove_sent(connection: Connection, keep_days: int, _after: int) -> tuple[Portion, Details]:
    return Portion(rows=queries().remove_sent(connection, keep_days=keep_days, most=MOST_ROWS)), {}


def _remove_changes(connection: Connection, keep_days: int, _after: int) -> tuple[Portion, Details]:
    return Portion(rows=queries().remove_changes(connection, keep_days=keep_days, most=MOST_ROWS)), {}


_REMOVE: dict[Removable, Callable[[Connection, int, int], tuple[Portion, Details]]] = {
    Removable.REQUEST_IDS: _remove_request_ids,
    Removable.OUTBOX: _remove_sent,
    Removable.CHANGES: _remove_changes,
    Removable.JOBS: _remove_jobs,
    Removable.RAW_DATA: _remove_raw_data,
}
