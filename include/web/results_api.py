"""The routes of one ticker's results, which are the same for everybody."""

from datetime import date
from typing import Annotated, Any, TypeVar

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response, status
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter

from include.market.symbols import normalize_ticker
from include.model.bars import DataSource
from include.model.results import Explanation, ResultRow, SeriesRow
from include.storage.connection import Connection
from include.storage.screening import Series, explanation, history, latest, series_of
from include.web.access import MayRead
from include.web.conditional import tagged
from include.web.database import stocks
from include.web.paging import Day, Page, PageWanted, Wanted, page, place_of

router = APIRouter(prefix="/results", dependencies=[MayRead])

Found = TypeVar("Found")
Ticker = Annotated[str, AfterValidator(normalize_ticker)]
Strategy = Annotated[str | None, Field(min_length=1, max_length=100)]

_RESULT, _EXPLANATION = TypeAdapter(ResultRow), TypeAdapter(Explanation)
_RESULTS = TypeAdapter(Page[ResultRow])
HISTORY_PLACE = TypeAdapter(tuple[date, Annotated[int, Field(ge=0, lt=2**63)]])
"""Session and id of a result; PostgreSQL refuses a greater id."""

TAGGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "as the tag in If-None-Match says, nothing has changed"}
}


class SeriesWanted(Wanted):
    """Which of a ticker's results."""

    strategy: Strategy = None
    data_source: DataSource | None = None


class HistoryWanted(PageWanted, SeriesWanted):
    """Which of a ticker's results, in pages."""


class ResultWanted(SeriesWanted):
    """Which one of a ticker's results."""

    session: Day | None = Field(None, description="of this session instead of the latest one")


class SeriesOf(BaseModel):
    """All series of a ticker."""

    items: list[SeriesRow]
    next_cursor: None = None


async def ticker_of(ticker: str) -> str:
    """The ticker of a path. What cannot be one has no results, as those that are not known."""
    try:
        return normalize_ticker(ticker)
    except ValueError as error:
        raise HTTPException(status.HTTP_404_NOT_FOUND, str(error)) from error


TickerDep = Annotated[str, Depends(ticker_of)]


@router.get("/{ticker}", response_model=ResultRow, responses=TAGGED)
def read_latest(request: Request, ticker: TickerDep, wanted: Annotated[SeriesWanted, Query()]) -> Response:
    """The latest result of a ticker."""
    with stocks() as database:
        found = database.run(lambda c: latest(c, series_wanted(ticker, wanted)))
    return tagged(request, _RESULT, there(found, ticker))


@router.get("/{ticker}/history", response_model=Page[ResultRow], responses=TAGGED)
def read_history(request: Request, ticker: TickerDep, wanted: Annotated[HistoryWanted, Query()]) -> Response:
    """All results of a ticker, the newest session first."""
    before = place_of(wanted.cursor, HISTORY_PLACE)

    def work(connection: Connection) -> list[tuple[int, ResultRow]]:
        return history(connection, series_wanted(ticker, wanted), before, wanted.limit + 1)

    with stocks() as database:
        placed = page(database.run(work), wanted.limit, lambda one: (one[1].session_date, one[0]))
    rows = Page[ResultRow](items=[row for _, row in placed.items], next_cursor=placed.next_cursor)
    return tagged(request, _RESULTS, rows)


@router.get("/{ticker}/series")
def read_series(ticker: TickerDep) -> SeriesOf:
    """By which strategies and from which sources a ticker has results, with the latest of each, the newest first."""
    with stocks() as database:
        return SeriesOf(items=database.run(lambda connection: series_of(connection, ticker)))


@router.get("/{ticker}/explanation", response_model=Explanation, responses=TAGGED)
def read_explanation(request: Request, ticker: TickerDep, wanted: Annotated[ResultWanted, Query()]) -> Response:
    """What each indicator said: value, rule, vote and what that did to the score."""
    with stocks() as database:
        found = database.run(lambda c: explanation(c, series_wanted(ticker, wanted), wanted.session))
    return tagged(request, _EXPLANATION, there(found, ticker))


def series_wanted(ticker: str, wanted: SeriesWanted) -> Series:
    """The results that the parameters mean."""
    return Series(ticker=ticker, strategy=wanted.strategy, data_source=wanted.data_source)


def there(found: Found | None, ticker: str) -> Found:
    """What was found; raises the 404 of a ticker without it."""
    if found is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no such result of {ticker}")
    return found
