"""A real PostgreSQL for every test that needs one: one server and one migrated template, a fresh database a test."""

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import psycopg
import pytest
from psycopg import sql
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from include.storage.connection import Connection, connect
from include.storage.migrate import migrate
from local.postgres import Cluster, throwaway

ROOT = Path(__file__).parents[1]
DAGS = ROOT / "dags"
OWNER, APP = "stocks_owner", "stocks_app"
PASSWORD = "only-for-tests"
WITH_ONE_AIRFLOW = ("tests/end_to_end", "tests/dags")
_numbers = itertools.count(1)
# How long an example takes is no property of the code that it tries; and a run says the same as the one before it. New
# examples are for tests/crash and tests/fuzz, which print their seeds.
hypothesis.settings.register_profile("untimed", deadline=None, derandomize=True)
hypothesis.settings.load_profile("untimed")


class ByPlace(LoadScopeScheduling):
    """pytest-xdist hands out whole files, and folders whose tests share one Airflow. The largest come first."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = str(Path(file).parent)
        return folder if folder in WITH_ONE_AIRFLOW else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByPlace:
    return ByPlace(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this account or this system has no part in."""
    applies = {"as_root": os.geteuid() == 0, "on_linux": sys.platform == "linux"}
    without = [item for item in items if any(item.get_closest_marker(m) and not ok for m, ok in applies.items())]
    config.hook.pytest_deselected(items=without)
    items[:] = [item for item in items if item not in without]


def run_as_superuser(cluster: Cluster, *statements: sql.Composable | str) -> None:
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)


def make_roles(cluster: Cluster) -> None:
    for role in (OWNER, APP):
        run_as_superuser(
            cluster, sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(PASSWORD))
        )


def new_database(cluster: Cluster, template: str = "template1") -> str:
    name = f"test_{next(_numbers)}"
    run_as_superuser(
        cluster,
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE {} STRATEGY file_copy").format(
            sql.Identifier(name), sql.Identifier(OWNER), sql.Identifier(template)
        ),
    )
    return name


def drop_database(cluster: Cluster, name: str) -> None:
    run_as_superuser(cluster, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    with throwaway({"max_connections": "200"}) as running:
        make_roles(running)
        yield running


@pytest.fixture(scope="session")
def template(cluster: Cluster) -> str:
    name = new_database(cluster)
    migrate(cluster.url(name, role=OWNER, password=PASSWORD), APP)
    return name


@pytest.fixture
def database(cluster: Cluster, template: str) -> Iterator[str]:
    """The name of a fresh database at the newest schema."""
    name = new_database(cluster, template)
    yield name
    drop_database(cluster, name)


@pytest.fixture
def app_url(cluster: Cluster, database: str) -> str:
    """The fresh database, as the role of tasks and API."""
    return cluster.url(database, role=APP, password=PASSWORD)


@pytest.fixture
def connection(app_url: str) -> Iterator[Connection]:
    with connect(app_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def configured_airflow(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Airflow inside the test process, configured and migrated: a metadata database of its own, no service running.

    It reads its configuration when it is first imported, so only what has this fixture imports it.
    """
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
def airflow(configured_airflow: None) -> Iterator[None]:
    """Airflow inside the test process, without a run; the runs of a test end with it, whichever test comes next."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    yield
    with create_session() as session:
        session.execute(delete(DagRun))
