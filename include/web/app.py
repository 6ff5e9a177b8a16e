"""The application under /api/stocks."""

from fastapi import FastAPI

from include.web import (
    about_api,
    audit_api,
    changes_api,
    deletion_api,
    description_api,
    details_api,
    difference_api,
    errors,
    events_api,
    jobs_api,
    jobs_reading,
    notifications_api,
    old_clients_api,
    operating_api,
    prices_api,
    results_api,
    screener_api,
    track_record_api,
    watchlists_api,
)
from include.web.guard import Guard
from include.web.rights import SignedIn, hold_to_rights
from include.web.watching import Watch


def create_app() -> FastAPI:
    """Our API. Nothing of it answers without a login, its description included."""
    app = create_bare_app()
    for room in (
        jobs_reading,
        details_api,
        events_api,
        jobs_api,
        screener_api,
        results_api,
        difference_api,
        track_record_api,
        prices_api,
        old_clients_api,
        watchlists_api,
        changes_api,
        notifications_api,
        audit_api,
        about_api,
        operating_api,
        deletion_api,
        description_api,
    ):
        app.include_router(room.router)
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
