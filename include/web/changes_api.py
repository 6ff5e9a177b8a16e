"""The routes that tell what changed on a user's watchlists: the own ones, and nobody else's."""

from collections.abc import Sequence
from typing import Annotated

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query
from pydantic import Field, TypeAdapter

from include.jobs.watchlists import find_list
from include.model.changes import Change, ChangeKind
from include.storage.changes import ChangesWanted, PlacedChange, changes_of_job, changes_of_list
from include.storage.connection import Connection
from include.web.access import MayRead, ViewerDep
from include.web.database import stocks
from include.web.job_views import look_up
from include.web.paging import Day, Page, PageWanted, page, place_of

router = APIRouter(tags=["watchlists"], dependencies=[MayRead])

_ID = TypeAdapter(tuple[Annotated[int, Field(ge=1, lt=2**63)]])


class JobChangesWanted(PageWanted):
    """Which changes to list."""

    kind: ChangeKind | None = None


class ListChangesWanted(JobChangesWanted):
    """Which changes of a list to list."""

    ticker: str | None = Field(None, min_length=1, max_length=30, pattern=r"^[^\x00]*$", description="as in the list")
    session: Day | None = Field(None, description="of this session alone")


@router.get("/watchlist/{name}/changes")
def list_changes_of_list(name: str, user: GetUserDep, wanted: Annotated[ListChangesWanted, Query()]) -> Page[Change]:
    """What changed on a list from session to session, the newest first."""
    owner = user.get_name()
    chosen = ChangesWanted(kind=wanted.kind, ticker=wanted.ticker, session=wanted.session)
    before = _before(wanted)

    def work(connection: Connection) -> list[PlacedChange]:
        find_list(connection, owner, name)
        return changes_of_list(connection, owner, name, chosen, before, wanted.limit + 1)

    with stocks() as database:
        return _page(database.run(work), wanted)


@router.get("/jobs/{job_id}/changes")
def list_changes_of_job(
    job_id: str,
    viewer: ViewerDep,
    session: SessionDep,
    wanted: Annotated[JobChangesWanted, Query()],
) -> Page[Change]:
    """What a job found to have changed on your lists, the newest first."""
    before = _before(wanted)
    with stocks() as database:
        found = look_up(session, database, viewer, job_id)
        placed = database.run(
            lambda c: changes_of_job(c, viewer.name, found.job_id, wanted.kind, before, wanted.limit + 1)
        )
    return _page(placed, wanted)


def _before(wanted: PageWanted) -> int | None:
    place = place_of(wanted.cursor, _ID)
    return place[0] if place else None


def _page(placed: Sequence[PlacedChange], wanted: PageWanted) -> Page[Change]:
    part = page(placed, wanted.limit, lambda one: (one.id,))
    return Page(items=[one.change for one in part.items], next_cursor=part.next_cursor)
