"""Airflow inside the test process: its metadata in a database of the test server, no service running.

Airflow reads its configuration when it is first imported, so only fixtures import it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.postgres import Cluster
from tests.conftest import OWNER, PASSWORD, new_database

ROOT = Path(__file__).parents[2]
DAGS = ROOT / "dags"


@pytest.fixture(scope="session")
def airflow(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Airflow, configured and migrated."""
    assert "airflow" not in sys.modules, "a test module imports Airflow before it is configured"
    metadata = new_database(cluster)
    url = cluster.url(metadata, role=OWNER, password=PASSWORD).replace("postgresql://", "postgresql+psycopg2://")
    os.environ.update(
        {
            "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
            "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
            "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
            "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-tests-" * 5,
        }
    )
    subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], check=True, capture_output=True, timeout=120)
    yield
    from airflow import settings

    settings.dispose_orm()


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
