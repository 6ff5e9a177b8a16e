"""Values and errors from the answers of the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import httpx
from pydantic import TypeAdapter, ValidationError

from include.client.errors import ApiError, UnexpectedAnswerError
from include.model.errors import FieldProblem

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Detail:
    field: str
    value: Any
    reason: str
    job_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Error:
    code: str
    message: str
    details: Sequence[_Detail] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    error: _Error


_SAID = TypeAdapter(_Said)


def value_of(answer: httpx.Response, shape: TypeAdapter[T]) -> T:
    """The value of an answer that is no error.

    Raises:
        UnexpectedAnswerError: something else answers at this address, or another version.
    """
    return parsed(answer.content, shape, str(answer.url.copy_with(query=None)))


def parsed(text: bytes | str, shape: TypeAdapter[T], place: str) -> T:
    """A value from JSON; `place` is where it came from, for people."""
    try:
        return shape.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "it"
        message = f"what {place} answers is not what this client knows ({where}: {first['msg']})"
        raise UnexpectedAnswerError(message) from error


def error_of(answer: httpx.Response) -> ApiError | UnexpectedAnswerError:
    """What a refusal says. One that is not in our shape is of something between, or of Airflow."""
    if answer.is_redirect:
        there = answer.headers.get("location", "elsewhere")
        return UnexpectedAnswerError(f"{answer.url} leads to {there}: is the address right?")
    error = _error(answer)
    return ApiError(
        status=answer.status_code,
        code=error.code,
        message=error.message,
        details=[FieldProblem(one.field, one.value, one.reason) for one in error.details],
        retry_after=retry_after(answer),
        job_id=next((one.job_id for one in error.details if one.job_id), None),
    )


def _error(answer: httpx.Response) -> _Error:
    try:
        return _SAID.validate_json(answer.content).error
    except ValidationError:
        message = f"{answer.url.copy_with(query=None)} answers {answer.status_code} {answer.reason_phrase}".rstrip()
        return _Error(code=f"HTTP_{answer.status_code}", message=message)


def retry_after(answer: httpx.Response) -> float | None:
    """The seconds that the server asks for; it may say them, or a date."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):  # none, or nonsense; TypeError: a date without a zone
        return None
