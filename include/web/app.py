"""The application under /api/stocks."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from include.web import errors
from include.web.access import MayRead
from include.web.jobs_api import router


def create_app() -> FastAPI:
    """Our API. Nothing of it answers without a login, its description included."""
    app = FastAPI(title="Bellwether", openapi_url=None, docs_url=None, redoc_url=None)
    errors.install(app)
    app.include_router(router)

    @app.get("/openapi.json", dependencies=[MayRead], include_in_schema=False)
    def describe() -> dict[str, Any]:
        """The OpenAPI document."""
        return get_openapi(title=app.title, version="1", routes=app.routes, servers=[{"url": "/api/stocks"}])

    return app
