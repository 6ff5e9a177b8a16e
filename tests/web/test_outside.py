"""Our applications answer also where Airflow's middlewares, which go round them, do not."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send


class Airflow:
    """A middleware that has no database where a header says so: before it calls the application, or after."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        away = Headers(scope=scope).get("X-Away") if scope["type"] == "http" else None
        if away != "before":
            await self._app(scope, receive, send)
        if away:
            raise OperationalError("SELECT", {}, Exception("the database is away"))


BEFORE, AFTER = {"X-Away": "before"}, {"X-Away": "after"}


def say(request: Request) -> PlainTextResponse:
    """Which application was asked, and for what."""
    return PlainTextResponse(f"{request.app.state.name} {request.path_params['name']!r}")


def named(name: str, path: str) -> Starlette:
    app = Starlette(routes=[Route(path, say)])
    app.state.name = name
    return app


@pytest.fixture(params=["", "/base"])
def server(airflow: None, request: pytest.FixtureRequest) -> Iterator[TestClient]:
    from include.web.outside import AnswerWithoutAirflow

    ours = {"/api/stocks": named("api", "/jobs/{name}"), "/stocks": named("pages", "/{name:path}")}
    mounted = [Mount(prefix, app) for prefix, app in ours.items()]
    app: Any = Starlette(
        middleware=[Middleware(Airflow), Middleware(AnswerWithoutAirflow, applications=ours)],
        routes=[*mounted, Mount("/stocksheet", named("theirs", "/{name}"))],
    )
    base = request.param
    with TestClient(app, f"http://test{base}", raise_server_exceptions=False, root_path=base) as client:
        yield client


def test_what_is_for_us_is_answered_by_us(server: TestClient) -> None:
    assert server.get("/api/stocks/jobs/a", headers=BEFORE).text == "api 'a'"
    assert server.get("/stocks/a", headers=BEFORE).text == "pages 'a'"


@pytest.mark.parametrize("path", ["/api/v2/dags", "/stocksheet/x", "/api/v2/dags/analyze_stocks/dagRuns"])
def test_what_is_for_airflow_stays_airflows(server: TestClient, path: str) -> None:
    assert server.get(path, headers=BEFORE).status_code == 500


def test_what_has_been_answered_is_not_answered_again(server: TestClient) -> None:
    assert server.get("/stocks/a", headers=AFTER).text == "pages 'a'"


def test_an_address_with_a_line_break_is_ours_too(server: TestClient) -> None:
    assert server.get("/api/stocks/jobs/%0a..").text == "api '\\n..'"
    assert server.get("/api/stocks/%0ajobs/x").status_code == 404
    assert server.get("/stocksheet/%0a..").text == "Not Found"


def test_the_prefix_alone_leads_to_what_is_under_it(server: TestClient) -> None:
    named_after = server.get("/stocks?page=2", follow_redirects=False)
    assert (named_after.status_code, named_after.headers["Location"]) == (
        307,
        f"{str(server.base_url).rstrip('/')}/stocks/?page=2",
    )
    assert server.get("/api/stocks").status_code == 404
    assert server.get("/stocksheet").text == "Not Found"
