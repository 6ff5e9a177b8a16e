"""What can go wrong for a client: the server refuses, says something strange, or nothing at all."""

from collections.abc import Sequence

from include.model.errors import FieldProblem, InvalidRequestError
from include.model.reading import JobSummary

BAD_REQUEST = 400
UNAUTHORIZED = 401
UNAVAILABLE = 503


class ClientError(Exception):
    """Root of what a client raises on purpose."""


class BadInputError(ClientError):
    """Something was given that cannot be sent, or is missing; the server was not asked."""


class ApiError(ClientError):
    """The server refused a call. `details` names every bad field; as text it says what is wrong, field by field.

    `retry_after` is in seconds, where the server said it; `job_id` the equal job that a request failed beside.
    """

    def __init__(
        self,
        *,
        status: int,
        code: str,
        message: str,
        details: Sequence[FieldProblem] = (),
        retry_after: float | None = None,
        job_id: str | None = None,
    ) -> None:
        self.status, self.code, self.message, self.details = status, code, message, tuple(details)
        self.retry_after, self.job_id = retry_after, job_id
        bad_fields = self.details if status == BAD_REQUEST else ()
        super().__init__(str(InvalidRequestError(bad_fields)) if bad_fields else message)


class NoAnswerError(ClientError):
    """No answer came, however often it was asked. With the same `request_id` it is safe to ask again at any time."""

    def __init__(self, message: str, request_id: str | None = None) -> None:
        self.message, self.request_id = message, request_id
        super().__init__(message)


class UnexpectedAnswerError(ClientError):
    """What answers is not this API, or one that this client does not know."""


class JobIsActiveError(ClientError):
    """A job has not ended in the time that somebody waited for it. It goes on; `job` is where it stood."""

    def __init__(self, job: JobSummary, seconds: float) -> None:
        self.job = job
        reached = f"{job.completed} of {job.total} tickers are done"
        super().__init__(f"job {job.job_id} has not ended after {seconds:g} seconds: {job.status}, {reached}")
