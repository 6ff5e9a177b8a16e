"""The shares that the local Yahoo knows, and what happens to them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from include.market.exchanges import exchange_of
from local.yahoo import history
from local.yahoo.listings import EXCHANGE_CODES, OPENS, USUAL_OPENING, Listing, listing_of, quoted_in
from local.yahoo.sessions import Sessions, sessions_of
from local.yahoo.stock import Row, Stock


class Market(Protocol):
    """What shares there are."""

    def stock(self, ticker: str, now: datetime) -> Stock | None:
        """A share as Yahoo describes it at `now`; None when there is no such ticker."""


@dataclass(frozen=True, slots=True)
class FixedMarket:
    """These shares and no others, at any time the same."""

    stocks: Mapping[str, Stock]

    def stock(self, ticker: str, now: datetime) -> Stock | None:
        """The share, None when it is none of these."""
        return self.stocks.get(ticker)


class OpenBar(StrEnum):
    """What the bar of a session that is still open looks like."""

    LIVE = "live"  # a price so far, which will change
    HALF = "half"  # a volume and no close
    NONE = "none"  # there is none yet


@dataclass(frozen=True, slots=True)
class Announced:
    """What was announced of a ticker: in the money and shares of the day of the announcement."""

    splits: tuple[tuple[date, tuple[int, int]], ...] = ()
    dividends: tuple[tuple[date, float], ...] = ()


@dataclass(kw_only=True)
class SampleMarket:
    """The 524 stocks of the sample, a dozen Indian tickers and one in London, up to the last completed session.

    `lists_all` gives every other well-formed ticker the bars of one of them. A split or dividend that is announced
    changes the history as soon as the session of its day has begun: prices, volumes and adjusted closes before it.
    """

    lists_all: bool = False
    open_bar: OpenBar = OpenBar.LIVE
    _announced: dict[str, Announced] = field(default_factory=dict)

    def stock(self, ticker: str, now: datetime) -> Stock | None:
        """The share at `now`, None when there is no such ticker."""
        listing = listing_of(ticker, lists_all=self.lists_all)
        if listing is None:
            return None
        exchange = exchange_of(ticker)
        today = now.astimezone(ZoneInfo(exchange.timezone)).date()
        sessions = sessions_of(exchange, now)
        counts = sessions.completed(now), sessions.begun(now)
        return _stock(
            ticker, listing, sessions, counts, sessions.period(today), self._announced.get(ticker, Announced()),
            self.open_bar,
        )  # fmt: skip

    def announce_split(self, ticker: str, day: date, new: int, old: int = 1) -> None:
        """From `day` on there are `new` shares for every `old` ones."""
        known = self._announced.get(ticker, Announced())
        self._announced[ticker] = Announced((*known.splits, (day, (new, old))), known.dividends)

    def announce_dividend(self, ticker: str, day: date, amount: float) -> None:
        """From `day` on a share is without the right to this dividend; the unit is that of its prices."""
        known = self._announced.get(ticker, Announced())
        self._announced[ticker] = Announced(known.splits, (*known.dividends, (day, amount)))


@lru_cache(maxsize=256)
def _stock(
    ticker: str,
    listing: Listing,
    sessions: Sessions,
    counts: tuple[int, int],
    period: tuple[datetime, datetime],
    announced: Announced,
    open_bar: OpenBar,
) -> Stock:
    """A share when so many sessions are (completed, begun)."""
    completed, begun = counts
    last = sessions.days[begun - 1]
    of_year = history.splits_of_year(listing, sessions)
    splits = {day: ratio for day, ratio in {**of_year, **dict(announced.splits)}.items() if day <= last}
    factor = history.shrinking(splits) / history.shrinking(of_year)
    found = history.rows(listing, sessions, completed, factor)
    if begun > completed and open_bar is not OpenBar.NONE:
        full = history.rows(listing, sessions, begun, factor)[-1]
        found = (*found, _so_far(full, open_bar))
    dividends = {**history.dividends_of_year(listing, sessions), **dict(announced.dividends)}
    exchange = exchange_of(ticker)
    return Stock(
        rows=found,
        currency=quoted_in(ticker),
        timezone=exchange.timezone,
        exchange=EXCHANGE_CODES.get(ticker.rpartition(".")[2], "NYQ"),
        opens=OPENS.get(exchange.name, USUAL_OPENING),
        period=period,
        dividends={day: _per_share_now(amount, day, splits) for day, amount in dividends.items() if day <= last},
        splits=splits,
    )


def _so_far(full: Row, open_bar: OpenBar) -> Row:
    """The bar of a session that is open, in the middle of what it will be."""
    if full.open is None or full.close is None or full.volume is None:
        return full
    close = round((full.open + full.close) / 2, 6) if open_bar is OpenBar.LIVE else None
    return Row(full.day, full.open, full.high, full.low, close, full.volume // 2)


def _per_share_now(amount: float, day: date, splits: history.Splits) -> float:
    later = {when: ratio for when, ratio in splits.items() if when > day}
    return round(amount * history.shrinking(later), 6)
