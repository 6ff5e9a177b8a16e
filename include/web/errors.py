"""Errors as every client of the API gets them: one shape, a stable code, every bad field named."""

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeftError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from include.model.errors import (
    DuplicateJobError,
    FieldProblem,
    InvalidRequestError,
    JobIsActiveError,
    NothingToRetryError,
    SchemaError,
    StrategyError,
    TooManyJobsError,
    UnknownJobError,
)
from include.model.watchlist import UnknownWatchlistError, WatchlistExistsError
from include.storage.connection import DatabaseAwayError
from include.web.faults import report

CODES = {
    status.HTTP_400_BAD_REQUEST: "BAD_REQUEST",
    status.HTTP_401_UNAUTHORIZED: "UNAUTHORIZED",
    status.HTTP_403_FORBIDDEN: "FORBIDDEN",
    status.HTTP_404_NOT_FOUND: "NOT_FOUND",
    status.HTTP_405_METHOD_NOT_ALLOWED: "METHOD_NOT_ALLOWED",
    status.HTTP_409_CONFLICT: "CONFLICT",
    status.HTTP_412_PRECONDITION_FAILED: "PRECONDITION_FAILED",
    status.HTTP_413_CONTENT_TOO_LARGE: "TOO_LARGE",
    status.HTTP_415_UNSUPPORTED_MEDIA_TYPE: "UNSUPPORTED_MEDIA_TYPE",
    status.HTTP_429_TOO_MANY_REQUESTS: "TOO_MANY_REQUESTS",
    status.HTTP_500_INTERNAL_SERVER_ERROR: "INTERNAL_ERROR",
    status.HTTP_503_SERVICE_UNAVAILABLE: "UNAVAILABLE",
}
RETRY_AFTER_SECONDS = "2"
DATABASE_AWAY = "the database is away; try again"
WRONG_STRATEGIES = "the server's file of strategies is wrong; its log has the details under {}"
WRONG_SCHEMA = "the database is not at the schema that this server needs; GET /api/stocks/health says more"
LONGEST_VALUE = 200  # characters of a bad value that an answer repeats
AIRFLOWS_DATABASE = (OperationalError, InterfaceError, NoConnectionLeftError)


def install(app: FastAPI) -> None:
    """Give an application our shape for every error, also for those that Airflow's code raises beneath ours.

    What has no handler here is a fault of ours: whoever watches the requests answers it.
    """
    app.add_exception_handler(InvalidRequestError, _invalid)
    app.add_exception_handler(DuplicateJobError, _duplicate)
    app.add_exception_handler(TooManyJobsError, _too_many)
    for missing in (UnknownJobError, UnknownWatchlistError):
        app.add_exception_handler(missing, _missing)
    for conflict in (NothingToRetryError, JobIsActiveError, WatchlistExistsError):
        app.add_exception_handler(conflict, _conflict)
    app.add_exception_handler(RequestValidationError, _unreadable)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(SchemaError, _wrong_schema)
    app.add_exception_handler(StrategyError, _wrong_strategies)
    for away in (DatabaseAwayError, *AIRFLOWS_DATABASE):
        app.add_exception_handler(away, _database_away)


def answer(code: str, message: str, status_code: int, details: Iterable[Mapping[str, Any]] = ()) -> JSONResponse:
    """An error in our shape."""
    said = {"code": code, "message": message, "details": list(details), "timestamp": datetime.now(UTC).isoformat()}
    return JSONResponse({"error": said}, status_code=status_code)


def refuse(status_code: int, message: str) -> JSONResponse:
    """An error that its status says all about."""
    return answer(CODES.get(status_code, "ERROR"), message, status_code)


def fault(error: BaseException) -> JSONResponse:
    """The answer to a fault of ours: nothing of it but the id under which the log has it."""
    message = f"this is a fault of the server; its log has the details under {report(error)}"
    return refuse(status.HTTP_500_INTERNAL_SERVER_ERROR, message)


def _detail(problem: FieldProblem) -> dict[str, Any]:
    return {"field": problem.field, "value": _shown(problem.value), "reason": problem.reason}


def _shown(value: Any) -> Any:  # noqa: ANN401
    """A bad value as JSON can say it, and no longer than somebody reads."""
    if isinstance(value, bool | int | None) or (isinstance(value, float) and math.isfinite(value)):
        return value
    text = str(value).encode(errors="replace").decode()
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def _bad_fields(problems: Sequence[FieldProblem]) -> JSONResponse:
    message = "the request has bad fields"
    return answer("VALIDATION_ERROR", message, status.HTTP_400_BAD_REQUEST, map(_detail, problems))


def _invalid(request: Request, error: Exception) -> JSONResponse:
    return _bad_fields(error.problems if isinstance(error, InvalidRequestError) else ())


def _duplicate(request: Request, error: Exception) -> JSONResponse:
    job_id = error.job_id if isinstance(error, DuplicateJobError) else None
    detail = {"field": "on_duplicate", "value": "fail", "reason": "an equal job is active", "job_id": job_id}
    return answer("CONFLICT", str(error), status.HTTP_409_CONFLICT, [detail])


def _too_many(request: Request, error: Exception) -> JSONResponse:
    most, oldest = (error.most, error.oldest) if isinstance(error, TooManyJobsError) else (None, None)
    detail = {"field": "max_active_jobs", "value": most, "reason": "so many jobs are active", "job_id": oldest}
    return answer(CODES[429], str(error), status.HTTP_429_TOO_MANY_REQUESTS, [detail])


def _missing(request: Request, error: Exception) -> JSONResponse:
    return refuse(status.HTTP_404_NOT_FOUND, str(error))


def _conflict(request: Request, error: Exception) -> JSONResponse:
    return refuse(status.HTTP_409_CONFLICT, str(error))


def _unreadable(request: Request, error: Exception) -> JSONResponse:
    found = error.errors() if isinstance(error, RequestValidationError) else ()
    return _bad_fields([_problem(one) for one in found])


def _problem(found: Mapping[str, Any]) -> FieldProblem:
    """What FastAPI has to say of one value; of a body that cannot be read it has only the place."""
    where, *path = found["loc"]
    if found["type"] == "json_invalid" or (where == "body" and not path):
        return FieldProblem("body", found.get("input"), "must be a JSON object")
    if found["type"] == "extra_forbidden":
        return FieldProblem(".".join(map(str, path)), found.get("input"), "there is no such field")
    return FieldProblem(".".join(map(str, path)), found.get("input"), found["msg"])


def _http(request: Request, error: Exception) -> JSONResponse:
    code = error.status_code if isinstance(error, HTTPException) else status.HTTP_500_INTERNAL_SERVER_ERROR
    if code == status.HTTP_500_INTERNAL_SERVER_ERROR:  # Airflow's code gave up, and says what only its log should
        return fault(error)
    said = refuse(code, _sentence(getattr(error, "detail", "")))
    said.headers.update(getattr(error, "headers", None) or {})
    if code == status.HTTP_401_UNAUTHORIZED:
        said.headers["WWW-Authenticate"] = "Bearer"
    if code == status.HTTP_405_METHOD_NOT_ALLOWED:
        said.headers["Allow"] = ", ".join(_allowed(request))
    return said


def _allowed(request: Request) -> list[str]:
    """The methods of an address: the router names only those of the first route that it comes to.

    Routes of another form that would take it too, with a name where this one has a word, are others in the document.
    """
    there = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    own = min(there, key=lambda route: len(route.param_convertors)).path
    return sorted({method for route in there if route.path == own for method in route.methods})


def _sentence(detail: Any) -> str:  # noqa: ANN401
    """Airflow's details may be objects, with a reason in them."""
    return str(detail.get("reason") or detail.get("message")) if isinstance(detail, Mapping) else str(detail)


def _wrong_schema(request: Request, error: Exception) -> JSONResponse:
    report(error)
    return _later(WRONG_SCHEMA)


def _wrong_strategies(request: Request, error: Exception) -> JSONResponse:
    return refuse(status.HTTP_500_INTERNAL_SERVER_ERROR, WRONG_STRATEGIES.format(report(error)))


def _database_away(request: Request, error: Exception) -> JSONResponse:
    return _later(DATABASE_AWAY)


def _later(message: str) -> JSONResponse:
    said = refuse(status.HTTP_503_SERVICE_UNAVAILABLE, message)
    said.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return said
