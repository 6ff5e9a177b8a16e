"""What the housekeeping finds and does."""

from dataclasses import dataclass
from enum import StrEnum


class Removable(StrEnum):
    """What is removed when it is old, if the settings say so. The record of requests and actions is not among it."""

    REQUEST_IDS = "request_ids"
    OUTBOX = "outbox"
    CHANGES = "changes"
    JOBS = "jobs"
    RAW_DATA = "raw_data"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedJob:
    """A dead job, and why it was ended; `error` when it could not be."""

    job_id: str
    reason: str
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWithoutJob:
    """A run that a request made, and that has no job: it waits for its first task, or has ended without one."""

    run_id: str
    minutes: float
    is_over: bool

    def __str__(self) -> str:
        if self.is_over:
            return f"run {self.run_id} ended without a job: its note or the log of open_job says why"
        return f"run {self.run_id} waits for its job since {self.minutes:.0f} minutes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """Rows that were removed in one transaction; `upto` is where the next portion begins."""

    rows: int
    upto: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """How many old rows were removed; `more` when there was no time for all, `error` when it could not go on."""

    what: Removable
    rows: int
    more: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is under way at the moment."""

    active_jobs: int
    oldest_active_seconds: float
    outbox_waiting: int
