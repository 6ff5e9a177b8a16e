"""The application under /api/stocks."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from include import __version__
from include.web import about_api, audit_api, errors, jobs_api, watchlists_api
from include.web.access import MayRead
from include.web.guard import Guard
from include.web.rights import SignedIn, hold_to_rights
from include.web.watching import Watch


def create_app() -> FastAPI:
    """Our API. Nothing of it answers without a login, its description included."""
    app = create_bare_app()
    for room in (about_api, audit_api, jobs_api, watchlists_api):
        app.include_router(room.router)

    @app.get("/openapi.json", dependencies=[MayRead], include_in_schema=False)
    def describe() -> dict[str, Any]:
        """The OpenAPI document."""
        return get_openapi(title=app.title, version=__version__, routes=app.routes, servers=[{"url": "/api/stocks"}])

    hold_to_rights(app)
    return app


def create_bare_app() -> FastAPI:
    """An application without routes that watches, guards and answers errors as ours does."""
    app = FastAPI(
        title="Bellwether",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        dependencies=[SignedIn],
    )
    app.add_middleware(Guard)
    app.add_middleware(Watch)  # the last one added is the outermost
    errors.install(app)
    return app
