"""The route of stored prices, for charts."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request, Response, status
from pydantic import Field, TypeAdapter

from include.market.adjusting import adjusted
from include.market.sources.source import open_source
from include.model.bars import Bars, DataSource
from include.model.results import PriceBar, Prices
from include.settings import settings
from include.storage.connection import Connection
from include.storage.prices import Span, read_series
from include.storage.screening import stored_prices
from include.web.access import MayRead
from include.web.conditional import tagged
from include.web.database import stocks
from include.web.paging import Day, Wanted
from include.web.results_api import TAGGED, TickerDep

router = APIRouter(dependencies=[MayRead])

_PRICES = TypeAdapter(Prices)


class PricesWanted(Wanted):
    """Which of a ticker's bars."""

    data_source: DataSource = Field(default_factory=lambda: DataSource(settings().default_data_source))
    since: Day | None = None
    until: Day | None = None
    adjusted: bool = Field(False, description="as an analysis sees them: for dividends, and in no pence but pounds")


@router.get("/prices/{ticker}", response_model=Prices, responses=TAGGED)
def read_prices(request: Request, ticker: TickerDep, wanted: Annotated[PricesWanted, Query()]) -> Response:
    """The bars that are at hand, oldest first; nothing is fetched for it."""
    if wanted.data_source is DataSource.YAHOO:
        with stocks() as database:
            found = database.run(lambda c: _stored(c, ticker, wanted))
    else:
        found = _local(ticker, wanted)
    if found is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there are no such prices of {ticker}")
    return tagged(request, _PRICES, found)


def _stored(connection: Connection, ticker: str, wanted: PricesWanted) -> Prices | None:
    if not wanted.adjusted:
        return stored_prices(connection, ticker, wanted.data_source, wanted.since, wanted.until)
    span = Span(since=wanted.since or date.min, until=wanted.until)
    history = read_series(connection, wanted.data_source, {ticker: span})[ticker].history
    if history is None or history.currency is None:  # without a currency there is no analysis to compare it with
        return None
    bars = adjusted(history)
    return Prices(ticker=ticker, data_source=bars.source, currency=bars.currency, bars=_bars(bars, wanted))


def _local(ticker: str, wanted: PricesWanted) -> Prices | None:
    """Sample and demo are not stored: they are local, and computed or read in an instant."""
    most = settings().lookback_bars
    answer = open_source(wanted.data_source).fetch({ticker: wanted.until}, most)[ticker]
    bars = _bars(answer, wanted) if isinstance(answer, Bars) else []
    if not isinstance(answer, Bars) or not bars:
        return None
    return Prices(ticker=ticker, data_source=wanted.data_source, currency=answer.currency, bars=bars)


def _bars(found: Bars, wanted: PricesWanted) -> list[PriceBar]:
    columns = (found.sessions, found.open, found.high, found.low, found.close, found.volume)
    days = ((day, numbers) for day, *numbers in zip(*(column.tolist() for column in columns), strict=True))
    since, until = wanted.since or date.min, wanted.until or date.max
    return [
        PriceBar(session_date=day, open=o, high=h, low=low, close=c, volume=v, adjustment=1.0)
        for day, (o, h, low, c, v) in days
        if since <= day <= until
    ]
