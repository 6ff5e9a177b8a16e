"""Every route of the API is one that the client calls, or is left out for a reason."""

from collections.abc import Callable
from typing import Any

import pytest
from starlette.routing import Match

from include.client import ApiError, Client
from tests.client.server import API, LOGIN, Server

CALLS: dict[str, Callable[[Client], Any]] = {
    "POST /jobs": lambda c: c.submit(),
    "GET /jobs": lambda c: list(c.jobs()),
    "GET /jobs/{job_id}": lambda c: c.job("j"),
    "DELETE /jobs/{job_id}": lambda c: c.delete("j"),
    "GET /jobs/{job_id}/details": lambda c: list(c.details("j")),
    "GET /jobs/{job_id}/errors": lambda c: c.errors("j"),
    "GET /jobs/{job_id}/changes": lambda c: list(c.changes("j")),
    "GET /jobs/{job_id}/events": lambda c: c.wait("j"),
    "POST /jobs/{job_id}/cancel": lambda c: c.cancel("j"),
    "POST /jobs/{job_id}/retry-failed": lambda c: c.retry_failed("j"),
    "GET /progress": lambda c: c.progress(),
    "GET /results": lambda c: list(c.results()),
    "GET /verdicts": lambda c: c.verdicts(),
    "GET /results/{ticker}": lambda c: c.result("IBM"),
    "GET /results/{ticker}/history": lambda c: list(c.history("IBM")),
    "GET /results/{ticker}/series": lambda c: c.series("IBM"),
    "GET /results/{ticker}/explanation": lambda c: c.explanation("IBM"),
    "GET /results/{ticker}/difference": lambda c: c.difference("IBM"),
    "GET /results/{ticker}/follow-ups": lambda c: list(c.follow_ups("IBM")),
    "GET /track-record": lambda c: c.track_records(),
    "GET /prices/{ticker}": lambda c: c.prices("IBM"),
    "GET /watchlist": lambda c: c.watchlists.lists(),
    "GET /watchlist/{name}": lambda c: list(c.watchlists.entries("banks")),
    "POST /watchlist/{name}": lambda c: c.watchlists.add(["JPM"]),
    "PATCH /watchlist/{name}": lambda c: c.watchlists.rename("banks", "new"),
    "DELETE /watchlist/{name}": lambda c: c.watchlists.remove_list("banks"),
    "PATCH /watchlist/{name}/{ticker}": lambda c: c.watchlists.edit("JPM", notes=None),
    "DELETE /watchlist/{name}/{ticker}": lambda c: c.watchlists.remove("JPM"),
    "POST /watchlist/{name}/analyze": lambda c: c.watchlists.analyze(),
    "GET /watchlist/{name}/changes": lambda c: list(c.watchlists.changes()),
    "GET /notifications": lambda c: c.notifications.settings(),
    "PATCH /notifications": lambda c: c.notifications.change(enabled=False),
    "GET /requests": lambda c: list(c.record.requests()),
    "GET /requests/{record_id}": lambda c: c.record.request(1),
    "GET /requests/duplicates": lambda c: c.record.duplicates(),
    "GET /strategies": lambda c: c.strategies(),
    "GET /universes": lambda c: c.universes(),
    "GET /universes/{name}": lambda c: c.universe("u"),
    "GET /health": lambda c: c.health(),
    "GET /version": lambda c: c.version(),
}
OLD = "for clients of the system before this one, which are not this one"
OPERATORS = "a page of health shows it to operators, whose programs read Airflow's metrics"
LEFT_OUT = {
    "POST /analyze": OLD,
    "POST /analyze-all-stocks": OLD,
    "GET /all-stocks/progress": OLD,
    "GET /all-stocks/{ticker}/history": OLD,
    "GET /housekeeping": OPERATORS,
    "GET /activity": OPERATORS,
    "GET /queue": OPERATORS,
    "GET /openapi.json": "for those who write another client",
    "GET /docs": "for people to read",
}


@pytest.fixture
def routes(airflow: None) -> list[Any]:
    """The routes of the API in the order in which they are tried."""
    from include.web.app import create_app

    return create_app().routes


def name_of(routes: list[Any], method: str, path: str) -> str:
    """The route that a call comes to, as the application itself finds it."""
    scope = {"type": "http", "method": method, "path": path, "root_path": "", "path_params": {}}
    found = next(route for route in routes if route.matches(scope)[0] is Match.FULL)
    return f"{method} {found.path}"


def test_every_route_is_called_or_left_out_for_a_reason(routes: list[Any]) -> None:
    there = {f"{method} {route.path}" for route in routes for method in route.methods}
    assert there == CALLS.keys() | LEFT_OUT.keys()
    assert not CALLS.keys() & LEFT_OUT.keys()


def test_each_call_comes_to_its_route(routes: list[Any], server: Server, client: Client) -> None:
    for name, call in CALLS.items():
        server.asked.clear()
        with pytest.raises(ApiError, match="nothing here"):
            call(client)
        first = next(asked for asked in server.asked if asked.path != LOGIN)
        assert name_of(routes, first.method, first.path.removeprefix(API)) == name
