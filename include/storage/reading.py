"""Reads of jobs, as far as they are for the one who looks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from include.model.job import JobStatus
from include.model.reading import Asking, JobSummary
from include.model.request import Trigger
from include.model.viewer import Viewer
from include.storage.connection import Connection, queries
from include.storage.requests import Door
from include.storage.viewing import as_seen_by

MOST_REQUESTS = 200
RECENT_SECONDS = 3600.0

_SUMMARIES = TypeAdapter(list[JobSummary])
_REQUESTS = TypeAdapter(tuple[Asking, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs of a list; None where it does not matter."""

    status: JobStatus | None = None
    requested_by: str | None = None
    trigger: Trigger | None = None
    since: datetime | None = None


def newest_jobs(
    connection: Connection, viewer: Viewer, wanted: JobFilter, before: tuple[datetime, str] | None, most: int
) -> list[JobSummary]:
    """One page of jobs, the newest first: those before the one that was created `before`, with its id.

    Among them are runs that ended before they opened a job.
    """
    before_at, before_id = before or (None, None)
    rows = queries().newest_jobs(
        connection,
        **as_seen_by(viewer),
        status=wanted.status,
        requested_by=wanted.requested_by,
        trigger=wanted.trigger,
        since=wanted.since,
        before_at=before_at,
        before_id=before_id,
        most=most,
    )
    jobs = summaries(connection, viewer, [row["job_id"] for row in rows])
    since = jobs[-1].created_at if len(jobs) == most else wanted.since  # nothing older has a place on this page
    both = [*jobs, *_unopened(connection, viewer, replace(wanted, since=since), before, most)]
    return sorted(both, key=lambda job: (job.created_at, job.job_id), reverse=True)[:most]


def _unopened(
    connection: Connection,
    viewer: Viewer,
    wanted: JobFilter,
    before: tuple[datetime, str] | None,
    most: int,
    job_id: str | None = None,
) -> list[JobSummary]:
    """Runs that ended before they opened a job. Of their tickers there is nothing to count."""
    if wanted.status not in (None, JobStatus.CANCELLED, JobStatus.FAILED):
        return []
    before_at, before_id = before or (None, None)
    rows = queries().unopened_jobs(
        connection,
        **as_seen_by(viewer),
        job_id=job_id,
        status=wanted.status,
        requested_by=wanted.requested_by,
        doors=[door for door in Door if door.trigger is wanted.trigger] if wanted.trigger else None,
        since=wanted.since,
        before_at=before_at,
        before_id=before_id,
        most=most,
    )
    nothing = dict.fromkeys(("total", "completed", "reused", "failed", "cancelled", "pending", "progress_percent"), 0)
    unknown = dict.fromkeys(JobSummary.__dataclass_fields__) | nothing
    return _SUMMARIES.validate_python([{**unknown, **_with_trigger(row)} for row in rows])


def _with_trigger(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"trigger": Door(row["door"]).trigger, **{name: row[name] for name in row if name != "door"}}


def unopened_job(connection: Connection, viewer: Viewer, job_id: str) -> JobSummary | None:
    """A run that ended before it opened a job, None when nothing of the kind is on record for the viewer."""
    return next(iter(_unopened(connection, viewer, JobFilter(), None, 1, job_id)), None)


def current_jobs(connection: Connection, viewer: Viewer, most: int) -> list[JobSummary]:
    """Active jobs, the newest first, and then those that ended in the last hour; `most` of each."""
    rows = queries().current_jobs(connection, **as_seen_by(viewer), seconds=RECENT_SECONDS, most=most)
    return summaries(connection, viewer, list(dict.fromkeys(row["job_id"] for row in rows)))


def summaries(connection: Connection, viewer: Viewer, job_ids: Sequence[str]) -> list[JobSummary]:
    """Where jobs stand, in this order; without those that do not exist for the viewer."""
    rows = queries().summarise_jobs(connection, job_ids=list(job_ids), **as_seen_by(viewer))
    return _SUMMARIES.validate_python(list(rows))


def summary(connection: Connection, viewer: Viewer, job_id: str) -> JobSummary | None:
    """Where one job stands, None when there is none for the viewer."""
    return next(iter(summaries(connection, viewer, [job_id])), None)


def recorded_join(connection: Connection, run_id: str) -> str | None:
    """The job that a run joined at last, by the record of requests; None when it has its own or none."""
    joined: str | None = queries().recorded_join(connection, run_id=run_id)
    return joined


def request_of_job(connection: Connection, job_id: str) -> str | None:
    """The canonical request of a job as JSON, None when there is no such job."""
    found: str | None = queries().request_of_job(connection, job_id=job_id)
    return found


def requests_of_job(connection: Connection, job_id: str) -> tuple[Asking, ...]:
    """The first requests that a job answers."""
    return _REQUESTS.validate_python(list(queries().requests_of_job(connection, job_id=job_id, most=MOST_REQUESTS)))


def unopened_runs(
    connection: Connection, attempts: Mapping[str, int], *, refused_too: bool
) -> dict[str, Trigger | None]:
    """Those of the runs, each in its attempt, that have opened no job, and how each came in where that is on record.

    `refused_too`: also one that is on record as refused, which it may be of an attempt before.
    """
    found = queries().unopened_runs(
        connection, run_ids=list(attempts), attempts=list(attempts.values()), refused_too=refused_too
    )
    return {row["run_id"]: Door(row["door"]).trigger if row["door"] else None for row in found}


def count_active_jobs(connection: Connection, viewer: Viewer) -> int:
    """How many active jobs there are for the viewer."""
    count: int = queries().count_active_jobs(connection, **as_seen_by(viewer))
    return count
