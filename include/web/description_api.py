"""The routes that describe the API: the OpenAPI document, and a page for people."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, Template

from include.web.access import MayRead
from include.web.description import describe

router = APIRouter(include_in_schema=False)

# The page has no script: there is nothing to load from elsewhere, and nothing that Airflow's frame could not run.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call, as the page shows it."""

    method: str
    path: str
    about: str
    parameters: list[dict[str, Any]]
    example: str | None
    answers: dict[str, str]


@router.get("/openapi.json", dependencies=[MayRead])
def read_document(request: Request) -> dict[str, Any]:
    """The OpenAPI document."""
    return describe(request.app)


@router.get("/docs", dependencies=[MayRead])
def read_page(request: Request) -> HTMLResponse:
    """The same for people to read."""
    document = describe(request.app)
    server = request.scope.get("root_path", "")
    page = _template().render(info=document["info"], server=server, operations=list(_operations(document)))
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


@lru_cache(maxsize=1)
def _template() -> Template:
    return Environment(loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True).get_template(
        "docs.html"
    )


def _operations(document: dict[str, Any]) -> Iterator[Operation]:
    for path, methods in document["paths"].items():
        for method, said in methods.items():
            yield Operation(
                method=method.upper(),
                path=path,
                about=said.get("description") or said["summary"],
                parameters=said.get("parameters", []),
                example=_example(document, said),
                answers={status: _resolved(document, one)["description"] for status, one in said["responses"].items()},
            )


def _example(document: dict[str, Any], said: dict[str, Any]) -> str | None:
    """A body that works, None where there need not be one."""
    content = said.get("requestBody", {}).get("content", {}).get("application/json", {})
    found = content.get("example") or next(
        iter(_resolved(document, content.get("schema", {})).get("examples", [])), None
    )
    return None if found is None else json.dumps(found)


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: Any = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return dict(found)
