"""The API as methods: typed values in and out, errors of `include.client.errors`."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack
from uuid import uuid4

from pydantic import TypeAdapter

from include.client.answers import Glance, Health, Page, Strategy, Submission, Universe, UniverseMembers, Version
from include.client.calls import Calls, segment
from include.client.errors import UNAVAILABLE, ApiError, NoAnswerError
from include.client.exporting import export
from include.client.fields import (
    JobFilters,
    PriceFilters,
    RequestFields,
    ResultFilters,
    SeriesFilters,
    TrackRecordFilters,
)
from include.client.login import Login
from include.client.reading import error_of, value_of
from include.client.record import Record
from include.client.waiting import OnProgress, Watch
from include.client.watchlists import Watchlists
from include.model.reading import DetailRow, JobSummary, JobView
from include.model.results import Explanation, Prices, ResultRow
from include.model.track_record import FollowUpRow, TrackRecord

DEFAULT_URL = "http://127.0.0.1:8080"
WAIT_SECONDS = 6 * 3600.0  # a job that takes longer has failed, unless the server's settings say otherwise
PAUSE_SECONDS = 1.0

_SUBMISSION, _VIEW, _EXPLANATION = TypeAdapter(Submission), TypeAdapter(JobView), TypeAdapter(Explanation)
_JOBS, _DETAILS, _RESULTS = TypeAdapter(Page[JobSummary]), TypeAdapter(Page[DetailRow]), TypeAdapter(Page[ResultRow])
_STRATEGIES, _UNIVERSES = TypeAdapter(Page[Strategy]), TypeAdapter(Page[Universe])
_RESULT, _MEMBERS = TypeAdapter(ResultRow), TypeAdapter(UniverseMembers)
_GLANCE, _PRICES = TypeAdapter(Glance), TypeAdapter(Prices)
_RECORDS, _FOLLOW_UPS = TypeAdapter(Page[TrackRecord]), TypeAdapter(Page[FollowUpRow])
_HEALTH, _VERSION = TypeAdapter(Health), TypeAdapter(Version)


class Client:
    """One server, as one user: by a ready token, or by user and password, with a token taken and renewed as needed.

    Connection errors, timeouts and 503 are tried again for `patience` seconds where that is safe; nothing else is.
    Every method raises ClientError: ApiError when the server refuses, NoAnswerError when there is none.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        user: str | None = None,
        password: str | None = None,
        token: str | None = None,
        patience: float = 30.0,
    ) -> None:
        self._calls = Calls(url, Login(url, user, password, token), patience)
        self.watchlists = Watchlists(self._calls, self._ask)
        self.record = Record(self._calls)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._calls.close()

    def submit(self, **fields: Unpack[RequestFields]) -> Submission:
        """Ask for an analysis. Without a `request_id` it gets one, so that a lost answer is asked for again safely."""
        return self._ask("/jobs", fields)

    def job(self, job_id: str) -> JobView:
        """Where a job stands, what was asked for, and by whom."""
        return self._calls.get(f"/jobs/{segment(job_id)}", _VIEW)

    def jobs(self, limit: int | None = None, **filters: Unpack[JobFilters]) -> Iterator[JobSummary]:
        """Jobs, the newest first."""
        return self._calls.items("/jobs", _JOBS, limit, **filters)

    def progress(self, limit: int | None = None) -> Glance:
        """All active jobs, and then those that ended in the last hour; `limit` of each at most."""
        return self._calls.get("/progress", _GLANCE, limit=limit)

    def details(self, job_id: str, *, status: str | None = None) -> Iterator[DetailRow]:
        """The tickers of a job, by name."""
        return self._calls.items(f"/jobs/{segment(job_id)}/details", _DETAILS, None, status=status)

    def wait(self, job_id: str, on_progress: OnProgress | None = None, *, timeout: float = WAIT_SECONDS) -> JobSummary:
        """The job as it ended; `on_progress` is called whenever it has changed. Raises JobIsActiveError."""
        return Watch(self._calls, job_id, on_progress, timeout).until_end(PAUSE_SECONDS)

    def cancel(self, job_id: str) -> JobView:
        """End a job: what is done stays. One that has ended stays as it is."""
        return value_of(self._calls.send("POST", f"/jobs/{segment(job_id)}/cancel"), _VIEW)

    def retry_failed(self, job_id: str) -> Submission:
        """Ask for the failed tickers of an ended job again."""
        path = f"/jobs/{segment(job_id)}/retry-failed"
        return value_of(self._calls.send("POST", path, repeatable=False), _SUBMISSION)

    def delete(self, job_id: str) -> None:
        """Remove an ended job, its details, and the results that it alone wrote; for administrators."""
        self._calls.send("DELETE", f"/jobs/{segment(job_id)}", repeatable=False)

    def results(self, limit: int | None = None, **filters: Unpack[ResultFilters]) -> Iterator[ResultRow]:
        """The screener: the latest result of each ticker."""
        return self._calls.items("/results", _RESULTS, limit, **filters)

    def result(self, ticker: str, **series: Unpack[SeriesFilters]) -> ResultRow:
        """The latest result of a ticker."""
        return self._calls.get(f"/results/{segment(ticker)}", _RESULT, **series)

    def history(self, ticker: str, limit: int | None = None, **series: Unpack[SeriesFilters]) -> Iterator[ResultRow]:
        """All results of a ticker, the newest session first."""
        return self._calls.items(f"/results/{segment(ticker)}/history", _RESULTS, limit, **series)

    def export(self, file: Path, **filters: Unpack[ResultFilters]) -> int:
        """Write the whole screener, however long, to a file that ends in `.csv` or `.parquet`; returns its bytes.

        The file is there when it is whole, and not before.
        """
        return export(self._calls, file, filters)

    def prices(self, ticker: str, **filters: Unpack[PriceFilters]) -> Prices:
        """The bars of a ticker that are at hand, oldest first."""
        return self._calls.get(f"/prices/{segment(ticker)}", _PRICES, **filters)

    def explanation(
        self, ticker: str, *, session: date | str | None = None, **series: Unpack[SeriesFilters]
    ) -> Explanation:
        """What each indicator said, and what that did to the score."""
        return self._calls.get(f"/results/{segment(ticker)}/explanation", _EXPLANATION, session=session, **series)

    def track_records(self, **filters: Unpack[TrackRecordFilters]) -> tuple[TrackRecord, ...]:
        """What came of verdicts, by strategy and source; computed anew where `since` or `until` is given."""
        return tuple(self._calls.get("/track-record", _RECORDS, **filters).items)

    def follow_ups(
        self, ticker: str, limit: int | None = None, **series: Unpack[SeriesFilters]
    ) -> Iterator[FollowUpRow]:
        """What came of each verdict on a ticker, the newest session first."""
        return self._calls.items(f"/results/{segment(ticker)}/follow-ups", _FOLLOW_UPS, limit, **series)

    def strategies(self) -> tuple[Strategy, ...]:
        """The strategies that a request may name."""
        return tuple(self._calls.get("/strategies", _STRATEGIES).items)

    def universes(self) -> tuple[Universe, ...]:
        """The universes that a request may name, beside `watchlist`."""
        return tuple(self._calls.get("/universes", _UNIVERSES).items)

    def universe(self, name: str) -> UniverseMembers:
        """Who is in a universe."""
        return self._calls.get(f"/universes/{segment(name)}", _MEMBERS)

    def health(self) -> Health:
        """Whether a job that is asked for now would be done: asked once, and what is not ready is no error."""
        answer = self._calls.once("/health")
        if answer.is_success:
            return value_of(answer, _HEALTH)
        error = error_of(answer)
        if isinstance(error, ApiError) and error.status == UNAVAILABLE and error.details:
            return Health(status=error.message, troubles=error.details)
        raise error

    def version(self) -> Version:
        """The versions of the product, the database's schema, and Airflow."""
        return self._calls.get("/version", _VERSION)

    def _ask(self, path: str, fields: Any) -> Submission:  # noqa: ANN401 - RequestFields
        request_id = fields.get("request_id") or str(uuid4())
        try:
            return value_of(self._calls.send("POST", path, json={**fields, "request_id": request_id}), _SUBMISSION)
        except NoAnswerError as error:
            raise NoAnswerError(error.message, request_id) from error
