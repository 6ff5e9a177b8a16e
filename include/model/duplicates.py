"""Equal jobs of one user that were created close together, and what became of cleaning them up."""

import math
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from include.model.errors import FieldProblem, InvalidRequestError
from include.model.job import JobStatus

MOST_SECONDS = 3600.0


class PairKind(StrEnum):
    """What two equal jobs have to do with each other. The last two are as it should be."""

    COMPUTED_TWICE = "computed_twice"  # at least one ticker, for the same session
    SIMULTANEOUS = "simultaneous"  # both were at work at one time
    REUSED = "reused"  # every ticker of the later one was answered from stored results
    ASKED_AGAIN = "asked_again"  # after the end of the first, and only what that one lacked was computed

    @property
    def is_duplicate(self) -> bool:
        """Whether work was done that need not have been: equal work runs once."""
        return self in (PairKind.COMPUTED_TWICE, PairKind.SIMULTANEOUS)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateSearch:
    """Which pairs to look for; raises InvalidRequestError when `seconds` is out of bounds.

    The later job of a pair is of `since` (midnight UTC) or after it; the jobs are those of `user`. None: all.
    """

    seconds: float = 2.0
    since: date | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.seconds) and 0 < self.seconds <= MOST_SECONDS):
            raise InvalidRequestError(
                [FieldProblem("seconds", self.seconds, f"must be above 0, and at most {MOST_SECONDS:g}")]
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualJob:
    """One job of a pair."""

    job_id: str
    status: JobStatus
    attempt: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualPair:
    """Two jobs of one user with equal requests, neither forced. `computed_twice` counts tickers, of `total`."""

    requested_by: str
    claim_key: str
    total: int
    seconds_apart: float
    earlier: EqualJob
    later: EqualJob
    computed_twice: int
    kind: PairKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateReport:
    """The pairs of one page, duplicates first, then the newest; and how many of each there are in all."""

    search: DuplicateSearch
    pairs: tuple[EqualPair, ...]
    pair_count: int
    duplicate_count: int

    @property
    def passed(self) -> bool:
        """Whether no work was done twice."""
        return self.duplicate_count == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaning:
    """What became, or would become, of two equal jobs: one removed and one kept, or neither and the reason."""

    earlier_id: str
    later_id: str
    kept_id: str | None = None
    removed_id: str | None = None
    refused: str | None = None
