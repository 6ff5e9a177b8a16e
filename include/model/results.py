"""What is read of results and prices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from include.model.analysis import Reading, Verdict
from include.model.bars import DataSource
from include.model.request import AnalysisSource


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """The authoritative analysis of a ticker for a session, by a strategy, from a source.

    `job_id` is the job that wrote it. Levels follow from prices and strategy alone; a job's details have them as sized
    for its request.
    """

    ticker: str
    symbol: str
    session_date: date
    strategy: str
    strategy_version: str
    data_source: DataSource
    verdict: Verdict
    score: float
    close: float
    entry: float | None
    stop_loss: float | None
    target: float | None
    risk_reward: float | None
    currency: str
    summary: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    bars_used: int
    analysis_source: AnalysisSource
    job_id: str
    completed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A result with what each indicator said. `readings` is None once they have been trimmed."""

    result: ResultRow
    readings: tuple[Reading, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesRow:
    """The latest result of a ticker by one strategy and from one source."""

    strategy: str
    data_source: DataSource
    session_date: date
    verdict: Verdict
    score: float
    completed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceBar:
    """One session's prices; times `adjustment` they are adjusted for dividends."""

    session_date: date
    open: float
    high: float
    low: float
    close: float
    volume: float
    adjustment: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """The bars of a ticker that are stored, oldest first. `currency` None: the source has not been asked for it."""

    ticker: str
    data_source: DataSource
    currency: str | None
    bars: Sequence[PriceBar]
