"""The routes of the screener: the latest result of each ticker. Results are everybody's, lists of tickers are not."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Query
from pydantic import BaseModel, BeforeValidator, Field, TypeAdapter

from include.jobs.form import WATCHLIST
from include.jobs.watchlists import tickers_of
from include.market.symbols import apply_aliases
from include.market.universes import universe
from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.errors import FieldProblem, InvalidRequestError
from include.model.request import AnalysisSource
from include.model.results import ResultRow
from include.model.watchlist import UnknownWatchlistError
from include.storage.aliases import ticker_aliases
from include.storage.connection import Connection
from include.storage.screening import Placed, Screen, count_verdicts, screen
from include.storage.watchlist import watchlist_tickers
from include.web.access import MayRead, ViewerDep
from include.web.database import stocks
from include.web.exports import PARQUET, csv_of, parquet_of
from include.web.paging import Day, Page, PageWanted, Wanted, page, place_of
from include.web.results_api import Strategy, Ticker

router = APIRouter(dependencies=[MayRead])

Sort = Literal["score", "-score", "ticker", "-ticker", "session", "-session", "completed_at", "-completed_at"]
Score = Annotated[float | None, Field(ge=0, le=100)]
Prefix = Annotated[
    str,
    BeforeValidator(lambda value: value.strip().upper() if isinstance(value, str) else value),
    Field(max_length=32, pattern=r"^\^?[A-Z0-9.&=_-]+$|^\^$"),
]

_PLACE = TypeAdapter(tuple[str, float, str])


class Filters(Wanted):
    """Which tickers, and of each which results."""

    ticker: list[Ticker] | None = Field(None, max_length=500, description="once for each ticker")
    prefix: Prefix | None = Field(None, description="tickers that begin like this")
    universe: str | None = Field(None, max_length=100, description="who is in it now; `watchlist`: your own list")
    watchlist: str | None = Field(None, min_length=1, max_length=50, description="what is in your list now")
    strategy: Strategy = None
    data_source: DataSource | None = None
    min_score: Score = None
    max_score: Score = None
    session: Day | None = Field(None, description="of this session instead of the latest one")
    job_id: str | None = Field(None, min_length=1, max_length=250, description="what this job found, or reused")
    analysis_source: AnalysisSource | None = None


class ScreenWanted(PageWanted, Filters):
    """Which results; a ticker's latest one among those of the strategy, source, session and job."""

    verdict: list[Verdict] | None = Field(None, description="once for each verdict")
    sort: Sort = Field("-score", description="ascending, or descending with a minus")
    format: Literal["json", "csv", "parquet"] = Field(
        "json", description="csv, parquet: all of it at once, without pages"
    )


class Counts(BaseModel):
    """How many results the screener has."""

    total: int
    verdicts: dict[Verdict, int]


@router.get(
    "/results",
    response_model=Page[ResultRow],
    responses={200: {"content": {"text/csv": {}, PARQUET: {"schema": {"type": "string", "format": "binary"}}}}},
)
def screen_results(user: GetUserDep, viewer: ViewerDep, wanted: Annotated[ScreenWanted, Query()]) -> Any:  # noqa: ANN401
    """The screener: the latest result of each ticker."""
    with stocks() as database:
        chosen = database.run(lambda c: _screen(c, user.get_name(), wanted, wanted.verdict, wanted.sort))
    if wanted.format == "csv":
        return csv_of(viewer, chosen)
    if wanted.format == "parquet":
        return parquet_of(viewer, chosen)
    place = place_of(wanted.cursor, _PLACE)
    after = place[1:] if place and place[0] == wanted.sort else None
    with stocks() as database:
        found = database.run(lambda c: screen(c, viewer, chosen, after, wanted.limit + 1))
    return _page(found, wanted)


@router.get("/verdicts")
def read_counts(user: GetUserDep, viewer: ViewerDep, wanted: Annotated[Filters, Query()]) -> Counts:
    """How many results the screener has of each verdict."""
    with stocks() as database:
        found = database.run(lambda c: count_verdicts(c, viewer, _screen(c, user.get_name(), wanted)))
    return Counts(total=sum(found.values()), verdicts=found)


def _screen(
    connection: Connection, owner: str, wanted: Filters, verdicts: list[Verdict] | None = None, sort: str = "ticker"
) -> Screen:
    sets = list(_sets(connection, owner, wanted))
    return Screen(
        tickers=sorted(set.intersection(*sets)) if sets else None,
        prefix=wanted.prefix,
        strategy=wanted.strategy,
        data_source=wanted.data_source,
        session=wanted.session,
        job_id=wanted.job_id,
        verdicts=verdicts,
        min_score=wanted.min_score,
        max_score=wanted.max_score,
        analysis_source=wanted.analysis_source,
        sort=sort,
    )


def _sets(connection: Connection, owner: str, wanted: Filters) -> Iterator[set[str]]:
    """Each set of tickers that is named; a result has to be in all of them."""
    if wanted.ticker:
        yield set(wanted.ticker)
    if wanted.universe == WATCHLIST:
        yield _by_any_name(connection, watchlist_tickers(connection, owner))
    elif wanted.universe is not None:
        yield _by_any_name(connection, universe(wanted.universe))
    if wanted.watchlist is not None:
        yield _by_any_name(connection, _watched(connection, owner, wanted.watchlist))


def _watched(connection: Connection, owner: str, name: str) -> tuple[str, ...]:
    try:
        return tickers_of(connection, owner, name)
    except UnknownWatchlistError as error:
        raise InvalidRequestError([FieldProblem("watchlist", name, str(error))]) from error


def _by_any_name(connection: Connection, tickers: tuple[str, ...]) -> set[str]:
    """The tickers, and what they are called now: Yahoo's results are under the new name, the sample's under the old."""
    return {*tickers, *apply_aliases(tickers, ticker_aliases(connection))}


def _page(found: list[Placed], wanted: ScreenWanted) -> Page[ResultRow]:
    placed = page(found, wanted.limit, lambda one: (wanted.sort, one.key, one.row.ticker))
    return Page[ResultRow](items=[one.row for one in placed.items], next_cursor=placed.next_cursor)
