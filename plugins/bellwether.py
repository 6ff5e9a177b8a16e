"""Registers with Airflow what is ours and no DAG."""

import sys
from typing import Any

from airflow.plugins_manager import AirflowPlugin

from include.pipeline import listener
from include.pipeline.fairness import EqualTurns
from include.settings import settings
from include.timetable.session_timetable import SessionTimetable

# Every process of Airflow imports its plugins, each task too; only the API server needs the web.
IS_API_SERVER = any(argument in ("api-server", "api_server") for argument in sys.argv)


def web_applications() -> list[dict[str, Any]]:
    """Our applications, in the API server."""
    from include.web.app import create_app
    from include.web.door import PREFIX, create_door
    from include.web.pages.app import create_pages
    from include.web.places import API, PAGES

    return [
        {"app": create_app(), "url_prefix": API, "name": "Bellwether"},
        {"app": create_door(), "url_prefix": PREFIX, "name": "Bellwether's door"},
        {"app": create_pages(), "url_prefix": PAGES, "name": "Bellwether's pages"},
    ]


def web_views() -> list[dict[str, Any]]:
    """Where Airflow's own pages show ours: in the navigation, and as a tab of every run."""
    from include.web.pages.views import VIEWS

    return list(VIEWS)


def web_middlewares() -> list[dict[str, Any]]:
    """What leads Airflow's own trigger to our door, and round it what answers when Airflow has no database."""
    from include.web.door import LeadThroughSubmission
    from include.web.outside import AnswerWithoutAirflow

    door = {"middleware": LeadThroughSubmission, "args": [], "kwargs": {}, "name": "Bellwether's door"}
    ours = {"applications": {one["url_prefix"]: one["app"] for one in APPLICATIONS}}
    outside = {"middleware": AnswerWithoutAirflow, "args": [], "kwargs": ours, "name": "Bellwether's answers"}
    return [door, outside] if settings().one_door else [outside]


APPLICATIONS = web_applications() if IS_API_SERVER else []


class BellwetherPlugin(AirflowPlugin):
    """Our part of Airflow."""

    name = "bellwether"
    listeners = [listener]  # noqa: RUF012 - Airflow's own form
    timetables = [SessionTimetable]  # noqa: RUF012
    priority_weight_strategies = [EqualTurns]  # noqa: RUF012
    fastapi_apps = APPLICATIONS
    external_views = web_views() if IS_API_SERVER else []
    fastapi_root_middlewares = web_middlewares() if IS_API_SERVER else []
