"""No route of the application is open: neither one that there is, nor one that somebody adds."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.web.calls import call, error


def test_every_route_refuses_who_has_no_login(airflow: None) -> None:
    from include.web.app import create_app

    app = create_app()
    asked = [(method, route.path) for route in app.routes for method in route.methods]  # type: ignore[attr-defined]
    assert ("GET", "/openapi.json") in asked
    assert ("POST", "/jobs") in asked
    for method, path in asked:
        answer = call(app, method, path, json={})
        assert answer.status_code == httpx.codes.UNAUTHORIZED, path
        assert error(answer)["code"] == "UNAUTHORIZED"
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def without_right(app: Any) -> None:
    app.get("/bad")(lambda: {})


def with_too_little_right(app: Any) -> None:
    from include.web.access import MayRead

    app.post("/bad", dependencies=[MayRead])(lambda: {})


def plain_route(app: Any) -> None:
    app.add_route("/bad", lambda request: None)


def mounted(app: Any) -> None:
    app.mount("/bad", lambda scope, receive, send: None)


def airflows_own_docs(app: Any) -> None:
    app.openapi_url, app.docs_url = "/openapi.json", "/bad"
    app.setup()


@pytest.mark.parametrize("add", [without_right, with_too_little_right, plain_route, mounted, airflows_own_docs])
def test_an_application_with_an_open_route_is_not_made(bare: Any, add: Callable[[Any], None]) -> None:
    from include.web.rights import OpenRouteError, hold_to_rights

    hold_to_rights(bare)
    add(bare)
    with pytest.raises(OpenRouteError, match=r"/(bad|openapi\.json)"):
        hold_to_rights(bare)


def test_an_application_that_asks_for_no_login_is_not_made(airflow: None) -> None:
    from fastapi import FastAPI

    from include.web.access import MayRead
    from include.web.rights import OpenRouteError, hold_to_rights

    app = FastAPI(openapi_url=None)
    app.get("/bad", dependencies=[MayRead])(lambda: {})
    with pytest.raises(OpenRouteError, match="no login"):
        hold_to_rights(app)
