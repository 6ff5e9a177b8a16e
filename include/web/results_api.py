"""The routes of results: the screener, and one ticker's. They are the same for everybody."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response, status
from pydantic import AfterValidator, Field, TypeAdapter

from include.market.symbols import normalize_ticker
from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.request import AnalysisSource
from include.model.results import Explanation, ResultRow
from include.storage.connection import Connection
from include.storage.screening import Placed, Screen, Series, explanation, history, latest, screen
from include.web.access import MayRead, ViewerDep
from include.web.conditional import tagged
from include.web.database import stocks
from include.web.exports import PARQUET, csv_of, parquet_of
from include.web.paging import Day, Page, PageWanted, Wanted, page, place_of

router = APIRouter(prefix="/results", dependencies=[MayRead])

Ticker = Annotated[str, AfterValidator(normalize_ticker)]
Sort = Literal["score", "-score", "ticker", "-ticker", "session", "-session", "completed_at", "-completed_at"]
Score = Annotated[float | None, Field(ge=0, le=100)]
Strategy = Annotated[str | None, Field(min_length=1, max_length=100)]

_RESULT, _EXPLANATION = TypeAdapter(ResultRow), TypeAdapter(Explanation)
_RESULTS, _SCREEN_PLACE = TypeAdapter(Page[ResultRow]), TypeAdapter(tuple[str, float, str])
_HISTORY_PLACE = TypeAdapter(tuple[date, int])
TAGGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "as the tag in If-None-Match says, nothing has changed"}
}


class ScreenWanted(PageWanted):
    """Which results; a ticker's latest one among those of the strategy, source, session and job."""

    ticker: list[Ticker] | None = Field(None, max_length=500, description="once for each ticker")
    verdict: list[Verdict] | None = Field(None, description="once for each verdict")
    strategy: Strategy = None
    data_source: DataSource | None = None
    min_score: Score = None
    max_score: Score = None
    session: Day | None = Field(None, description="of this session instead of the latest one")
    job_id: str | None = Field(None, min_length=1, max_length=250, description="what this job found, or reused")
    analysis_source: AnalysisSource | None = None
    sort: Sort = Field("-score", description="ascending, or descending with a minus")
    format: Literal["json", "csv", "parquet"] = Field(
        "json", description="csv, parquet: all of it at once, without pages"
    )


class SeriesWanted(Wanted):
    """Which of a ticker's results."""

    strategy: Strategy = None
    data_source: DataSource | None = None


class HistoryWanted(PageWanted, SeriesWanted):
    """Which of a ticker's results, in pages."""


class ExplanationWanted(SeriesWanted):
    """Which of a ticker's results to explain."""

    session: Day | None = Field(None, description="of this session instead of the latest one")


async def ticker_of(ticker: str) -> str:
    """The ticker of a path. What cannot be one has no results, as those that are not known."""
    try:
        return normalize_ticker(ticker)
    except ValueError as error:
        raise HTTPException(status.HTTP_404_NOT_FOUND, str(error)) from error


TickerDep = Annotated[str, Depends(ticker_of)]


@router.get(
    "",
    response_model=Page[ResultRow],
    responses={200: {"content": {"text/csv": {}, PARQUET: {"schema": {"type": "string", "format": "binary"}}}}},
)
def screen_results(viewer: ViewerDep, wanted: Annotated[ScreenWanted, Query()]) -> Any:  # noqa: ANN401
    """The screener: the latest result of each ticker."""
    chosen = _screen(wanted)
    if wanted.format == "csv":
        return csv_of(viewer, chosen)
    if wanted.format == "parquet":
        return parquet_of(viewer, chosen)
    place = place_of(wanted.cursor, _SCREEN_PLACE)
    after = place[1:] if place and place[0] == wanted.sort else None
    with stocks() as database:
        found = database.run(lambda c: screen(c, viewer, chosen, after, wanted.limit + 1))
    return _page(found, wanted)


def _screen(wanted: ScreenWanted) -> Screen:
    return Screen(
        tickers=wanted.ticker,
        strategy=wanted.strategy,
        data_source=wanted.data_source,
        session=wanted.session,
        job_id=wanted.job_id,
        verdicts=wanted.verdict,
        min_score=wanted.min_score,
        max_score=wanted.max_score,
        analysis_source=wanted.analysis_source,
        sort=wanted.sort,
    )


def _page(found: list[Placed], wanted: ScreenWanted) -> Page[ResultRow]:
    placed = page(found, wanted.limit, lambda one: (wanted.sort, one.key, one.row.ticker))
    return Page[ResultRow](items=[one.row for one in placed.items], next_cursor=placed.next_cursor)


@router.get("/{ticker}", response_model=ResultRow, responses=TAGGED)
def read_latest(request: Request, ticker: TickerDep, wanted: Annotated[SeriesWanted, Query()]) -> Response:
    """The latest result of a ticker."""
    with stocks() as database:
        found = database.run(lambda c: latest(c, _series(ticker, wanted)))
    return tagged(request, _RESULT, _there(found, ticker))


@router.get("/{ticker}/history", response_model=Page[ResultRow], responses=TAGGED)
def read_history(request: Request, ticker: TickerDep, wanted: Annotated[HistoryWanted, Query()]) -> Response:
    """All results of a ticker, the newest session first."""
    before = place_of(wanted.cursor, _HISTORY_PLACE)

    def work(connection: Connection) -> list[tuple[int, ResultRow]]:
        return history(connection, _series(ticker, wanted), before, wanted.limit + 1)

    with stocks() as database:
        placed = page(database.run(work), wanted.limit, lambda one: (one[1].session_date, one[0]))
    rows = Page[ResultRow](items=[row for _, row in placed.items], next_cursor=placed.next_cursor)
    return tagged(request, _RESULTS, rows)


@router.get("/{ticker}/explanation", response_model=Explanation, responses=TAGGED)
def read_explanation(request: Request, ticker: TickerDep, wanted: Annotated[ExplanationWanted, Query()]) -> Response:
    """What each indicator said: value, rule, vote and what that did to the score."""
    with stocks() as database:
        found = database.run(lambda c: explanation(c, _series(ticker, wanted), wanted.session))
    return tagged(request, _EXPLANATION, _there(found, ticker))


def _series(ticker: str, wanted: SeriesWanted) -> Series:
    return Series(ticker=ticker, strategy=wanted.strategy, data_source=wanted.data_source)


def _there(found: Any, ticker: str) -> Any:  # noqa: ANN401
    if found is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no such result of {ticker}")
    return found
