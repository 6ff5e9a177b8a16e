"""The routes that read jobs."""

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.utils.session import create_session
from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, Field, TypeAdapter
from sqlalchemy.orm import Session

from include.model.job import JobStatus
from include.model.reading import JobSummary, JobView
from include.model.request import Trigger
from include.model.viewer import Viewer
from include.storage.connection import Connection
from include.storage.database import Database
from include.storage.reading import JobFilter, count_active_jobs, current_jobs, newest_jobs
from include.web.access import MayRead, ViewerDep
from include.web.database import stocks
from include.web.job_views import look_up, view
from include.web.paging import MOST, Moment, Page, PageWanted, Wanted, page, place_of
from include.web.waiting_runs import listed_runs, place_of_job, waiting_runs

router = APIRouter(dependencies=[MayRead])

_CREATED = TypeAdapter(tuple[AwareDatetime, str])


class JobsWanted(PageWanted):
    """Which jobs to list."""

    status: JobStatus | None = None
    requested_by: str | None = Field(None, min_length=1, max_length=250)
    trigger: Trigger | None = Field(None, description="which door the request came through")
    since: Moment | None = Field(None, description="created then or later; UTC where it does not say")


class ProgressWanted(Wanted):
    """How much of the progress to tell."""

    limit: int = Field(50, ge=1, le=MOST, description="most of each: runs that wait, active jobs, jobs that have ended")


class Glance(Page[JobSummary]):
    """What goes on, then what ended in the last hour, as far as was asked for. `active` counts all that goes on."""

    active: int


@router.get("/jobs")
def list_jobs(viewer: ViewerDep, session: SessionDep, wanted: Annotated[JobsWanted, Query()]) -> Page[JobSummary]:
    """Jobs, also runs that have not opened theirs yet, the newest first."""
    filters = JobFilter(**wanted.model_dump(exclude={"limit", "cursor"}))
    before, most = place_of(wanted.cursor, _CREATED), wanted.limit + 1
    with stocks() as database:
        waiting = listed_runs(session, database, viewer, filters, before, most)
        jobs = database.run(lambda c: newest_jobs(c, viewer, filters, before, most))
    both = sorted([*without(jobs, waiting), *jobs], key=place_of_job, reverse=True)
    return page(both[:most], wanted.limit, place_of_job)


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
    waiting = waiting_runs(session, database, viewer)

    def work(connection: Connection) -> tuple[list[JobSummary], int]:
        return current_jobs(connection, viewer, most), count_active_jobs(connection, viewer)

    jobs, active = database.run(work)
    still = without(jobs, waiting)
    return Glance(items=[*still[:most], *jobs], active=active + len(still))


def without(jobs: list[JobSummary], waiting: list[JobSummary]) -> list[JobSummary]:
    """The runs that have not opened their jobs, or ended, since they were read."""
    known = {job.job_id for job in jobs}
    return [run for run in waiting if run.job_id not in known]
