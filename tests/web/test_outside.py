"""Our applications answer also where Airflow's middlewares, which go round them, have no database."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send


class Airflow:
    """A middleware that has no database, before it has called the application, or after."""

    def __init__(self, app: ASGIApp, *, afterwards: bool) -> None:
        self._app, self._afterwards = app, afterwards

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._afterwards:
            await self._app(scope, receive, send)
        if scope["type"] == "http":
            raise OperationalError("SELECT", {}, Exception("the database is away"))


def say(request: Request) -> PlainTextResponse:
    request.app.state.asked.append(request.url.path)
    return PlainTextResponse("ours")


@pytest.fixture
def server(airflow: None) -> Callable[..., Any]:
    from include.web.outside import AnswerWithoutAirflow

    def make(root_path: str = "", *, afterwards: bool = False) -> TestClient:
        around = [
            Middleware(Airflow, afterwards=afterwards),
            Middleware(AnswerWithoutAirflow, prefixes=("/api/stocks", "/stocks")),
        ]
        routes = [Mount(prefix, routes=[Route("/{rest:path}", say)]) for prefix in ("/api", "/stocks", "/stocksheet")]
        app: Any = Starlette(middleware=around, routes=routes)
        app.state.asked = []
        return TestClient(app, raise_server_exceptions=False, root_path=root_path)

    return make


@pytest.mark.parametrize("path", ["/api/stocks/jobs", "/stocks/jobs"])
@pytest.mark.parametrize("root_path", ["", "/base"])
def test_what_is_for_us_is_answered_by_us(server: Callable[..., Any], path: str, root_path: str) -> None:
    with server(root_path) as client:
        assert client.get(root_path + path).text == "ours"


@pytest.mark.parametrize("path", ["/api/v2/dags", "/stocksheet/x", "/api/v2/dags/analyze_stocks/dagRuns"])
def test_what_is_for_airflow_stays_airflows(server: Callable[..., Any], path: str) -> None:
    with server() as client:
        assert client.get(path).status_code == 500


def test_what_has_been_answered_is_not_asked_again(server: Callable[..., Any]) -> None:
    with server(afterwards=True) as client:
        client.get("/stocks/jobs")
        assert client.app.state.asked == ["/stocks/jobs"]
