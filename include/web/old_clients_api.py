"""What clients of the system before this one read, by the names that it had there."""

from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from include.model.reading import JobSummary
from include.model.results import ResultRow
from include.storage.screening import Series, history
from include.web.access import MayRead, ViewerDep
from include.web.database import stocks
from include.web.jobs_reading import glance
from include.web.paging import MOST, Wanted
from include.web.results_api import TickerDep

router = APIRouter(prefix="/all-stocks", dependencies=[MayRead])

MOST_JOBS = 50


class AllProgress(BaseModel):
    """What goes on, and the newest job of it (else the one that ended last) by itself."""

    active: int
    job_id: str | None
    status: str | None
    total: int
    completed: int
    failed: int
    progress_percent: float
    jobs: list[JobSummary]


class SymbolHistory(BaseModel):
    """The results of a symbol, the newest session first."""

    symbol: str
    count: int
    history: list[ResultRow]


class HistoryWanted(Wanted):
    """How much of it."""

    limit: int = Field(100, ge=1, le=MOST)


@router.get("/progress")
def read_progress(viewer: ViewerDep, session: SessionDep) -> AllProgress:
    """Active jobs and those that ended in the last hour."""
    with stocks() as database:
        seen = glance(session, database, viewer, MOST_JOBS)
    first = next(iter(seen.items), None)
    return AllProgress(
        active=seen.active,
        job_id=first.job_id if first else None,
        status=first.status if first else None,
        total=first.total if first else 0,
        completed=first.completed if first else 0,
        failed=first.failed if first else 0,
        progress_percent=first.progress_percent if first else 0.0,
        jobs=seen.items,
    )


@router.get("/{ticker}/history")
def read_history(ticker: TickerDep, wanted: Annotated[HistoryWanted, Query()]) -> SymbolHistory:
    """All results of a symbol; `/results/{ticker}/history` has them in pages."""
    with stocks() as database:
        found = database.run(lambda c: history(c, Series(ticker=ticker), None, wanted.limit))
    rows = [row for _, row in found]
    return SymbolHistory(symbol=ticker, count=len(rows), history=rows)
