"""Our rights with Airflow's FAB auth manager: its users, roles and logins, on a real API server."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from include.storage.connection import Connection, connect
from include.storage.jobs import finalize_job
from local.ports import free_port
from local.postgres import Cluster
from tests.conftest import APP, DAGS, OWNER, PASSWORD, ROOT, new_database
from tests.end_to_end.airflow import wait_until
from tests.storage.demands import begun

FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
ROLES = {"vic": "Viewer", "ann": "User", "bob": "User", "olga": "Op", "root": "Admin", "pia": "Public"}
Ask = Callable[..., httpx.Response]


@pytest.fixture(scope="module")
def stocks(cluster: Cluster, template: str) -> str:
    return cluster.url(new_database(cluster, template), role=APP, password=PASSWORD)


@pytest.fixture(scope="module")
def server(cluster: Cluster, stocks: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An API server with FAB, its users and our DAGs; nothing else runs."""
    metadata, port = new_database(cluster), free_port()
    url = f"http://127.0.0.1:{port}"
    environment = os.environ | {
        "AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__SECRET_KEY": "only-for-tests-" * 5,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": "only-for-tests-" * 5,
        "AIRFLOW__CORE__AUTH_MANAGER": FAB,
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": cluster.url(metadata, role=OWNER, password=PASSWORD).replace(
            "postgresql://", "postgresql+psycopg2://"
        ),
        "AIRFLOW_CONN_STOCKS_DB": stocks,
        "BELLWETHER_DEFAULT_DATA_SOURCE": "sample",
        "PYTHONPATH": str(ROOT),
    }

    def run(*command: str, stdin: str = "") -> None:
        done = subprocess.run(
            [sys.executable, "-m", *command],
            input=stdin,
            env=environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr

    run("airflow", "db", "migrate")
    run("airflow", "dags", "reserialize")
    run("tests.fab.make_users", stdin=json.dumps(ROLES))
    with subprocess.Popen([sys.executable, "-m", "airflow", "api-server"], env=environment) as process:
        try:
            wait_until(lambda: process.poll() is not None or answers(url), 120)
            yield url
        finally:
            process.terminate()


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/api/v2/version", trust_env=False).is_success
    except httpx.TransportError:
        return False


@contextmanager
def signed_in(url: str, name: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        login = client.post("/auth/token", json={"username": name, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {login.raise_for_status().json()['access_token']}"
        client.base_url = httpx.URL(f"{url}/api/stocks")
        yield client


@pytest.fixture(scope="module")
def users(server: str) -> Iterator[dict[str, httpx.Client]]:
    with ExitStack() as opened:
        yield {name: opened.enter_context(signed_in(server, name)) for name in ROLES}


@pytest.fixture
def connection(stocks: str) -> Iterator[Connection]:
    with connect(stocks) as opened:
        yield opened


def statuses(users: dict[str, httpx.Client], method: str, path: str) -> dict[str, int]:
    body = {} if method == "GET" else {"json": {}}
    return {name: client.request(method, path, **body).status_code for name, client in users.items()}


def test_nobody_is_answered_without_a_login(server: str) -> None:
    for path in ("/jobs", "/results", "/openapi.json", "/docs", "/health", "/version"):
        assert httpx.get(f"{server}/api/stocks{path}", trust_env=False).status_code == httpx.codes.UNAUTHORIZED
    wrong = httpx.post(f"{server}/auth/token", json={"username": "ann", "password": "wrong"}, trust_env=False)
    assert wrong.status_code == httpx.codes.UNAUTHORIZED


def test_every_role_that_sees_runs_reads_and_the_public_one_does_not(users: dict[str, httpx.Client]) -> None:
    for path in ("/jobs", "/results", "/progress", "/watchlist", "/strategies"):
        expected = dict.fromkeys(ROLES, 200) | {"pia": 403}
        assert statuses(users, "GET", path) == expected, path


def test_a_viewer_asks_for_nothing_and_changes_nothing(users: dict[str, httpx.Client], connection: Connection) -> None:
    for method, path in (("POST", "/jobs"), ("POST", "/jobs/x/cancel"), ("DELETE", "/watchlist/mine")):
        for name in ("vic", "pia"):
            assert users[name].request(method, path, json={}).status_code == httpx.codes.FORBIDDEN
    assert connection.execute("SELECT FROM analysis_requests WHERE requested_by IN ('vic', 'pia')").fetchall() == []


def test_who_may_trigger_asks_and_an_equal_request_joins_while_others_see_nothing(
    users: dict[str, httpx.Client],
) -> None:
    asked = users["ann"].post("/jobs", json={"tickers": ["IBM"]})
    again = users["ann"].post("/jobs", json={"tickers": ["ibm"]})
    job_id = asked.json()["job_id"]
    assert (asked.status_code, again.status_code, again.json()["job_id"]) == (201, 200, job_id)
    seen = statuses(users, "GET", f"/jobs/{job_id}")
    assert seen == {"ann": 200, "olga": 200, "root": 200, "bob": 404, "vic": 404, "pia": 403}
    assert users["bob"].post(f"/jobs/{job_id}/cancel", json={}).status_code == httpx.codes.NOT_FOUND
    assert users["ann"].post(f"/jobs/{job_id}/cancel", json={}).status_code == httpx.codes.OK


def test_only_an_administrator_removes_a_job(users: dict[str, httpx.Client], connection: Connection) -> None:
    begun(connection, "old")
    finalize_job(connection, "old")
    for name in ("vic", "ann", "olga", "pia"):
        assert users[name].delete("/jobs/old").status_code == httpx.codes.FORBIDDEN, name
    assert users["root"].delete("/jobs/old").status_code == httpx.codes.NO_CONTENT
