"""Prices that are at hand: Yahoo's as the cache has them, the others from their local source. Nothing is fetched."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from include.market.adjusting import adjusted
from include.market.sources.source import Clock, open_source
from include.model.bars import Bars, DataSource
from include.storage.connection import Connection
from include.storage.prices import Span, read_series


def bars_at_hand(
    connection: Connection, source: DataSource, sinces: Mapping[str, date], clock: Clock
) -> dict[str, Bars]:
    """The bars of each ticker from its day on, as an analysis would see them now; a ticker without any is left out."""
    if source is DataSource.YAHOO:
        return _cached(connection, source, sinces)
    weekdays = int(np.busday_count(min(sinces.values()), clock().date()))
    found = open_source(source, clock).fetch(dict.fromkeys(sinces), weekdays)
    return {ticker: bars for ticker, bars in found.items() if isinstance(bars, Bars)}


def _cached(connection: Connection, source: DataSource, sinces: Mapping[str, date]) -> dict[str, Bars]:
    found = read_series(connection, source, {ticker: Span(since=day) for ticker, day in sinces.items()})
    histories = {ticker: series.history for ticker, series in found.items()}
    return {
        ticker: adjusted(history)
        for ticker, history in histories.items()
        if history is not None and history.currency is not None  # without a unit they are no prices
    }


def newest_demo_session(clock: Clock) -> date:
    """The last weekday that is over."""
    yesterday = np.datetime64(clock().date() - timedelta(days=1), "D")
    day: date = np.busday_offset(yesterday, 0, roll="backward").astype(object)
    return day
