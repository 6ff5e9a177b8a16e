"""What can be said in a call, by name. The server has the defaults, and says what it does not allow."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import TypedDict


class RequestFields(TypedDict, total=False):
    """The fields of a request for an analysis."""

    tickers: Sequence[str]
    universe: str
    strategy: str
    data_source: str
    capital: float
    risk_percent: float
    position_limit_percent: float | None
    min_risk_reward: float
    as_of: date | str | None
    force: bool
    on_duplicate: str
    request_id: str | None
    batch_size: int | None


class JobFilters(TypedDict, total=False):
    """Which jobs to list."""

    status: str
    requested_by: str
    trigger: str
    since: datetime | str


class SeriesFilters(TypedDict, total=False):
    """Which of a ticker's results."""

    strategy: str
    data_source: str


class StockFilters(SeriesFilters, total=False):
    """Which results; a ticker's latest one among those of the strategy, source, session and job."""

    ticker: Sequence[str]
    prefix: str
    universe: str
    watchlist: str
    min_score: float
    max_score: float
    session: date | str
    job_id: str
    analysis_source: str


class ResultFilters(StockFilters, total=False):
    """Which of these to list, in which order."""

    verdict: Sequence[str]
    sort: str


class TrackRecordFilters(SeriesFilters, total=False):
    """Of which verdicts: those of the sessions from `since` to `until`."""

    since: date | str
    until: date | str


class PriceFilters(TypedDict, total=False):
    """Which of a ticker's bars; `adjusted`: as an analysis sees them."""

    data_source: str
    since: date | str
    until: date | str
    adjusted: bool


class RecordFilters(TypedDict, total=False):
    """Which requests; `requested_by` is for those who see everybody's."""

    door: str
    disposition: str
    since: datetime | str
    requested_by: str
    job_id: str


class ChangeFilters(TypedDict, total=False):
    """Which changes of a watchlist."""

    kind: str
    ticker: str
    session: date | str


class EntryChanges(TypedDict, total=False):
    """What is written beside a ticker of a watchlist."""

    name: str | None
    notes: str | None


class PreferenceChanges(TypedDict, total=False):
    """What you want to be told; what is left out stays, and None takes the address away."""

    enabled: bool
    email: str | None
    webhook: bool
    rule: str
