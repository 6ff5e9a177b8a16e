"""The way of jobs to prices: Yahoo's through the cache, those that are local anyway straight."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Protocol

from include.market.cache import CachedPrices
from include.market.sources import open_source, utc_now
from include.market.sources.yahoo_source import YahooSource
from include.model.bars import Bars, DataSource
from include.model.errors import Refusal
from include.model.prices import Delay
from include.settings import settings
from include.storage.database import Database


class Prices(Protocol):
    """Daily prices by ticker, some of them perhaps later."""

    def fetch(self, wanted: Mapping[str, date | None], bars: int) -> Mapping[str, Bars | Refusal | Delay]:
        """Bars, the reason why there are none, or when to ask again, for every ticker; see PriceSource."""


def open_prices(name: DataSource, database: Database, beside: Database, beat: Callable[[], None]) -> Prices:
    """The prices of a source. `beside` is a second way to the database, for those who wait for their turn.

    `beat` is called every few seconds while prices are fetched or waited for, and may raise to end that.
    """
    if name is not DataSource.YAHOO:
        return open_source(name)
    return CachedPrices(YahooSource(settings(), utc_now), database, beside, settings(), beat)
