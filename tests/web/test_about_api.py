"""What can be asked for, readiness, versions."""

import tomllib

import psycopg
import pytest
from psycopg import sql

from include.settings import settings
from include.storage.schema import SCHEMA_VERSION
from local.postgres import Cluster
from tests.conftest import OWNER, PASSWORD, ROOT
from tests.web.calls import error
from tests.web.conftest import Call


def test_every_strategy_is_told_with_its_rules(api: Call) -> None:
    found = {one["name"]: one for one in api("GET", "/strategies").json()["items"]}
    assert {"balanced", "mean_reversion"} <= set(found)
    assert found["balanced"]["version"]
    assert any(rule.startswith("Stop:") for rule in found["balanced"]["rules"])


def test_every_universe_is_told_and_one_of_them_with_its_tickers(api: Call) -> None:
    found = {one["name"]: one for one in api("GET", "/universes").json()["items"]}
    assert {"sample", "sp500", "nse_all"} <= set(found)
    assert all(one["title"] and one["description"] and one["dated"] for one in found.values())
    sample = api("GET", "/universes/sample").json()
    assert (sample["count"], sample["title"]) == (len(sample["tickers"]), found["sample"]["title"])
    assert "JPM" in sample["tickers"]
    unknown = api("GET", "/universes/moon")
    assert (unknown.status_code, error(unknown)["details"][0]["field"]) == (400, "universe")


def test_the_version_is_that_of_the_project(api: Call) -> None:
    said = api("GET", "/version").json()
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (said["version"], said["schema_version"]) == (project["version"], SCHEMA_VERSION)
    assert said["airflow_version"].startswith("3.")


def troubles(api: Call) -> dict[str, str]:
    answer = api("GET", "/health")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    return {detail["field"]: detail["reason"] for detail in error(answer)["details"]}


def test_without_a_scheduler_nothing_is_ready(api: Call) -> None:
    assert set(troubles(api)) == {"scheduler"}


def test_a_database_at_another_schema_is_named_with_the_command_that_mends_it(api: Call, app_url: str) -> None:
    with psycopg.connect(app_url, user=OWNER, password=PASSWORD) as owner:
        owner.execute("UPDATE schema_version SET version_num = '0001'")
    assert "python -m include.storage.migrate" in troubles(api)["schema"]


def test_a_database_that_is_away_is_named(
    api: Call, cluster: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.web.database.PATIENCE", 0.1)
    with psycopg.connect(cluster.url(), autocommit=True) as superuser:
        superuser.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(database)))
    assert "database" in troubles(api)


def test_it_says_whether_users_can_be_told_what_changed(api: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.utils.session import create_session

    from include.model.notifications import Channel
    from include.web.readiness import Notifications, examine

    nothing = {"messages": 0, "notifications": 0, "given_up": 0}
    with create_session() as session:
        assert examine(session).notifications == Notifications(ways=(), **nothing)
        monkeypatch.setenv("BELLWETHER_SMTP_CONNECTION_ID", "mail")
        settings.cache_clear()
        assert examine(session).notifications == Notifications(ways=(Channel.EMAIL,), **nothing)
    settings.cache_clear()
