"""Our DAGs, as Airflow inside the test process parses and runs them."""

from typing import Any

import pytest

from tests.conftest import DAGS


@pytest.fixture
def dagbag(airflow: None) -> Any:
    """Our DAGs, parsed anew: `dag.test` leaves a run's conf in the params of its DAG."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(DAGS))


@pytest.fixture
def dag(dagbag: Any, app_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """analyze_stocks, writing to a fresh database."""
    monkeypatch.setenv("AIRFLOW_CONN_STOCKS_DB", app_url)
    return dagbag.dags["analyze_stocks"]
