"""The errors of the product: one small tree, each with a stable code and a sentence that says what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

LONGEST_VALUE = 60  # characters of a bad value that a message repeats


class ErrorCode(StrEnum):
    """Why one ticker has no analysis. Stable: stored with the detail, shown to people, matched by programs."""

    INSUFFICIENT_HISTORY = "insufficient_history"
    STALE_PRICES = "stale_prices"
    BAD_PRICES = "bad_prices"
    NO_DATA = "no_data"
    UNKNOWN_TICKER = "unknown_ticker"
    RATE_LIMITED = "rate_limited"
    SOURCE_UNAVAILABLE = "source_unavailable"
    DATABASE_ERROR = "database_error"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One ticker that could not be analysed: a code for programs and a sentence for people."""

    ticker: str
    code: ErrorCode
    message: str


class BellwetherError(Exception):
    """Root of all errors that the product raises on purpose."""

    code: ClassVar[str] = "error"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One bad field of a request: which, what was sent, what is allowed."""

    field: str
    value: Any
    reason: str


class InvalidRequestError(BellwetherError):
    """A request with bad fields; names every one of them."""

    code = "validation_error"

    def __init__(self, problems: Sequence[FieldProblem]) -> None:
        self.problems = tuple(problems)
        by_reason: dict[str, list[FieldProblem]] = {}
        for problem in self.problems:
            by_reason.setdefault(problem.reason, []).append(problem)
        super().__init__("; ".join(_sentence(reason, fields) for reason, fields in by_reason.items()))


def _sentence(reason: str, fields: Sequence[FieldProblem]) -> str:
    """Say a reason once, with all the fields that it holds for."""
    if len(fields) == 1:
        return f"{fields[0].field}: {reason} (got {_short(fields[0].value)})"
    return f"{', '.join(f'{problem.field} {_short(problem.value)}' for problem in fields)}: {reason}"


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= LONGEST_VALUE else f"{shown[:LONGEST_VALUE]}..."


class EmptyWatchlistError(InvalidRequestError):
    """A request that names nothing, and nothing is watched."""


class RunExistsError(BellwetherError):
    """A client's own run id is taken by a run with another request."""

    code = "run_exists"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"the run {run_id} exists, for another request: choose another dag_run_id, or leave it out")


class DuplicateJobError(BellwetherError):
    """An equal job is active, and the request asked to fail then."""

    code = "duplicate_job"

    def __init__(self, job_id: str) -> None:
        self.job_id = job_id
        super().__init__(f"an equal job is active: {job_id}; leave on_duplicate out to be answered with it")


class TooManyJobsError(BellwetherError):
    """Who asks has as many active jobs as one user may have."""

    code = "too_many_jobs"

    def __init__(self, active: int, most: int, oldest: str) -> None:
        self.most, self.oldest = most, oldest
        jobs, allowed = "job" if active == 1 else "jobs", "the most" if active == most else f"and {most} are"
        super().__init__(
            f"you have {active} active {jobs}, {allowed} allowed; wait until one has ended, or cancel one: the oldest "
            f"is {oldest} (the setting is BELLWETHER_MAX_ACTIVE_JOBS)"
        )


class NothingToRetryError(BellwetherError):
    """A job has no failed ticker, or is still at work on them."""

    code = "nothing_to_retry"


class UnknownJobError(BellwetherError):
    """There is no such job."""

    code = "unknown_job"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job {job_id}")


class JobIsActiveError(BellwetherError):
    """A job cannot be removed while it is at work."""

    code = "job_is_active"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} is active: cancel it first")


class CancelledRunError(BellwetherError):
    """A run was cancelled before its job was opened."""

    code = "cancelled_run"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"the run {run_id} was cancelled before its job was opened; clear it to do it again")


class OvertakenError(BellwetherError):
    """The job of a run has ended, or a later try of the run's first task has opened it."""

    code = "overtaken"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"job {job_id} has ended, or was opened by a later try, since; clear its run to do it again")


class ClaimCollisionError(BellwetherError):
    """Two different requests have the same claim key: a bug, never answered with somebody else's job."""

    code = "claim_collision"

    def __init__(self, claim_key: str, job_id: str) -> None:
        super().__init__(
            f"claim key {claim_key[:16]} belongs to a different request, of job {job_id}; "
            "report this as a bug, and ask again with force to get the analysis now"
        )


class StaleAttemptError(BellwetherError):
    """The job was ended or restarted while this task was at work: its writes are refused."""

    code = "stale_attempt"

    def __init__(self, job_id: str, attempt: int) -> None:
        super().__init__(f"job {job_id} attempt {attempt} is over (ended, cancelled or restarted); nothing was written")


class SourceUnavailableError(BellwetherError):
    """The price source is away for everybody: worth a retry of the whole batch."""

    code = "source_unavailable"


class RateLimitedError(SourceUnavailableError):
    """The price source answers nobody because it was asked too often: worth a retry after a while."""

    code = "rate_limited"


class StrategyError(BellwetherError):
    """A strategy file is wrong; says where, and what is allowed."""

    code = "invalid_strategy"


class SchemaError(BellwetherError):
    """The database is not at the schema that this code needs; names the command that mends it."""

    code = "wrong_schema"
