"""`make run SOURCE=..`: what is known, and what the processes of Airflow get from it."""

import os
import subprocess
from pathlib import Path

import pytest

from local import environment, source
from local.errors import LocalError
from local.home import ROOT, Home
from local.source import Source, YahooPorts
from tests.local.known import SECRETS

PORTS = YahooPorts(proxy=8090, control=8091)
HOME = Home(Path("/state"))


@pytest.mark.parametrize(
    ("said", "meant"), [("", None), ("sample", Source.SAMPLE), ("yahoo-local", Source.YAHOO_LOCAL)]
)
def test_a_source_is_one_of_two_or_none_in_particular(
    monkeypatch: pytest.MonkeyPatch, said: str, meant: Source | None
) -> None:
    monkeypatch.setenv(source.VARIABLE, said)
    assert source.wanted() is meant


def test_another_source_is_refused_with_what_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(source.VARIABLE, "yahoo")
    with pytest.raises(LocalError, match=r"one of sample, yahoo-local; for live prices run `BELLWETHER_DEFAULT"):
        source.wanted()


def test_only_the_local_yahoo_needs_ports() -> None:
    assert source.claim_ports(Source.SAMPLE, lambda port: port) is None
    assert source.claim_ports(Source.YAHOO_LOCAL, lambda port: port) == PORTS
    assert source.source_environment(HOME, None) == {}


def test_the_callers_proxies_and_certificates_do_not_lead_past_the_local_yahoo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "the caller's")
    monkeypatch.setenv("no_proxy", ".yahoo.com")
    ours = source.source_environment(HOME, PORTS)
    made = environment.airflow_environment(HOME, SECRETS, 8080, 5432, ours, Source.YAHOO_LOCAL.databases)
    assert "the caller's" not in made.values()
    assert made["no_proxy"] == made["NO_PROXY"] == "127.0.0.1,localhost"
    assert made["https_proxy"] == made["HTTPS_PROXY"] == "http://127.0.0.1:8090"
    assert made["BELLWETHER_DEFAULT_DATA_SOURCE"] == "yahoo"


@pytest.mark.parametrize(("told", "used"), [(None, "1200"), ("30", "30")])
def test_our_own_yahoo_is_asked_faster_than_the_real_one_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, told: str | None, used: str
) -> None:
    if told is None:
        monkeypatch.delenv("BELLWETHER_REQUESTS_PER_MINUTE", raising=False)
    else:
        monkeypatch.setenv("BELLWETHER_REQUESTS_PER_MINUTE", told)
    ours = source.source_environment(HOME, PORTS)
    made = environment.airflow_environment(HOME, SECRETS, 8080, 5432, ours, Source.YAHOO_LOCAL.databases)
    assert made["BELLWETHER_REQUESTS_PER_MINUTE"] == used


def test_what_comes_from_moved_bars_has_databases_cookies_and_logs_of_its_own() -> None:
    def places(ports: YahooPorts | None, databases: source.Databases) -> list[str | None]:
        extra = source.source_environment(HOME, ports)
        made = environment.airflow_environment(HOME, SECRETS, 8080, 5432, extra, databases)
        names = ("AIRFLOW_CONN_STOCKS_DB", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "AIRFLOW__LOGGING__BASE_LOG_FOLDER")
        return [made[name] for name in names] + [made.get("BELLWETHER_YAHOO_CACHE_DIR")]

    usual, local = places(None, Source.SAMPLE.databases), places(PORTS, Source.YAHOO_LOCAL.databases)
    assert not set(usual) & set(local)


def test_the_local_yahoo_gets_no_secrets_and_is_not_its_own_client() -> None:
    command = source.yahoo_command(HOME, PORTS)
    assert command[:2] == ["/usr/bin/env", "-i"]
    assert not [word for word in command if "PROXY" in word.upper() or "AIRFLOW" in word]


@pytest.mark.parametrize(
    ("words", "exported", "passed"),
    [(["SOURCE=yahoo-local"], {}, "yahoo-local"), ([], {"SOURCE": "elsewhere"}, ""), ([], {}, "")],
)
def test_make_passes_a_source_on_only_where_it_was_typed(
    words: list[str], exported: dict[str, str], passed: str
) -> None:
    without_make = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "-s", "up", "LOCAL=env #", "BOOTSTRAP=true", *words],
        cwd=ROOT, env=without_make | exported, capture_output=True, text=True, check=True,
    )  # fmt: skip
    got = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert got["BELLWETHER_SOURCE"] == passed
    assert "SOURCE" not in got
