"""Daily price bars of one ticker."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class DataSource(StrEnum):
    """Where prices come from."""

    YAHOO = "yahoo"
    SAMPLE = "sample"
    DEMO = "demo"


@dataclass(frozen=True, slots=True)
class Ticks:
    """The price steps of a listing: the price from which each one holds, and the step; lowest first."""

    steps: tuple[tuple[float, float], ...]

    def at(self, price: float) -> float:
        """The step at a price."""
        return next((step for start, step in reversed(self.steps) if price >= start), self.steps[0][1])


CENTS = Ticks(((0, 0.01),))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bars:
    """Completed daily bars, oldest first, adjusted for splits and dividends.

    All arrays have shape (n,). Prices are in the major unit of `currency`, volume in shares.
    `ticks` are the price steps of the listing; `notes` says what the source had to mend.
    """

    ticker: str
    source: DataSource
    currency: str
    sessions: NDArray[np.datetime64]  # unit D
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64]
    ticks: Ticks = CENTS
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.sessions)

    @property
    def last_session(self) -> date | None:
        """The session of the newest bar, None when there is no bar."""
        return None if not len(self.sessions) else self.sessions[-1].astype(object)

    @property
    def tick(self) -> float:
        """The price step at the newest close."""
        return self.ticks.at(float(self.close[-1]))

    def until(self, session: date, limit: int | None = None) -> "Bars":
        """The bars up to and including `session`, the newest `limit` of them."""
        stop = int(np.searchsorted(self.sessions, np.datetime64(session, "D"), side="right"))
        part = slice(max(0, stop - limit) if limit else 0, stop)
        return Bars(
            ticker=self.ticker,
            source=self.source,
            currency=self.currency,
            sessions=self.sessions[part],
            open=self.open[part],
            high=self.high[part],
            low=self.low[part],
            close=self.close[part],
            volume=self.volume[part],
            ticks=self.ticks,
            notes=self.notes,
        )
