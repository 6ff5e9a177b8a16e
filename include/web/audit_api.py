"""The routes of the record: who asked for what, by which door, what became of it, and whether work was done twice."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Path, Query, status
from pydantic import AwareDatetime, BeforeValidator, Field, TypeAdapter

from include.jobs.duplicates import PAGE, find_duplicates, report_document
from include.model.duplicates import MOST_SECONDS, DuplicateSearch
from include.storage.audit import RecordedRequest, RequestFilter, SentRequest, recorded_requests, sent_request
from include.storage.requests import Disposition, Door
from include.web.access import MayRead, ViewerDep
from include.web.database import stocks
from include.web.paging import Day, Moment, Page, PageWanted, Wanted, page, place_of

router = APIRouter(prefix="/requests", tags=["record"])

LOOK_BACK = timedelta(days=30)
PLACE = TypeAdapter(tuple[AwareDatetime, Annotated[int, Field(ge=1, lt=2**63)]])


def _digits(said: str) -> str:
    """Digits and nothing else: what reads numbers would take spaces round them too."""
    if not (said.isascii() and said.isdigit()):
        raise ValueError("must be the number of a request")
    return said


RecordId = Annotated[int, BeforeValidator(_digits), Path(ge=1, lt=2**63)]


class RequestsWanted(PageWanted):
    """Which requests to list."""

    door: Door | None = None
    disposition: Disposition | None = None
    since: Moment | None = Field(None, description="a time, UTC unless it says another zone, or a date")
    requested_by: str | None = Field(None, description="for those who see everybody's requests")
    job_id: str | None = Field(None, description="the requests that this job answered")


class DuplicatesWanted(Wanted):
    """How close together, and since when."""

    seconds: float = Field(2, gt=0, le=MOST_SECONDS, description="equal jobs that were created so close together")
    since: Day | None = Field(None, description="jobs of this day (UTC) or after it; without it of the last 30 days")


@router.get("", dependencies=[MayRead])
def read_requests(viewer: ViewerDep, wanted: Annotated[RequestsWanted, Query()]) -> Page[RecordedRequest]:
    """The requests, the newest first: your own, or everybody's for those who may see all."""
    before = place_of(wanted.cursor, PLACE)
    chosen = RequestFilter(**wanted.model_dump(exclude={"limit", "cursor"}))
    with stocks() as database:
        found = database.run(lambda c: recorded_requests(c, viewer, chosen, before, wanted.limit + 1))
    return page(found, wanted.limit, lambda one: (one.requested_at, one.id))


@router.get("/duplicates", dependencies=[MayRead])
def read_duplicates(viewer: ViewerDep, wanted: Annotated[DuplicatesWanted, Query()]) -> dict[str, Any]:
    """Pairs of equal jobs of one user that were created close together; `passed` when no work was done twice."""
    since = wanted.since or (datetime.now(UTC) - LOOK_BACK).date()
    search = DuplicateSearch(seconds=wanted.seconds, since=since, user=None if viewer.sees_all else viewer.name)
    with stocks() as database:
        return report_document(database.run(lambda c: find_duplicates(c, search, most=PAGE, skipped=0)))


@router.get("/{record_id}", dependencies=[MayRead])
def read_request(viewer: ViewerDep, record_id: RecordId) -> SentRequest:
    """One request with what was sent, and the canonical request that it stands for."""
    with stocks() as database:
        found = database.run(lambda connection: sent_request(connection, viewer, record_id))
    if found is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no request {record_id}")
    return found
