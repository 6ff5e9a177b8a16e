"""Prices as their source quotes them, what the cache knows of them, and answers that are no prices."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from include.model.bars import DataSource
from include.model.errors import BellwetherError, ErrorCode

Floats = NDArray[np.float64]
Days = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceHistory:
    """Completed daily prices of one ticker as its source quotes them, oldest first; all arrays have shape (n,).

    Prices are in `currency` (GBp are pence), and for splits adjusted by the source. Times `adjustment` they are
    adjusted for dividends too. `begins` is the day of the first trade ever where the source tells it; `incomplete`
    counts the rows that had no complete price and were left out.
    """

    ticker: str
    source: DataSource
    currency: str
    timezone: str | None
    sessions: Days  # unit D
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    adjustment: Floats
    begins: date | None = None
    incomplete: int = 0

    def __len__(self) -> int:
        return len(self.sessions)

    @property
    def last_session(self) -> date | None:
        """The session of the newest bar, None when there is no bar."""
        return None if not len(self.sessions) else self.sessions[-1].astype(object)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Bars of the past that the source had changed, so that all of them were fetched anew: when, and why."""

    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesState:
    """What is known of a ticker's prices in the cache; its bars aside.

    All bars from `known_from` on are cached. The source was last asked `asked_seconds_ago`, when `asked_for` was the
    newest session wanted; `refusal` is what it said then if it had no bar. `misses` counts the sessions in a row that
    it did not have, `dead_since` says when they were too many.
    """

    known_from: date | None = None
    last_session: date | None = None
    timezone: str | None = None
    asked_seconds_ago: float | None = None
    asked_for: date | None = None
    refusal: tuple[ErrorCode, str] | None = None
    misses: int = 0
    missed_session: date | None = None
    dead_since: datetime | None = None
    failure: str | None = None
    replaced: Change | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedSeries:
    """One ticker as the cache has it: its state, and the bars that were asked for (None: there are none)."""

    ticker: str
    state: SeriesState
    history: PriceHistory | None


@dataclass(frozen=True, slots=True)
class Delay:
    """One ticker whose prices are to be had later: after so many `seconds`, or (None) when it is tried again."""

    ticker: str
    code: ErrorCode
    message: str
    seconds: float | None = None


class PricesLaterError(BellwetherError):
    """Prices come later, and nothing is wrong: others ask the source now, it asked for a pause, or it has no bar yet.

    `ticker_code` says which of these, as a ticker that waits shows it.
    """

    code: ClassVar[str] = "prices_later"

    def __init__(self, message: str, seconds: float, ticker_code: ErrorCode = ErrorCode.RATE_LIMITED) -> None:
        self.seconds, self.ticker_code = seconds, ticker_code
        super().__init__(message)
