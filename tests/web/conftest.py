"""An application that behaves as ours, with routes of the test's own and somebody who is signed in."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest


@pytest.fixture
def bare(airflow: None) -> Iterator[Any]:
    """Our application without routes; whoever calls it is ann."""
    from airflow.api_fastapi.core_api.security import get_user

    from include.web.app import create_bare_app

    app = create_bare_app()
    app.dependency_overrides[get_user] = lambda: SimpleNamespace(get_name=lambda: "ann")
    yield app
    app.dependency_overrides.clear()
