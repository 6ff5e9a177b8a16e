"""Errors as every client of the API gets them: one shape, a stable code, every bad field named."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from airflow.api_fastapi.common.exceptions import ERROR_HANDLERS
from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from include.model.errors import (
    DuplicateJobError,
    FieldProblem,
    InvalidRequestError,
    NothingToRetryError,
    UnknownJobError,
)
from include.storage.connection import DatabaseAwayError

CODES = {
    status.HTTP_400_BAD_REQUEST: "BAD_REQUEST",
    status.HTTP_401_UNAUTHORIZED: "UNAUTHORIZED",
    status.HTTP_403_FORBIDDEN: "FORBIDDEN",
    status.HTTP_404_NOT_FOUND: "NOT_FOUND",
    status.HTTP_405_METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
    status.HTTP_409_CONFLICT: "CONFLICT",
    status.HTTP_503_SERVICE_UNAVAILABLE: "UNAVAILABLE",
}
RETRY_AFTER_SECONDS = "2"
DATABASE_AWAY = "the database is away; try again"


def install(app: FastAPI) -> None:
    """Give an application our shape for every error; Airflow's own handlers stay beneath for its database's errors."""
    for handler in ERROR_HANDLERS:
        app.add_exception_handler(handler.exception_cls, handler.exception_handler)
    app.add_exception_handler(InvalidRequestError, _invalid)
    app.add_exception_handler(DuplicateJobError, _duplicate)
    app.add_exception_handler(UnknownJobError, _unknown)
    app.add_exception_handler(NothingToRetryError, _nothing_to_retry)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DatabaseAwayError, _database_away)


def answer(code: str, message: str, status_code: int, details: Sequence[dict[str, Any]] = ()) -> JSONResponse:
    """An error in our shape."""
    said = {"code": code, "message": message, "details": list(details), "timestamp": datetime.now(UTC).isoformat()}
    return JSONResponse({"error": said}, status_code=status_code)


def _detail(problem: FieldProblem) -> dict[str, Any]:
    value = problem.value if isinstance(problem.value, str | int | bool | None) else str(problem.value)
    return {"field": problem.field, "value": value, "reason": problem.reason}


def _invalid(request: Request, error: Exception) -> JSONResponse:
    problems = error.problems if isinstance(error, InvalidRequestError) else ()
    return answer(
        "VALIDATION_ERROR", "the request has bad fields", status.HTTP_400_BAD_REQUEST, [_detail(p) for p in problems]
    )


def _duplicate(request: Request, error: Exception) -> JSONResponse:
    job_id = error.job_id if isinstance(error, DuplicateJobError) else None
    detail = {"field": "on_duplicate", "value": "fail", "reason": "an equal job is active", "job_id": job_id}
    return answer("CONFLICT", str(error), status.HTTP_409_CONFLICT, [detail])


def _unknown(request: Request, error: Exception) -> JSONResponse:
    return answer("NOT_FOUND", str(error), status.HTTP_404_NOT_FOUND)


def _nothing_to_retry(request: Request, error: Exception) -> JSONResponse:
    return answer("CONFLICT", str(error), status.HTTP_409_CONFLICT)


def _unreadable(request: Request, error: Exception) -> JSONResponse:
    return answer("VALIDATION_ERROR", "the body must be a JSON object", status.HTTP_400_BAD_REQUEST)


def _http(request: Request, error: Exception) -> JSONResponse:
    code = error.status_code if isinstance(error, HTTPException) else status.HTTP_500_INTERNAL_SERVER_ERROR
    said = answer(CODES.get(code, "ERROR"), str(getattr(error, "detail", "")), code)
    said.headers.update(getattr(error, "headers", None) or {})
    return said


def _database_away(request: Request, error: Exception) -> JSONResponse:
    said = answer("UNAVAILABLE", DATABASE_AWAY, status.HTTP_503_SERVICE_UNAVAILABLE)
    said.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return said
