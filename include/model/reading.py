"""What is read of jobs: where they stand, who asked, and what became of each ticker. Times are aware, in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.job import DetailStatus, JobStatus
from include.model.request import AnalysisSource, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSummary:
    """Where a job stands. `completed` includes `reused`; `pending` are the tickers that have not ended.

    `eta_seconds` is known while tickers are analysed. It waited `waited_seconds` for its first task with a batch, and
    has been at work for `worked_seconds` since. A run that has not opened its job yet knows neither its tickers (total
    0) nor what else its request says. `first_tickers` are a few of them by name, for people to know the job by.
    """

    job_id: str
    dag_id: str | None = None
    status: JobStatus
    status_reason: str | None
    requested_by: str | None
    trigger: Trigger | None
    analysis_source: AnalysisSource | None
    scope: str | None
    attempt: int
    force: bool | None
    as_of: date | None
    strategy: str | None
    data_source: DataSource | None
    capital: float | None
    first_tickers: tuple[str, ...] | None = None
    total: int
    completed: int
    reused: int
    failed: int
    cancelled: int
    pending: int
    progress_percent: float
    eta_seconds: float | None
    created_at: datetime | None
    started_at: datetime | None
    heartbeat_at: datetime | None
    completed_at: datetime | None
    waited_seconds: float | None
    worked_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request that a job answers: who asked when, by which door, and what became of it."""

    requested_at: datetime
    requested_by: str
    door: str
    disposition: str
    run_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobView(JobSummary):
    """A job with its canonical request and the requests that it answers. `links` are paths on this server."""

    request: Mapping[str, Any] | None
    requests: tuple[Asking, ...]
    links: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailRow:
    """One ticker of a job; levels and position as sized for its request, None where there is none."""

    ticker: str
    status: DetailStatus
    session_date: date | None
    verdict: Verdict | None
    score: float | None
    entry: float | None
    stop_loss: float | None
    target: float | None
    position_size: int | None
    cost: float | None
    risk_reward: float | None
    notes: tuple[str, ...]
    currency: str | None
    error_code: str | None
    error_message: str | None
    started_at: datetime | None
    completed_at: datetime | None
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorGroup:
    """The tickers of a job that failed for one reason: how many, the first of them, and what that one says."""

    code: str
    count: int
    tickers: tuple[str, ...]
    message: str
    what_to_do: str
