"""The routes of watchlists: a user's own, and nobody else's."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Body, Query, Request, Response, status
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from include.jobs.form import WATCHLIST
from include.jobs.watchlists import (
    add_tickers,
    change_entry,
    find_list,
    lists_of,
    remove_list,
    remove_ticker,
    rename,
    tickers_of,
)
from include.model.errors import FieldProblem, InvalidRequestError
from include.model.watchlist import Watchlist, WatchlistEntry
from include.settings import settings
from include.storage.connection import Connection
from include.storage.watchlist import DEFAULT_LIST, EntriesWanted, PlacedEntry, watchlist_entries
from include.web.access import MayAsk, MayRead
from include.web.database import stocks
from include.web.jobs_api import ACCEPTS, ask_for
from include.web.paging import Page, PageWanted, page, place_of

PLACE = TypeAdapter(tuple[float, str])
Sort = Literal["ticker", "-ticker", "score", "-score", "last_analyzed_at", "-last_analyzed_at"]
SAID_BY_LIST = ("tickers", "universe")

router = APIRouter(prefix="/watchlist", tags=["watchlists"])

Fields = Annotated[
    dict[str, Any] | None, Body(description="The fields of a request, but for `tickers` and `universe`.")
]
Text = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]


class Additions(BaseModel):
    """Tickers for a list, with a note for each of them."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"tickers": ["JPM", "TCS.NS"]}]})

    tickers: list[Any] = Field(max_length=10_000, description="as in a request for an analysis")
    notes: Text | None = None


class NewName(BaseModel):
    """What a list is called from now on."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"name": "banks"}]})

    name: str


class EntryChanges(BaseModel):
    """What is written beside a ticker; null takes it away, and what is left out stays."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"notes": "after the results"}]})

    name: Text | None = None
    notes: Text | None = None


class Lists(BaseModel):
    """All lists of a user, and how many there may be."""

    items: tuple[Watchlist, ...]
    next_cursor: None = None
    most_lists: int
    most_tickers: int


class EntryPage(PageWanted):
    """Which entries of a list, in which order."""

    search: str | None = Field(None, max_length=100, description="a part of the ticker, its name or its notes")
    sort: Sort = Field("ticker", description="a minus in front: descending; what was not analysed yet comes last")


class Entries(Page[WatchlistEntry]):
    """A part of one list; `count` is the whole of it, `most_tickers` how many it may have."""

    name: str
    count: int
    failed: int
    last_analyzed_at: datetime | None
    most_tickers: int


class Added(BaseModel):
    """How many tickers were new to a list, and how many it has now."""

    name: str
    added: int
    count: int


@router.get("", dependencies=[MayRead])
def read_lists(user: GetUserDep) -> Lists:
    """Your lists: `default`, which a request takes that names nothing, and those that you made."""
    with stocks() as database:
        found = database.run(lambda connection: lists_of(connection, user.get_name()))
    most = settings()
    return Lists(items=found, most_lists=most.max_watchlists, most_tickers=most.max_watchlist_tickers)


@router.get("/{name}", dependencies=[MayRead])
def read_list(name: str, user: GetUserDep, wanted: Annotated[EntryPage, Query()]) -> Entries:
    """The entries of a list, each with what the last job said of it and the scores of its last sessions."""
    owner = user.get_name()
    after = place_of(wanted.cursor, PLACE)
    chosen = EntriesWanted(search=wanted.search, sort=wanted.sort)

    def work(connection: Connection) -> tuple[Watchlist, list[PlacedEntry]]:
        found = find_list(connection, owner, name)
        return found, watchlist_entries(connection, owner, name, chosen, after, wanted.limit + 1)

    with stocks() as database:
        found, placed = database.run(work)
    part = page(placed, wanted.limit, lambda one: (one.key, one.entry.ticker))
    return Entries(
        **asdict(found),
        items=[one.entry for one in part.items],
        next_cursor=part.next_cursor,
        most_tickers=settings().max_watchlist_tickers,
    )


@router.post("/{name}", dependencies=[MayAsk])
def add(name: str, additions: Additions, user: GetUserDep) -> Added:
    """Add tickers to a list, all or none; the list is made with its first ones. Adding again changes nothing."""
    owner = user.get_name()
    with stocks() as database:
        added, changed = database.run(lambda c: add_tickers(c, owner, name, additions.tickers, additions.notes))
    return Added(name=name, added=added, count=changed.count)


@router.post("/{name}/analyze", dependencies=[MayAsk], **ACCEPTS)
def analyze(
    name: str, request: Request, response: Response, user: GetUserDep, session: SessionDep, payload: Fields = None
) -> dict[str, Any]:
    """Ask for an analysis of a list: 201 with a new job, or 200 with the equal one that is active."""
    fields = payload or {}
    if problems := [FieldProblem(key, fields[key], "the list says it") for key in SAID_BY_LIST if key in fields]:
        raise InvalidRequestError(problems)
    return ask_for(request, response, user, session, {**fields, **_stocks_of(user.get_name(), name)})


def _stocks_of(owner: str, name: str) -> dict[str, Any]:
    """The list as a field of a request: by its name where the request knows it, else what is in it now."""
    if name == DEFAULT_LIST:
        return {"universe": WATCHLIST}
    with stocks() as database:
        return {"tickers": list(database.run(lambda connection: tickers_of(connection, owner, name)))}


@router.patch("/{name}", dependencies=[MayAsk])
def rename_list(name: str, wanted: NewName, user: GetUserDep) -> Watchlist:
    """Give a list another name."""
    owner = user.get_name()
    with stocks() as database:
        return database.run(lambda connection: rename(connection, owner, name, wanted.name))


@router.patch("/{name}/{ticker}", dependencies=[MayAsk], status_code=status.HTTP_204_NO_CONTENT)
def change(name: str, ticker: str, changes: EntryChanges, user: GetUserDep) -> None:
    """Write a name or notes beside a ticker."""
    owner, wanted = user.get_name(), changes.model_dump(exclude_unset=True)
    with stocks() as database:
        database.run(lambda connection: change_entry(connection, owner, name, ticker, wanted))


@router.delete("/{name}", dependencies=[MayAsk], status_code=status.HTTP_204_NO_CONTENT)
def remove(name: str, user: GetUserDep) -> None:
    """Remove a list with its entries; results stay."""
    with stocks() as database:
        database.run(lambda connection: remove_list(connection, user.get_name(), name))


@router.delete("/{name}/{ticker}", dependencies=[MayAsk], status_code=status.HTTP_204_NO_CONTENT)
def remove_entry(name: str, ticker: str, user: GetUserDep) -> None:
    """Remove a ticker from a list."""
    with stocks() as database:
        database.run(lambda connection: remove_ticker(connection, user.get_name(), name, ticker))
