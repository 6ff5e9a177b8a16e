"""Our application in the test process, with Airflow's login and rights replaced by the name in a header."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import HTTPException, Request

from include.model.viewer import Viewer
from include.storage.connection import connect
from include.storage.pool import Pool
from tests.web.calls import call

Call = Callable[..., httpx.Response]


def who(request: Request) -> Any:
    """Whoever the header names, ann without one; only `admin` may everything."""
    name = request.headers.get("X-User", "ann")
    return SimpleNamespace(get_name=lambda: name)


def only_admin(request: Request) -> None:
    if who(request).get_name() != "admin":
        raise HTTPException(403, "only administrators remove jobs")


@pytest.fixture
def bare(airflow: None) -> Any:
    """Our application without routes."""
    from airflow.api_fastapi.core_api.security import get_user

    from include.web.app import create_bare_app

    app = create_bare_app()
    app.dependency_overrides[get_user] = who
    return app


@pytest.fixture
def api(airflow: None, app_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Call]:
    """A call of our application as somebody who may read and ask, on a fresh database."""
    from airflow.api_fastapi.core_api.security import get_user

    from include.web.access import MayAsk, MayDelete, MayRead, viewer_of
    from include.web.app import create_app

    def viewer(request: Request) -> Viewer:
        name = who(request).get_name()
        return Viewer(name=name, sees_all=name == "admin")

    app = create_app()
    app.dependency_overrides |= {get_user: who, viewer_of: viewer}
    app.dependency_overrides |= {right.dependency: lambda: None for right in (MayRead, MayAsk)}
    app.dependency_overrides[MayDelete.dependency] = only_admin
    pool = Pool(lambda: connect(app_url), kept=2)
    monkeypatch.setattr("include.web.database._pool", pool)

    def ask(method: str, path: str, user: str = "ann", **request: Any) -> httpx.Response:
        return call(app, method, path, headers={"X-User": user, **request.pop("headers", {})}, **request)

    yield ask
    pool.close()
