"""What the API answers beside the values of the model. What a newer server says besides is left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from include.model.analysis import Category, Verdict
from include.model.duplicates import EqualPair
from include.model.errors import FieldProblem
from include.model.job import JobStatus
from include.model.notifications import Channel, NotificationRow, Preferences
from include.model.reading import JobSummary

Row = TypeVar("Row")


class Page(BaseModel, Generic[Row]):
    """A part of a list. `next_cursor` leads to the next one, None when there is none."""

    items: list[Row]
    next_cursor: str | None = None


class Glance(Page[JobSummary]):
    """What goes on, then what ended in the last hour, as far as was asked for. `active` counts all that goes on."""

    active: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One request and what became of it: `run_id` is the run made for it, `job_id` the job that answered it.

    `follows` None: a request. Otherwise what became later of the one that an earlier record is of, by its id.
    """

    id: int
    requested_at: datetime
    requested_by: str
    door: str
    disposition: str
    job_id: str | None
    run_id: str | None
    request_id: str | None
    reason: str | None
    latency_ms: float
    follows: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent(Recorded):
    """A request with what was sent, and the canonical request that it stands for, None when it has none."""

    raw: Any
    request: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Pairs of equal jobs that were created close together, how many there are in all, and how many did work twice.

    `passed`: no work was done twice.
    """

    passed: bool
    seconds: float
    since: date | None
    pair_count: int
    duplicate_count: int
    pairs: tuple[EqualPair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What became of a request: a job of its own, or the equal one that is active.

    `status`, `completed` and `message` are those of the job that answers it; `total` and `count` its tickers.
    """

    job_id: str
    dag_run_id: str
    status: JobStatus
    disposition: str
    is_duplicate: bool
    tickers: tuple[str, ...]
    count: int
    completed: int
    total: int
    capital: float
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """How many tickers were new to a watchlist, and how many it has now."""

    name: str
    added: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictCounts:
    """How many results there are, in all and of each verdict."""

    total: int
    verdicts: Mapping[Verdict, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One indicator that moved the score by so many points; `is_turn`: it votes otherwise, or came, or went."""

    id: str
    category: Category
    rule: str
    previous_rule: str
    vote: int
    previous_vote: int
    points: float
    is_turn: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A result beside that of the session before, whose fields are None for the first one.

    `words` say what changed, or why the indicators cannot be compared; `moves` has the largest first.
    """

    session: date
    score: float
    verdict: Verdict
    previous_session: date | None
    previous_score: float | None
    previous_verdict: Verdict | None
    words: str
    moves: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSettings(Preferences):
    """What you want to be told, which ways an operator has set up, and what became of your newest notifications."""

    ways: Mapping[Channel, bool]
    recent: tuple[NotificationRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A strategy as a person chooses it; `version` changes with everything that changes a result."""

    name: str
    title: str
    description: str
    version: str
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """A named set of tickers; `description` says where it is from, `dated` of when it is."""

    name: str
    title: str
    description: str
    dated: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UniverseMembers(Universe):
    """A named set of tickers with its tickers."""

    count: int
    tickers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Housekeeping:
    """How the last housekeeping that is over went."""

    state: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """Whether a job that is asked for now would be done; `troubles` names what is not ready, and what mends it."""

    status: str
    schema_version: str | None = None
    scheduler_heartbeat: datetime | None = None
    last_housekeeping: Housekeeping | None = None
    troubles: tuple[FieldProblem, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether nothing is wrong."""
        return not self.troubles


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The versions that a report of a fault should name."""

    version: str
    schema_version: str
    airflow_version: str
