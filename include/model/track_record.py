"""What came of verdicts: the follow-up of each one, and the record of many together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from include.model.analysis import Side, Verdict
from include.model.bars import DataSource

HORIZONS = (1, 5, 20)
"""After how many sessions the return of a verdict is measured."""

LONGEST = HORIZONS[-1]
FEW = 30
"""Fewer verdicts than these say little."""

SIDES = {
    Verdict.STRONG_BUY: Side.LONG,
    Verdict.BUY: Side.LONG,
    Verdict.SELL: Side.SHORT,
    Verdict.STRONG_SELL: Side.SHORT,
}


class FollowUpState(StrEnum):
    """How far a verdict has been followed."""

    WAITING = "waiting"  # nobody has looked yet
    PENDING = "pending"  # fewer than LONGEST sessions later
    COMPLETE = "complete"
    ENDED = "ended"  # the prices end, as those of a stock that is no longer listed
    HALTED = "halted"  # no bar for so long that what comes after it is another story
    NO_BAR = "no_bar"  # the prices have no bar of the verdict's session


class Touch(StrEnum):
    """Which level of the plan the price reached first, within LONGEST sessions."""

    STOP = "stop"
    TARGET = "target"
    NEITHER = "neither"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastVerdict:
    """A stored verdict: its levels are in the prices of the day on which it was made, `close` is that day's."""

    result_id: int
    ticker: str
    session: date
    close: float
    stop_loss: float | None
    target: float | None
    written_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUp:
    """What came of one verdict, as far as the bars go (`through` is the newest of them that counted).

    `returns` are by HORIZONS, as a share of the close (0.01 is 1 %), `sessions` the days on which those sessions were.
    `first_touch` is None without a plan, and while it is not known.
    """

    result_id: int
    written_at: datetime
    state: FollowUpState
    through: date
    returns: tuple[float | None, ...]
    sessions: tuple[date | None, ...]
    first_touch: Touch | None = None
    touched_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowUps:
    """Follow-ups of one strategy and source, in columns of shape (n,); `returns` and `sessions` are (n, 3).

    `tickers` numbers the tickers, `verdicts` is the place in Verdict, `touches` that in Touch or -1. A return that is
    not known is NaN, its session NaT. `is_open` are those of which more will be known.
    """

    tickers: NDArray[np.int64]
    days: NDArray[np.datetime64]
    verdicts: NDArray[np.int64]
    scores: NDArray[np.float64]
    returns: NDArray[np.float64]
    sessions: NDArray[np.datetime64]
    touches: NDArray[np.int64]
    is_open: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class HorizonRecord:
    """Returns of a group of verdicts after so many sessions.

    `count` have a return. Of those that share sessions with an earlier one of the same ticker and group only that one
    is `counted`, and all else is of the counted ones. They are of so many `days`: stocks move together, and many
    verdicts of few days prove less than their number. `hit_rate` is the share of Buys that rose and Sells that fell,
    None for Hold. `base_mean` is the mean of all analysed tickers on the same days. Shares: 0.01 is 1 %.
    """

    sessions: int
    count: int
    counted: int
    days: int
    hit_rate: float | None
    mean: float | None
    median: float | None
    base_mean: float | None
    is_small: bool
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelRecord:
    """Which level came first within LONGEST sessions, as shares of the counted ones; both in one bar is the stop."""

    counted: int
    stop: float | None
    target: float | None
    neither: float | None
    is_small: bool
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRecord:
    """The record of a group: how many verdicts, of how many more will be known, and how many can never be measured."""

    group: str
    verdicts: int
    pending: int
    unknown: int
    horizons: Sequence[HorizonRecord]
    levels: LevelRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRecord:
    """What came of the verdicts of one strategy on one source's prices, from session `since` to `until`.

    `all` takes Buys as they are and turns the sign of Sells, in its base mean too; Hold is not in it.
    """

    strategy: str
    data_source: DataSource
    since: date
    until: date
    computed_at: datetime
    all: GroupRecord
    by_verdict: Sequence[GroupRecord]
    by_score: Sequence[GroupRecord]


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpRow:
    """What came of one verdict: returns after so many sessions as a share of the close (0.01 is 1 %).

    `through` is the newest bar that was looked at; `first_touch` which level of the plan was reached first.
    """

    ticker: str
    session_date: date
    strategy: str
    data_source: DataSource
    verdict: Verdict
    score: float
    close: float
    stop_loss: float | None
    target: float | None
    state: FollowUpState
    through: date | None
    return_1: float | None
    return_5: float | None
    return_20: float | None
    first_touch: Touch | None
    touched_after: int | None
