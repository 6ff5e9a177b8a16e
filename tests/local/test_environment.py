"""The environment of Airflow's processes: ours, and of the caller's only what is harmless."""

import json
from pathlib import Path

import pytest

from include.client.settings import ClientSettings
from include.settings import Settings
from local import environment
from local.errors import LocalError
from local.home import ROOT, Home
from tests.local.known import SECRETS


@pytest.fixture
def caller(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("http_proxy", "https_proxy", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def build(**extra: str) -> dict[str, str]:
    return environment.airflow_environment(Home(Path("/state")), SECRETS, 8123, 5433, extra)


@pytest.mark.usefixtures("caller")
def test_everything_stays_on_the_loopback() -> None:
    made = build()
    assert made["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert made["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8123"
    assert made["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"
    assert "@127.0.0.1:5433/stocks" in made["AIRFLOW_CONN_STOCKS_DB"]


@pytest.mark.usefixtures("caller")
def test_passwords_are_quoted_in_addresses() -> None:
    assert "airflow:a%2Fb%40c@" in build()["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"]


@pytest.mark.usefixtures("caller")
def test_tasks_reach_the_database_only_as_the_role_that_cannot_change_tables() -> None:
    made = build()
    assert "stocks_app:app@" in made["AIRFLOW_CONN_STOCKS_DB"]
    assert "owner" not in {part for value in made.values() for part in (value, *value.split(":"), *value.split("@"))}
    assert "BELLWETHER_MIGRATION_URL" not in made
    assert "stocks_owner:owner@" in environment.migration_environment(made, SECRETS, 5433)["BELLWETHER_MIGRATION_URL"]


@pytest.mark.usefixtures("caller")
def test_the_connection_is_the_one_that_the_product_asks_for() -> None:
    assert f"AIRFLOW_CONN_{Settings().connection_id.upper()}" in build()


def test_what_the_client_is_told_is_for_no_process_of_airflow(caller: pytest.MonkeyPatch) -> None:
    for name in ClientSettings.model_fields:
        caller.setenv(f"BELLWETHER_{name.upper()}", "mine")
    assert "mine" not in build().values()


def test_another_airflow_and_another_python_do_not_leak_in(caller: pytest.MonkeyPatch) -> None:
    caller.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    caller.setenv("AIRFLOW_CONN_OTHER", "postgresql://elsewhere")
    caller.setenv("PYTHONPATH", "/elsewhere")
    caller.setenv("PYTHONDONTWRITEBYTECODE", "1")
    caller.setenv("SOME_TOKEN", "x")
    made = build()
    assert made["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert made["PYTHONPATH"] == str(ROOT)
    assert not {"AIRFLOW_CONN_OTHER", "PYTHONDONTWRITEBYTECODE", "SOME_TOKEN"} & made.keys()


def test_how_much_is_done_at_once_passes(caller: pytest.MonkeyPatch) -> None:
    for name in environment.HOW_MANY:
        caller.setenv(name, "32")
    made = build()
    assert {name: made[name] for name in environment.HOW_MANY} == dict.fromkeys(environment.HOW_MANY, "32")


@pytest.mark.parametrize("name", environment.HOW_MANY)
@pytest.mark.parametrize("value", ["", "0", "-1", "1.5", "many", "\N{SUPERSCRIPT TWO}"])
def test_a_number_that_is_none_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(LocalError, match=f"{name}='{value}' is not a whole number"):
        environment.check_numbers({name: value})


def test_no_number_and_a_good_one_are_fine() -> None:
    environment.check_numbers({})
    environment.check_numbers({"AIRFLOW__CORE__PARALLELISM": "64"})


def test_what_make_alone_needs_to_know_is_not_passed_on(caller: pytest.MonkeyPatch) -> None:
    caller.setenv("BELLWETHER_SOURCE", "yahoo-local")
    assert "BELLWETHER_SOURCE" not in build()


def test_settings_proxies_certificates_and_where_metrics_go_pass(caller: pytest.MonkeyPatch) -> None:
    wanted = {
        "BELLWETHER_BATCH_SIZE": "10",
        "BELLWETHER_DEFAULT_DATA_SOURCE": "demo",
        "https_proxy": "http://proxy:3128",
        "SSL_CERT_FILE": "/certificates",
        "REQUESTS_CA_BUNDLE": "/bundle",
        "AIRFLOW__METRICS__STATSD_ON": "True",
    }
    for name, value in wanted.items():
        caller.setenv(name, value)
    made = build()
    assert {name: made[name] for name in wanted} == wanted


def test_a_proxy_is_not_asked_for_the_loopback(caller: pytest.MonkeyPatch) -> None:
    caller.setenv("http_proxy", "http://proxy:3128")
    caller.setenv("no_proxy", "internal.example")
    made = build()
    assert made["no_proxy"] == made["NO_PROXY"] == "internal.example,127.0.0.1,localhost"


@pytest.mark.usefixtures("caller")
def test_offline_data_is_the_default_here() -> None:
    assert build()["BELLWETHER_DEFAULT_DATA_SOURCE"] == "sample"


@pytest.mark.usefixtures("caller")
def test_extra_settings_win() -> None:
    assert build(AIRFLOW__CORE__PARALLELISM="2")["AIRFLOW__CORE__PARALLELISM"] == "2"


@pytest.mark.usefixtures("caller")
def test_extra_dags_stand_beside_our_own() -> None:
    setting = environment.extra_dags(measuring=Path("/measuring"))["AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"]
    paths = {bundle["name"]: bundle["kwargs"]["path"] for bundle in json.loads(setting)}
    assert paths == {"dags-folder": str(ROOT / "dags"), "measuring": "/measuring"}
