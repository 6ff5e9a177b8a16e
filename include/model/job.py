"""A job, its details, and the batches that its mapped tasks work on."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from include.model.analysis import Analysis, Position, TradePlan, Verdict
from include.model.request import AnalysisRequest


class JobStatus(StrEnum):
    """Life of a job: queued -> processing -> one of the ended ones."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    COMPLETED_WITH_ERRORS = "completed_with_errors"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_active(self) -> bool:
        """Whether the job can still change."""
        return self in (JobStatus.QUEUED, JobStatus.PROCESSING)


class DetailStatus(StrEnum):
    """Life of one ticker in a job."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    REUSED = "reused"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The DAG run that a request has become. Its run_id is the id of the job, if it gets one.

    `clear_number` is how often the run has been cleared in Airflow, to be done again; `try_number` which try of its
    first task it is.
    """

    dag_id: str
    job_id: str
    clear_number: int = field(default=0, compare=False)
    try_number: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Whose run does the work: this run's own when it won, another one's when it joined."""

    run: Run
    attempt: int
    joined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietJob:
    """An active job that has written nothing for `silent_seconds`."""

    run: Run
    silent_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The tickers of one mapped task, by number: the tickers themselves are in the details. `label` is for people."""

    job_id: str
    attempt: int
    number: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTicker:
    """One ticker of a job and the session to analyse (None: the newest that the source has)."""

    ticker: str
    session: date | None
    batch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchWork:
    """What is left to do of a batch: tickers with their sessions, and the request that they belong to."""

    request: AnalysisRequest
    sessions: Mapping[str, date | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One analysed ticker as a job stores it: the analysis, its strongest reasons, the position for this request.

    `tick` is the smallest price step of the listing.
    """

    analysis: Analysis
    reasons: tuple[str, ...]
    position: Position | None
    tick: float


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredResult:
    """A result that is still good: what a new request needs of it."""

    id: int
    ticker: str
    session: date
    verdict: Verdict
    score: Decimal
    plan: TradePlan | None
    tick: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusedResult:
    """A stored result that answers a ticker of a new request, and the position for that request."""

    result: StoredResult
    position: Position | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow:
    """One ticker of a job as people read it; levels as sized for the request, None where there is none."""

    ticker: str
    status: DetailStatus
    session_date: date | None
    verdict: Verdict | None
    score: Decimal | None
    entry: Decimal | None
    stop_loss: Decimal | None
    target: Decimal | None
    position_size: int | None
    cost: Decimal | None
    risk_reward: Decimal | None
    error_code: str | None
    error_message: str | None
    currency: str | None
    summary: str | None
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a job stands, counted from its details. `completed` includes `reused`."""

    job_id: str
    status: JobStatus
    status_reason: str | None
    total: int
    completed: int
    reused: int
    failed: int
    cancelled: int
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None

    @property
    def pending(self) -> int:
        """Tickers that have not ended yet."""
        return self.total - self.completed - self.failed - self.cancelled
