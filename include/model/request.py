"""A request in its canonical form, and who made it."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from include.model.analysis import RiskProfile
from include.model.bars import DataSource


class Trigger(StrEnum):
    """Which door a request came through. `manual` is Airflow's own: its UI, REST API or command line."""

    MANUAL = "manual"
    UI = "ui"
    API = "api"
    SCHEDULE = "schedule"
    CLI = "cli"
    BACKFILL = "backfill"
    ASSET = "asset"
    OPERATOR = "operator"


class AnalysisSource(StrEnum):
    """How the tickers of a job were chosen."""

    SELECTED = "selected"
    BULK = "bulk"
    WATCHLIST = "watchlist"
    DEMO = "demo"


class OnDuplicate(StrEnum):
    """What a request does when an equal job is active."""

    USE_EXISTING = "use_existing"
    FAIL = "fail"
    SUPERSEDE = "supersede"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnalysisRequest:
    """What is to be analysed: two requests are the same work exactly when these are equal.

    `tickers` are sorted and unique. `as_of` None means the last completed session of each ticker's exchange.
    `scope` is whose work it is: `user:<name>`, `schedule`, or `shared`.
    """

    tickers: tuple[str, ...]
    strategy: str
    strategy_version: str
    risk: RiskProfile
    as_of: date | None
    data_source: DataSource
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """A request together with the circumstances that do not make it other work.

    `request_id` is the requester's own key: the same one again gets the same answer.
    """

    request: AnalysisRequest
    requested_by: str
    trigger: Trigger
    analysis_source: AnalysisSource
    force: bool = False
    batch_size: int | None = None
    on_duplicate: OnDuplicate = OnDuplicate.USE_EXISTING
    request_id: str | None = None
