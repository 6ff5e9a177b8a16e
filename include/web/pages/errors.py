"""What somebody sees who does not get the page that was asked for."""

from typing import Any

from fastapi import FastAPI, Request, status
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from include.storage.connection import DatabaseAwayError
from include.web.errors import AIRFLOWS_DATABASE, RETRY_AFTER_SECONDS
from include.web.faults import report
from include.web.pages.templates import render
from include.web.places import login_page

WHAT_TO_DO = {
    status.HTTP_403_FORBIDDEN: (
        "This is not for you",
        "Your login has no right to see the runs of the DAG analyze_stocks. An administrator can give it to you.",
    ),
    status.HTTP_404_NOT_FOUND: ("There is no such page", "The address may be mistyped, or from another version."),
    status.HTTP_503_SERVICE_UNAVAILABLE: (
        "The database is away",
        "Nothing is lost. Load the page again in a moment; if it stays away, tell who operates the server.",
    ),
}
BAD_TOKEN = "Invalid JWT token"  # noqa: S105 - what Airflow says of a cookie that is broken, with a 403


def install(app: FastAPI) -> None:
    """Give the application pages for its errors."""
    app.add_exception_handler(HTTPException, _http)
    for away in (DatabaseAwayError, *AIRFLOWS_DATABASE):
        app.add_exception_handler(away, _away)


def fault(error: BaseException) -> Response:
    """What is seen of a fault of ours: nothing but the id under which the log has it."""
    what_to_do = f"This is a fault of the server. Its log has the details under {report(error)}: tell who operates it."
    return _page(status.HTTP_500_INTERNAL_SERVER_ERROR, "This did not work", what_to_do)


def _http(request: Request, error: Exception) -> Response:
    code = getattr(error, "status_code", status.HTTP_500_INTERNAL_SERVER_ERROR)
    if code == status.HTTP_401_UNAUTHORIZED or getattr(error, "detail", None) == BAD_TOKEN:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(login_page(request.url.path + query), status.HTTP_303_SEE_OTHER)
    return _message(code, getattr(error, "headers", None))


def _away(request: Request, error: Exception) -> Response:
    return _message(status.HTTP_503_SERVICE_UNAVAILABLE, {"Retry-After": RETRY_AFTER_SECONDS})


def _message(code: int, headers: Any = None) -> HTMLResponse:  # noqa: ANN401
    said = _page(code, *WHAT_TO_DO.get(code, ("This did not work", f"The server answered with the status {code}.")))
    said.headers.update(headers or {})
    return said


def _page(code: int, title: str, what_to_do: str) -> HTMLResponse:
    said = render("message", None, title=title, what_to_do=what_to_do)
    said.status_code = code
    return said
