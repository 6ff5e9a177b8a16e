"""The routes that read the tickers of a job."""

from typing import Annotated, Literal

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Query
from pydantic import Field, FiniteFloat, TypeAdapter

from include.model.job import DetailStatus
from include.model.reading import DetailRow, ErrorGroup
from include.model.viewer import Viewer
from include.storage.connection import Connection
from include.storage.details import DetailFilter, details_by_seconds, details_by_ticker, errors_of_job
from include.web.access import MayRead, ViewerDep
from include.web.database import stocks
from include.web.job_views import look_up
from include.web.paging import Page, PageWanted, page, place_of

router = APIRouter(prefix="/jobs/{job_id}", dependencies=[MayRead])

_TICKER = TypeAdapter(tuple[str])
_SECONDS = TypeAdapter(tuple[FiniteFloat, str])


class DetailsWanted(PageWanted):
    """Which tickers of a job to list."""

    status: DetailStatus | None = None
    error_code: str | None = Field(None, min_length=1, max_length=100, description="those that failed for this reason")
    sort: Literal["ticker", "-seconds"] = Field("ticker", description="by name, or the slowest of those that ended")


@router.get("/details")
def list_details(
    job_id: str, viewer: ViewerDep, session: SessionDep, wanted: Annotated[DetailsWanted, Query()]
) -> Page[DetailRow]:
    """The tickers of a job, by name or the slowest first: what became of each."""
    listing = _by_ticker if wanted.sort == "ticker" else _by_seconds
    with stocks() as database:
        found = look_up(session, database, viewer, job_id)
        return database.run(lambda connection: listing(connection, viewer, found.job_id, wanted))


def _by_ticker(connection: Connection, viewer: Viewer, job_id: str, wanted: DetailsWanted) -> Page[DetailRow]:
    after = place_of(wanted.cursor, _TICKER)
    last = after[0] if after else None
    rows = details_by_ticker(connection, viewer, job_id, _filter(wanted), last, wanted.limit + 1)
    return page(rows, wanted.limit, lambda row: (row.ticker,))


def _by_seconds(connection: Connection, viewer: Viewer, job_id: str, wanted: DetailsWanted) -> Page[DetailRow]:
    after = place_of(wanted.cursor, _SECONDS)
    rows = details_by_seconds(connection, viewer, job_id, _filter(wanted), after, wanted.limit + 1)
    return page(rows, wanted.limit, lambda row: (row.seconds, row.ticker))


def _filter(wanted: DetailsWanted) -> DetailFilter:
    return DetailFilter(status=wanted.status, error_code=wanted.error_code)


@router.get("/errors")
def list_errors(job_id: str, viewer: ViewerDep, session: SessionDep) -> Page[ErrorGroup]:
    """Why tickers of a job failed: each reason once, the most frequent first, with some tickers and what to do."""
    with stocks() as database:
        found = look_up(session, database, viewer, job_id)
        return Page(items=database.run(lambda connection: errors_of_job(connection, viewer, found.job_id)))
