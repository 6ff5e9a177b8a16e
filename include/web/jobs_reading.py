"""The routes that read jobs."""

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.models.dagrun import DagRun
from airflow.utils.session import create_session
from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, Field, TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session, defer

from include.model.job import JobStatus
from include.model.reading import JobSummary, JobView
from include.model.request import Trigger
from include.model.viewer import Viewer
from include.storage.connection import Connection
from include.storage.database import Database
from include.storage.reading import JobFilter, current_jobs, newest_jobs, unopened_runs
from include.web.access import DAG_ID, MayRead, ViewerDep
from include.web.airflow_runs import ACTIVE, is_visible, released
from include.web.database import stocks
from include.web.job_views import look_up, view, waiting_job
from include.web.paging import MOST, Moment, Page, PageWanted, Wanted, page, place_of

router = APIRouter(dependencies=[MayRead])

MOST_WAITING = 100
_CREATED = TypeAdapter(tuple[AwareDatetime, str])


class JobsWanted(PageWanted):
    """Which jobs to list."""

    status: JobStatus | None = None
    requested_by: str | None = Field(None, min_length=1, max_length=250)
    trigger: Trigger | None = Field(None, description="which door the request came through")
    since: Moment | None = Field(None, description="created then or later; UTC where it does not say")


class ProgressWanted(Wanted):
    """How much of the progress to tell."""

    limit: int = Field(50, ge=1, le=MOST, description="most active jobs, and most of those that have ended")


class Glance(Page[JobSummary]):
    """All that is going on: `active` of the items first, then what ended in the last hour."""

    active: int


@router.get("/jobs")
def list_jobs(viewer: ViewerDep, wanted: Annotated[JobsWanted, Query()]) -> Page[JobSummary]:
    """Jobs, the newest first."""
    filters = JobFilter(**wanted.model_dump(exclude={"limit", "cursor"}))
    before = place_of(wanted.cursor, _CREATED)
    with stocks() as database:
        found = database.run(lambda c: newest_jobs(c, viewer, filters, before, wanted.limit + 1))
    return page(found, wanted.limit, lambda job: (job.created_at, job.job_id))


@router.get("/jobs/{job_id}", response_model=JobView)
def read_job(job_id: str, viewer: ViewerDep) -> Response:
    """Where a job stands, what was asked for, and by whom. A run that joined another one's job shows that job."""
    with create_session() as session, stocks() as database:
        found = look_up(session, database, viewer, job_id)
        return Response(database.run(lambda connection: view(connection, found)), media_type="application/json")


@router.get("/progress")
def read_progress(viewer: ViewerDep, session: SessionDep, wanted: Annotated[ProgressWanted, Query()]) -> Glance:
    """All active jobs, also runs that have not opened theirs yet, and the jobs that ended in the last hour."""
    with stocks() as database:
        return glance(session, database, viewer, wanted.limit)


def glance(session: Session, database: Database, viewer: Viewer, most: int) -> Glance:
    """What is going on and has just ended, as far as it is for the viewer."""
    with released(session):
        runs = [waiting_job(run) for run in _active_runs(session) if is_visible(run, viewer)]

    def work(connection: Connection) -> tuple[list[JobSummary], list[JobSummary]]:
        unopened = unopened_runs(connection, {run.job_id: run.attempt for run in runs})
        return [run for run in runs if run.job_id in unopened], current_jobs(connection, viewer, most)

    waiting, jobs = database.run(work)
    active = sum(job.status.is_active for job in jobs) + len(waiting)
    return Glance(items=[*waiting, *jobs], active=active)


def _active_runs(session: Session) -> list[DagRun]:
    found = select(DagRun).where(DagRun.dag_id == DAG_ID, DagRun.state.in_(ACTIVE))
    newest = found.order_by(DagRun.id.desc()).limit(MOST_WAITING).options(defer(DagRun.conf))
    return list(session.scalars(newest))
