"""The API as methods: typed values in and out, errors of `include.client.errors`."""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self, Unpack
from uuid import uuid4

from pydantic import TypeAdapter

from include.client.answers import Glance, Health, Page, Strategy, Submission, Universe, UniverseMembers, Version
from include.client.calls import Calls, segment
from include.client.errors import UNAVAILABLE, ApiError, NoAnswerError
from include.client.fields import JobFilters, RequestFields
from include.client.login import Login
from include.client.notifications import Notifications
from include.client.reading import error_of, value_of
from include.client.record import Record
from include.client.stocks import Stocks
from include.client.waiting import OnProgress, Watch
from include.client.watchlists import Watchlists
from include.model.changes import Change
from include.model.reading import DetailRow, ErrorGroup, JobSummary, JobView

DEFAULT_URL = "http://127.0.0.1:8080"
WAIT_SECONDS = 6 * 3600.0  # a job that takes longer has failed, unless the server's settings say otherwise
PAUSE_SECONDS = 1.0

_SUBMISSION, _VIEW, _GLANCE = TypeAdapter(Submission), TypeAdapter(JobView), TypeAdapter(Glance)
_JOBS, _DETAILS = TypeAdapter(Page[JobSummary]), TypeAdapter(Page[DetailRow])
_ERRORS, _CHANGES = TypeAdapter(Page[ErrorGroup]), TypeAdapter(Page[Change])
_STRATEGIES, _UNIVERSES = TypeAdapter(Page[Strategy]), TypeAdapter(Page[Universe])
_MEMBERS, _HEALTH, _VERSION = TypeAdapter(UniverseMembers), TypeAdapter(Health), TypeAdapter(Version)


class Client(Stocks):
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
        super().__init__(Calls(url, Login(url, user, password, token), patience))
        self.watchlists = Watchlists(self._calls, self._ask)
        self.notifications = Notifications(self._calls)
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

    def errors(self, job_id: str) -> tuple[ErrorGroup, ...]:
        """Why tickers of a job failed: each reason once, the most frequent first, and what to do."""
        return tuple(self._calls.get(f"/jobs/{segment(job_id)}/errors", _ERRORS).items)

    def changes(self, job_id: str, limit: int | None = None, *, kind: str | None = None) -> Iterator[Change]:
        """What a job found to have changed on your lists, the newest first; `watchlists.changes` has a list's."""
        return self._calls.items(f"/jobs/{segment(job_id)}/changes", _CHANGES, limit, kind=kind)

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
