"""The lists of stocks that somebody watches."""

from dataclasses import dataclass
from datetime import date, datetime

from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.errors import BellwetherError
from include.model.job import DetailStatus


class UnknownWatchlistError(BellwetherError):
    """A user has no such list, or the list has no such ticker."""

    code = "unknown_watchlist"


class WatchlistExistsError(BellwetherError):
    """A user has a list of this name already."""

    code = "watchlist_exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"there is a list {name} already: choose another name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watchlist:
    """One list of a user. There is one as long as it has tickers, and the list `default` always.

    `failed` are those of its tickers of which the last job has no result.
    """

    name: str
    count: int
    failed: int
    last_analyzed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionScore:
    """What was said of a ticker for one session."""

    session_date: date
    score: float
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchlistEntry:
    """One ticker of a list, with what the last job said of it: the last_* fields are None before there was one.

    `recent` are its last sessions, oldest first, by `strategy` and from `data_source`, which are that job's.
    """

    ticker: str
    name: str | None
    notes: str | None
    added_at: datetime
    last_job_id: str | None
    last_analyzed_at: datetime | None
    last_status: DetailStatus | None
    last_verdict: Verdict | None
    last_score: float | None
    last_session: date | None
    last_error_code: str | None
    last_error_message: str | None
    strategy: str | None
    data_source: DataSource | None
    recent: tuple[SessionScore, ...]
