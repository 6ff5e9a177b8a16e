"""A job as the API shows it: from our row of it, or from Airflow's run while (or if) that has opened none."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

from airflow.models.dagrun import DagRun
from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from include.model.errors import UnknownJobError
from include.model.job import JobStatus
from include.model.reading import JobSummary, JobView
from include.model.viewer import Viewer
from include.storage.connection import Connection
from include.storage.database import Database
from include.storage.deletion import was_removed
from include.storage.duplicates import kept_instead
from include.storage.jobs import was_cancelled
from include.storage.reading import recorded_join, request_of_job, requests_of_job, summary, unopened_job
from include.storage.viewing import check_visible
from include.web.access import DAG_ID
from include.web.airflow_runs import find_run, is_visible, joined_job, released
from include.web.places import API, base_path

_VIEW = TypeAdapter(JobView)
_NO_REQUEST = b'"request":null'
_ENDS = {"success": JobStatus.COMPLETED, "failed": JobStatus.FAILED}


def look_up(session: Session, database: Database, viewer: Viewer, job_id: str) -> JobSummary:
    """Where a job stands; a run that joined another one's job shows that job. Raises UnknownJobError."""
    own = database.run(lambda connection: _own(connection, viewer, job_id))
    if own is not None:
        return own
    with released(session):
        wanted, run = answering(session, database, job_id)
        waiting = waiting_job(run) if run and is_visible(run, viewer) else None
    return database.run(lambda connection: standing(connection, viewer, wanted, waiting))


def _own(connection: Connection, viewer: Viewer, job_id: str) -> JobSummary | None:
    """Where the job of this id stands, None where another one may answer for it."""
    return None if recorded_join(connection, job_id) else summary(connection, viewer, job_id)


def answering(session: Session, database: Database, job_id: str) -> tuple[str, DagRun | None]:
    """The job that answers for this id, another run's where it joined, and the run of that job.

    The record says whether a run of this name has ever joined; whether this one did, as long as Airflow has it, is in
    the run: somebody may have deleted the one that the record is of, and made another.
    """
    run = find_run(session, job_id)
    recorded = database.run(lambda connection: recorded_join(connection, job_id))
    wanted = (joined_job(session, run) if recorded and run else recorded) or job_id
    return wanted, run if wanted == job_id else find_run(session, wanted)


def standing(connection: Connection, viewer: Viewer, job_id: str, waiting: JobSummary | None) -> JobSummary:
    """Where a job stands, or the one that was kept in its place, or the run that `waiting` tells of."""
    found = summary(connection, viewer, job_id)
    kept = None if found else kept_instead(connection, job_id)
    found = summary(connection, viewer, kept) if kept else found
    if found is not None:
        return found
    check_visible(connection, viewer, job_id)  # one that the run opens at this very moment is not hidden
    if waiting is None:
        return _without_run(connection, viewer, job_id)
    if was_removed(connection, job_id, waiting.attempt):
        raise UnknownJobError(job_id)
    if waiting.status is not JobStatus.QUEUED and was_cancelled(connection, job_id):
        return JobSummary(**{**asdict(waiting), "status": JobStatus.CANCELLED})
    if waiting.status is JobStatus.COMPLETED:  # its run had a job, of which nothing is known any more
        raise UnknownJobError(job_id)
    return waiting


def _without_run(connection: Connection, viewer: Viewer, job_id: str) -> JobSummary:
    """A run that is on record as ended without a job, and that Airflow does not have any more."""
    found = unopened_job(connection, viewer, job_id)
    if found is None:
        raise UnknownJobError(job_id)
    return found


def view(connection: Connection, found: JobSummary) -> bytes:
    """A job with all that is told of it, a JobView as JSON.

    The request stays the text that the database has: to read and write 10,000 tickers would take longer than all else.
    """
    asked = requests_of_job(connection, found.job_id)
    told = _VIEW.dump_json(JobView(**asdict(found), request=None, requests=asked, links=links(found)))
    request = request_of_job(connection, found.job_id)
    # Within a text of JSON each quote has a backslash before it, so this stands nowhere else.
    return told.replace(_NO_REQUEST, b'"request":' + request.encode(), 1) if request else told


def links(found: JobSummary) -> Mapping[str, str]:
    """Where there is more of a job: in this API, and its run in Airflow's pages and API."""
    base, name = base_path(), quote(found.job_id, safe="")
    dag_id = found.dag_id or DAG_ID
    job = f"{base}{API}/jobs/{name}"
    return {
        "job": job,
        "details": f"{job}/details",
        "events": f"{job}/events",
        "results": f"{base}{API}/results?job_id={name}",
        "dag_run": f"{base}/dags/{dag_id}/runs/{name}",
        "dag_run_api": f"{base}/api/v2/dags/{dag_id}/dagRuns/{name}",
    }


def waiting_job(run: DagRun) -> JobSummary:
    """A run of which there is no job: queued, or ended as Airflow has it, with the reason in its note."""
    status = _ENDS.get(str(run.state), JobStatus.QUEUED)
    ended = status is not JobStatus.QUEUED
    unknown: dict[str, Any] = dict.fromkeys(JobSummary.__dataclass_fields__)
    nothing = dict.fromkeys(("total", "completed", "reused", "failed", "cancelled", "pending"), 0)
    known = {
        "job_id": run.run_id,
        "dag_id": run.dag_id,
        "status": status,
        "status_reason": (run.note or "it ended before its job was opened") if ended else None,
        "requested_by": run.triggering_user_name,
        "attempt": run.clear_number + 1,
        "progress_percent": 0.0,
        "created_at": run.queued_at or run.run_after,
        "completed_at": run.end_date,
    }
    return JobSummary(**{**unknown, **nothing, **known})
