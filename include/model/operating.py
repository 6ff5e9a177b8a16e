"""What an operator looks at: what was done day by day, what waits, and how the sources are. Times are in UTC."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from include.model.bars import DataSource
from include.model.errors import ErrorCode
from include.model.job import JobStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfWork:
    """What ended on one day: jobs by status, tickers with a result, and those without one by their code."""

    day: date
    jobs: Mapping[JobStatus, int]
    tickers_done: int
    tickers_failed: int
    failures: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The active jobs that take their prices from one source, and how many tickers of them have not ended."""

    data_source: DataSource
    queued_jobs: int
    running_jobs: int
    waiting_tickers: int
    oldest_created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStanding:
    """How a source that has a limit stands: `requests_now` may leave at once, the next one in `next_seconds`.

    While it pauses, `paused_seconds` is above 0 and `paused_code` says why; `paused_message` in words, for those who
    see all, as it names a ticker of somebody's. `probed`: somebody tries whether it is back. `given_up`: it has been
    away for so long that no job waits for it any more.
    """

    data_source: DataSource
    requests_per_minute: int
    requests_now: int
    next_seconds: float
    paused_seconds: float
    paused_code: ErrorCode | None
    paused_message: str | None
    probed: bool
    given_up: bool
    failures: int
    failing_since: datetime | None
    succeeded_at: datetime | None
