"""The application under /stocks."""

from fastapi import FastAPI

from include.web.pages import errors, files, routes
from include.web.rights import SignedIn, hold_to_rights
from include.web.watching import Watch


def create_pages() -> FastAPI:
    """Our pages. Who is not signed in is sent to Airflow's login, for the files of the pages too."""
    app = FastAPI(title="Bellwether's pages", openapi_url=None, docs_url=None, redoc_url=None, dependencies=[SignedIn])
    app.add_middleware(Watch, answer=errors.fault)
    errors.install(app)
    app.include_router(files.router)
    app.include_router(routes.router)
    hold_to_rights(app)
    return app
