"""Celery's workers on this machine: what is asked for, and what each is given."""

import configparser
import json
import shlex
import socket
from pathlib import Path

import pytest

from local import ports, postgres, stack, supervision, workers
from local.environment import MARK, PRELOADED
from local.errors import LocalError
from local.home import Home, read_secrets
from local.source import YahooPorts
from local.workers import Celery

CELERY = Celery(workers=3, redis=6380, logs=8793)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "state")
    made.make()
    return made


def programs(home: Home, yahoo: YahooPorts | None = None) -> configparser.RawConfigParser:
    cluster = postgres.Cluster(home=home.folder / "postgres", port=5433, password="secret")
    supervision.write_configuration(home, cluster, yahoo, CELERY)
    parsed = configparser.RawConfigParser()
    parsed.read(home.supervisor_conf)
    return parsed


def variables(written: configparser.RawConfigParser, program: str) -> dict[str, str]:
    words = shlex.split(written[f"program:{program}"]["command"])
    return dict(word.split("=", 1) for word in words[1:] if "=" in word and not word.startswith("-"))


@pytest.mark.parametrize(
    ("executor", "number", "wanted"),
    [(None, None, None), ("", "", None), ("local", None, 0), ("celery", None, 2), ("celery", "5", 5)],
)
def test_what_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, executor: str | None, number: str | None, wanted: int | None
) -> None:
    monkeypatch.setattr(workers, "check_machine", lambda: None)
    for name, said in ((workers.EXECUTOR, executor), (workers.WORKERS, number)):
        monkeypatch.delenv(name, raising=False) if said is None else monkeypatch.setenv(name, said)
    assert workers.wanted() == wanted


@pytest.mark.parametrize(
    ("executor", "number", "says"),
    [
        ("kubernetes", "", "EXECUTOR='kubernetes' is not known: local or celery"),
        ("local", "3", "WORKERS=3 has a meaning with EXECUTOR=celery alone"),
        ("", "3", "WORKERS=3 has a meaning with EXECUTOR=celery alone"),
        ("celery", "0", "WORKERS='0' is not a number from 1 to 64"),
        ("celery", "65", "WORKERS='65' is not a number from 1 to 64"),
        ("celery", "many", "WORKERS='many' is not a number from 1 to 64"),
        ("celery", "\N{SUPERSCRIPT TWO}", "is not a number from 1 to 64"),
    ],
)
def test_what_makes_no_sense_is_refused(monkeypatch: pytest.MonkeyPatch, executor: str, number: str, says: str) -> None:
    monkeypatch.setenv(workers.EXECUTOR, executor)
    monkeypatch.setenv(workers.WORKERS, number)
    with pytest.raises(LocalError, match=says):
        workers.wanted()


def test_without_redis_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.platform", "linux")
    with pytest.raises(LocalError, match="apt install redis-server"):
        workers.check_machine()


@pytest.mark.on_linux
def test_the_port_of_the_logs_is_free_at_every_worker() -> None:
    with ports.claimed() as claim, socket.create_server((workers.address(2), 0)) as of_another_stack:
        taken = of_another_stack.getsockname()[1]
        assert claim(taken, workers.address(1), workers.address(2)) != taken
        assert claim(taken, workers.address(1)) == taken


def test_every_worker_has_a_home_an_address_and_logs_of_its_own(home: Home) -> None:
    written = programs(home)
    of_each = [variables(written, f"worker-{number}") for number in CELERY.numbers]
    for name in ("AIRFLOW_HOME", "AIRFLOW__LOGGING__BASE_LOG_FOLDER", workers.ADDRESS):
        assert len({one[name] for one in of_each}) == 3, name
    for number, one in zip(CELERY.numbers, of_each, strict=True):
        serving = shlex.split(written[f"program:worker-{number}-logs"]["command"])
        assert serving[serving.index("--host") + 1] == one[workers.ADDRESS]
        assert variables(written, f"worker-{number}-logs") == one


def test_the_logs_of_both_sources_are_kept_apart_at_the_workers_too(home: Home) -> None:
    def logs(yahoo: YahooPorts | None) -> str:
        return variables(programs(home, yahoo), "worker-1")["AIRFLOW__LOGGING__BASE_LOG_FOLDER"]

    assert logs(None) != logs(YahooPorts(proxy=8090, control=8091))


def test_the_workers_stop_first_and_redis_after_airflow(home: Home) -> None:
    written = programs(home)
    of = {
        name.partition(":")[2]: int(written[name]["priority"])
        for name in written.sections()
        if name.startswith(("program:", "group:"))
    }
    assert max(of, key=lambda name: of[name]) == supervision.WORKERS
    assert of["postgres"] < of["redis"] < of["api-server"]


def test_the_password_of_redis_is_on_no_command_line(home: Home) -> None:
    password = read_secrets(home).redis
    programs(home)
    workers.make(home, CELERY, password)
    assert password not in home.supervisor_conf.read_text()
    configuration = home.folder / "redis.conf"
    assert password in configuration.read_text()
    assert configuration.stat().st_mode & 0o077 == 0


def test_redis_gets_no_secrets_of_airflow(home: Home) -> None:
    words = shlex.split(programs(home)["program:redis"]["command"])
    assert words[:3] == ["/usr/bin/env", "-i", f"{MARK}={home.folder}"]


def test_as_many_tasks_are_handed_out_as_there_are_slots(home: Home) -> None:
    env = stack._stack(home, 8080, 5432, {}, None, CELERY).env
    assert env["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    assert int(env["AIRFLOW__CORE__PARALLELISM"]) == 3 * int(env["AIRFLOW__CELERY__WORKER_CONCURRENCY"])
    assert read_secrets(home).redis in env["AIRFLOW__CELERY__BROKER_URL"]


def test_the_workers_slots_are_what_counts_also_where_the_caller_has_a_number(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__PARALLELISM", "100")
    assert stack._stack(home, 8080, 5432, {}, None, CELERY).env["AIRFLOW__CORE__PARALLELISM"] == "6"


def test_workers_import_what_tasks_need_before_they_fork() -> None:
    imported = json.loads(workers.CELERY["AIRFLOW__CELERY__EXTRA_CELERY_CONFIG"])["imports"]
    assert set(PRELOADED.split(",")) - set(imported) == set(workers.NOT_FOR_WORKERS)


def test_what_runs_is_remembered_with_its_workers(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    first = stack._stack(home, 8080, 5432, {}, None, CELERY)
    stack._remember(first, {})
    monkeypatch.setattr(stack.supervision, "daemon", lambda home: object())
    known = stack.running(home)
    assert known is not None
    assert (known.celery, known.workers, known.env) == (CELERY, 3, first.env)
