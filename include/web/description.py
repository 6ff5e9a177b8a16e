"""The description of the API: FastAPI's, with the errors and the bodies that it cannot see from the routes."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from include import __version__
from include.jobs.form import RequestForm
from include.web.errors import CODES
from include.web.guard import SAFE_METHODS
from include.web.places import API

INTRODUCTION = (
    "Analyses of stocks as jobs. Send a token of Airflow's `POST /auth/token` as `Authorization: Bearer ...`, or, from "
    "a page of this site, the cookie of Airflow's login. Equal work that is active is joined, never done twice."
)
EVERYWHERE = (400, 401, 403, 500, 503)
TO_CHANGE = (413, 415)
CONFLICTS = 409
TOO_MANY = 429
NOT_FOUND = 404
MEANING = {
    400: "Every bad field is named",
    401: "No login",
    403: "No right, or a browser's call from another site",
    404: "There is no such thing, or it is not for you",
    409: "It contradicts what there is",
    413: "The body is over 1 MB",
    415: "The body is not JSON",
    429: "You have as many active jobs as one user may have",
    500: "A fault of the server; its log has it under the id in the message",
    503: "The database is away; try again after `Retry-After` seconds",
}
ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message", "details", "timestamp"],
            "properties": {
                "code": {"type": "string", "enum": ["VALIDATION_ERROR", *CODES.values()]},
                "message": {"type": "string"},
                "details": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["field", "value", "reason"],
                        "properties": {"field": {"type": "string"}, "value": {}, "reason": {"type": "string"}},
                    },
                },
                "timestamp": {"type": "string", "format": "date-time"},
            },
        }
    },
    "examples": [
        {
            "error": {
                "code": "VALIDATION_ERROR",
                "message": "the request has bad fields",
                "details": [{"field": "capital", "value": -1, "reason": "Input should be greater than 0"}],
                "timestamp": "2026-01-05T12:00:00+00:00",
            }
        }
    ],
}
REQUESTS: dict[str, dict[str, Any]] = {
    "/jobs": {"tickers": ["JPM", "TCS.NS"], "strategy": "balanced", "capital": 50000},
    "/analyze": {"tickers": ["JPM", "TCS.NS"]},
    "/analyze-all-stocks": {"symbols": ["JPM", "TCS.NS"], "capital": 50000, "force": False},
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI document of an application, made once."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=__version__,
            description=INTRODUCTION,
            routes=app.routes,
            servers=[{"url": API}],
        )
        _complete(document)
        app.openapi_schema = document
    return app.openapi_schema


def _complete(document: dict[str, Any]) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own shape, which nobody gets here
        schemas.pop(name, None)
    schemas |= {"Error": ERROR, "Request": RequestForm.model_json_schema()}
    components["responses"] = {str(status): _response(status) for status in MEANING}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _add_errors(path, method.upper(), operation["responses"])
        if path in REQUESTS:
            operations["post"]["requestBody"] = _body(path)


def _response(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": MEANING[status], "content": {"application/json": {"schema": schema}}}


def _add_errors(path: str, method: str, responses: dict[str, Any]) -> None:
    responses.pop("422", None)
    changes = method not in SAFE_METHODS
    statuses = [*EVERYWHERE, *(TO_CHANGE if changes else ()), *([CONFLICTS] if changes else ())]
    statuses += [TOO_MANY] if "201" in responses else []  # it makes a job
    for status in sorted([*statuses, *([NOT_FOUND] if "{" in path else [])]):
        responses[str(status)] = {"$ref": f"#/components/responses/{status}"}


def _body(path: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": "#/components/schemas/Request"}
    if "symbols" in REQUESTS[path]:  # what older clients send has another name for the tickers, and may have none
        schema = {"type": "object", "description": "The fields of a Request, with `symbols` for `tickers`."}
    return {"content": {"application/json": {"schema": schema, "example": REQUESTS[path]}}}
