"""What an operator looks at: the last housekeeping, the work of the last days, and what waits for what."""

from collections.abc import Sequence
from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from include.jobs.housekeeping import Report
from include.market.limits import standing
from include.model.bars import DataSource
from include.model.operating import DayOfWork, SourceStanding, Waiting
from include.model.viewer import Viewer
from include.settings import settings
from include.storage.connection import Connection
from include.storage.operating import days_of_work, waiting_jobs
from include.web.access import MayRead, ViewerDep
from include.web.airflow_runs import released
from include.web.database import stocks
from include.web.events_api import open_streams
from include.web.housekeeping import last_report
from include.web.paging import Wanted
from include.web.readiness import Housekeeping, last_housekeeping

router = APIRouter(tags=["operating"])

LIMITED = (DataSource.YAHOO,)


class HousekeepingAnswer(BaseModel):
    """How the last housekeeping went, and, for those who see all, what it did. Null: there is none, or not for you."""

    last: Housekeeping | None
    note: str | None
    report: Report | None


class DaysWanted(Wanted):
    """How many days."""

    days: int = Field(30, ge=1, le=366, description="today (UTC) and the days before it")


class Activity(BaseModel):
    """The work of the last days, the oldest first; also of days on which nothing ended."""

    items: Sequence[DayOfWork]
    next_cursor: None = None


class Streams(BaseModel):
    """The progress streams of the process that answers."""

    open: int
    most: int


class Queue(BaseModel):
    """What waits: the active jobs that you may see by the source of their prices, the sources that have a limit."""

    jobs: Sequence[Waiting]
    sources: Sequence[SourceStanding]
    streams: Streams


@router.get("/housekeeping", dependencies=[MayRead])
def read_housekeeping(viewer: ViewerDep, session: SessionDep) -> HousekeepingAnswer:
    """The last housekeeping that is over, with its report for those who see all."""
    with released(session):
        last = last_housekeeping(session)
        note, report = last_report(session) if viewer.sees_all else (None, None)
    return HousekeepingAnswer(last=last, note=note, report=report)


@router.get("/activity", dependencies=[MayRead])
def read_activity(viewer: ViewerDep, wanted: Annotated[DaysWanted, Query()]) -> Activity:
    """Day by day: jobs that ended by status, tickers with a result, and those without one by their code."""
    with stocks() as database:
        return Activity(items=database.run(lambda connection: days_of_work(connection, viewer, wanted.days)))


@router.get("/queue", dependencies=[MayRead])
def read_queue(viewer: ViewerDep) -> Queue:
    """The active jobs and their tickers that wait, how the sources with a limit stand, and the streams."""
    with stocks() as database:
        jobs, sources = database.run(
            lambda connection: (waiting_jobs(connection, viewer), _sources(connection, viewer))
        )
    return Queue(jobs=jobs, sources=sources, streams=Streams(open=open_streams(), most=settings().max_event_streams))


def _sources(connection: Connection, viewer: Viewer) -> list[SourceStanding]:
    found = (standing(connection, viewer, source, settings()) for source in LIMITED)
    return [one for one in found if one is not None]
