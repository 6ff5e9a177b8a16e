"""Runs that have not opened their jobs yet, as jobs: Airflow's database has them, ours knows which have a job."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from sqlalchemy import Select, func, literal, select, tuple_
from sqlalchemy.orm import Session, load_only

from include.model.job import JobStatus
from include.model.reading import JobSummary
from include.model.viewer import Viewer
from include.pipeline.job_dags import JOB_DAGS, JOINED
from include.storage.database import Database
from include.storage.reading import JobFilter, unopened_runs
from include.web.airflow_runs import ACTIVE, released, visible_to
from include.web.job_views import waiting_job

Place = tuple[datetime, str]

PORTION = 500  # runs that are read at once: more than work beside each other, so that mostly one is enough
MOST_PORTIONS = 20

_CREATED = func.coalesce(DagRun.queued_at, DagRun.run_after)  # as a waiting job has it
_NEEDED = (
    *(DagRun.dag_id, DagRun.run_id, DagRun.state, DagRun.clear_number, DagRun.triggering_user_name),
    *(DagRun.queued_at, DagRun.run_after, DagRun.end_date),
)


def waiting_runs(session: Session, database: Database, viewer: Viewer) -> list[JobSummary]:
    """All runs that have opened no job and are for the viewer, the newest first."""
    return [run for runs in _portions(session, viewer) for run in _unopened(database, runs, refused_too=True)]


def listed_runs(
    session: Session, database: Database, viewer: Viewer, wanted: JobFilter, before: Place | None, most: int
) -> list[JobSummary]:
    """The newest of them for one page of jobs: those that the filter wants, and that come behind the page before.

    One that was refused, and then cleared, stays in the list as what it was refused as until its first task has begun.
    """
    if wanted.status not in (None, JobStatus.QUEUED):
        return []
    found: list[JobSummary] = []
    for runs in _portions(session, viewer):
        asked_for = [run for run in runs if _is_wanted(run, wanted) and (before is None or place_of_job(run) < before)]
        unopened = _unopened(database, asked_for, refused_too=False)
        found += [run for run in unopened if wanted.trigger in (None, run.trigger)]
        if len(found) >= most:
            break
    return found


def place_of_job(job: JobSummary) -> Place:
    """Where a job stands in the list of jobs: each has a time, also one that is a run as yet."""
    return cast("datetime", job.created_at), job.job_id


def _is_wanted(run: JobSummary, wanted: JobFilter) -> bool:
    by_whom = wanted.requested_by in (None, run.requested_by)
    return by_whom and (wanted.since is None or place_of_job(run)[0] >= wanted.since)


def _portions(session: Session, viewer: Viewer) -> Iterator[list[JobSummary]]:
    """Active runs that have not joined another one's job, the newest first."""
    last: Place | None = None
    for _ in range(MOST_PORTIONS):
        with released(session):
            runs = [waiting_job(run) for run in session.scalars(_active(viewer, last))]
        yield runs
        if len(runs) < PORTION:
            return
        last = place_of_job(runs[-1])


def _active(viewer: Viewer, last: Place | None) -> Select[Any]:
    has_joined = select(XComModel.key).where(XComModel.dag_run_id == DagRun.id, XComModel.key == JOINED).exists()
    found = select(DagRun).where(DagRun.dag_id.in_(JOB_DAGS), DagRun.state.in_(ACTIVE), visible_to(viewer), ~has_joined)
    if last:
        found = found.where(tuple_(_CREATED, DagRun.run_id) < tuple_(literal(last[0], _CREATED.type), last[1]))
    return found.order_by(_CREATED.desc(), DagRun.run_id.desc()).limit(PORTION).options(load_only(*_NEEDED))


def _unopened(database: Database, runs: list[JobSummary], *, refused_too: bool) -> list[JobSummary]:
    """Those of the runs that have no job, with the door that each came in by where that is on record."""
    if not runs:
        return []
    attempts = {run.job_id: run.attempt for run in runs}
    triggers = database.run(lambda connection: unopened_runs(connection, attempts, refused_too=refused_too))
    return [replace(run, trigger=triggers[run.job_id]) for run in runs if run.job_id in triggers]
