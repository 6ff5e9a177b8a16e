"""docker-compose.yaml says the same as `make up`; no Docker engine is needed to know that."""

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from include.settings import Settings
from local.environment import AIRFLOW, HOW_MANY, airflow_environment
from local.home import Home, read_secrets
from local.supervision import AIRFLOW_COMMANDS
from local.workers import CELERY

ROOT = Path(__file__).parents[1]
# What is of one machine: addresses, folders, secrets, and who may sign in.
OF_ONE_MACHINE = {
    "AIRFLOW__CORE__FERNET_KEY",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
    "AIRFLOW__API__HOST",
    "AIRFLOW__API__PORT",
    "AIRFLOW__API__BASE_URL",
    "AIRFLOW__API__SECRET_KEY",
    "AIRFLOW__API_AUTH__JWT_SECRET",
    "AIRFLOW_CONN_STOCKS_DB",
}
OF_CELERY = {*CELERY, "AIRFLOW__CELERY__BROKER_URL", "AIRFLOW__CELERY__WORKER_CONCURRENCY"} - set(AIRFLOW)
READ_BY_CELERY_ALONE = ("AIRFLOW__CELERY__", "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__")
DISTRIBUTED = {"worker", "flower"}
OF_OPTIONS = {"EXECUTOR", "PARALLELISM", "API_WORKERS", "WORKERS", "FLOWER_PORT"}  # of .env: they have a default
SETTINGS = {f"BELLWETHER_{name.upper()}" for name in Settings.model_fields}
USERS_ARE_IN_A_FILE = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"}  # `make user` changes them while Airflow runs


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yaml").read_text())
    return found


def airflow_services(compose: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {name: s for name, s in compose["services"].items() if s["image"] == "bellwether"}


def settings_of(service: dict[str, Any], names: Iterable[str], **said: str) -> dict[str, str]:
    """The values of a service's variables, where `.env` says this and nothing else."""

    def value(found: re.Match[str]) -> str:
        return said.get(found[1], found[2])

    return {
        key: re.sub(r"\$\{(\w+):-(\w*)\}", value, text) for key, text in service["environment"].items() if key in names
    }


def test_every_airflow_service_has_the_settings_of_make_up(compose: dict[str, Any]) -> None:
    assert set(airflow_services(compose)) == {"migrate", *AIRFLOW_COMMANDS, *DISTRIBUTED}
    for name, service in airflow_services(compose).items():
        assert settings_of(service, AIRFLOW) == dict(AIRFLOW), name


def test_with_celery_every_service_has_the_settings_of_make_up_with_it(compose: dict[str, Any]) -> None:
    for name, service in airflow_services(compose).items():
        assert settings_of(service, CELERY, EXECUTOR="CeleryExecutor") == dict(CELERY), name


def test_what_only_celery_needs_changes_nothing_without_it(compose: dict[str, Any]) -> None:
    for name, service in airflow_services(compose).items():
        needed = OF_CELERY & service["environment"].keys()
        assert [one for one in needed if not one.startswith(READ_BY_CELERY_ALONE)] == [], name


def test_as_much_is_done_at_once_as_the_env_file_says(compose: dict[str, Any]) -> None:
    said = {"PARALLELISM": "32", "API_WORKERS": "4"}
    for name, service in airflow_services(compose).items():
        assert settings_of(service, HOW_MANY, **said) == dict(zip(HOW_MANY, said.values(), strict=True)), name


def test_redis_takes_the_place_of_its_shell_and_its_password_is_on_no_command_line(
    compose: dict[str, Any], tmp_path: Path
) -> None:
    program = tmp_path / "redis-server"
    program.write_text('#!/bin/sh\necho "$$"\necho "$@"\ncat\n')
    program.chmod(0o755)
    command = [part.replace("$$", "$") for part in compose["services"]["redis"]["command"]]
    given = {"PATH": f"{tmp_path}:{os.defpath}", "REDIS_PASSWORD": "secret"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=given) as started:
        said, _ = started.communicate(timeout=30)
    process, arguments, configuration = said.splitlines()
    assert int(process) == started.pid  # so it is told to stop when the container is
    assert arguments == "- --appendonly yes --save "
    assert configuration == "requirepass secret"


def test_without_the_profile_there_is_no_celery_and_the_tasks_have_as_many_slots_as_the_usual_workers(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    assert {name for name, service in services.items() if "profiles" in service} == {"redis", *DISTRIBUTED}
    usual = int(re.sub(r"\D", "", services["worker"]["deploy"]["replicas"]))
    slots = int(services["worker"]["environment"]["AIRFLOW__CELERY__WORKER_CONCURRENCY"])
    assert str(usual * slots) == AIRFLOW["AIRFLOW__CORE__PARALLELISM"]


def test_what_is_of_one_machine_is_set_in_both(compose: dict[str, Any], tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.make()
    ours = airflow_environment(home, read_secrets(home), 1, 2)
    in_compose = airflow_services(compose)["scheduler"]["environment"]
    assert set(in_compose) - set(AIRFLOW) - OF_CELERY - SETTINGS == OF_ONE_MACHINE
    assert set(ours) >= OF_ONE_MACHINE - USERS_ARE_IN_A_FILE


def test_every_setting_of_the_product_passes_from_the_env_file_to_every_service(compose: dict[str, Any]) -> None:
    for name, service in airflow_services(compose).items():
        passed = {key: value for key, value in service["environment"].items() if key in SETTINGS}
        assert passed == dict.fromkeys(SETTINGS), name  # an empty text is a value, None takes what .env has


def test_the_logs_of_tasks_outlive_the_containers(compose: dict[str, Any]) -> None:
    assert "logs" in compose["volumes"]
    for name in {*AIRFLOW_COMMANDS, "worker"}:
        assert compose["services"][name]["volumes"] == ["logs:/opt/airflow/logs"], name


def test_nothing_of_the_clone_is_mounted_and_all_that_is_copied_can_be_read(compose: dict[str, Any]) -> None:
    mounted = [volume for service in compose["services"].values() for volume in service["volumes"]]
    assert {volume.partition(":")[0] for volume in mounted} == set(compose["volumes"])
    inline = compose["services"]["postgres"]["build"]["dockerfile_inline"]
    copied = re.findall(r"^COPY .*", inline + (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert len(copied) == 5
    assert all("--chmod=755 " in line or "--chmod=u=rwX,go=rX " in line for line in copied)


def test_each_process_runs_the_command_of_make_up(compose: dict[str, Any]) -> None:
    for name, command in AIRFLOW_COMMANDS.items():
        said = compose["services"][name]["command"]
        line = said[0] if len(said) == 1 else " ".join(said)
        assert f"airflow {command.split()[0]}" in line


def test_both_databases_are_migrated_before_anything_works(compose: dict[str, Any]) -> None:
    (command,) = compose["services"]["migrate"]["command"]
    assert command == "airflow db migrate && python -m include.storage.migrate"
    assert compose["services"]["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in AIRFLOW_COMMANDS:
        assert compose["services"][name]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}


def test_only_the_migration_has_the_role_that_changes_tables(compose: dict[str, Any]) -> None:
    with_it = [name for name, s in compose["services"].items() if "BELLWETHER_MIGRATION_URL" in s["environment"]]
    assert with_it == ["migrate"]


def test_every_service_is_watched_and_the_only_port_is_on_the_loopback(compose: dict[str, Any]) -> None:
    for name, service in compose["services"].items():
        assert ("healthcheck" in service) == (name != "migrate"), name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
    assert [name for name, s in compose["services"].items() if "ports" in s] == ["api-server", "flower"]


def test_every_secret_comes_from_the_env_file_and_the_example_has_none() -> None:
    wanted = set(re.findall(r"(?<!\$)\$\{(\w+)", (ROOT / "docker-compose.yaml").read_text()))
    example = dict(re.findall(r"^(\w+)=(.*)$", (ROOT / ".env.example").read_text(), flags=re.MULTILINE))
    assert set(example) == wanted - OF_OPTIONS
    assert {name for name, value in example.items() if value} == {"API_PORT"}
    proposed = re.findall(r"^# (\w+)=", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    assert set(proposed) >= OF_OPTIONS - {"FLOWER_PORT"}


def test_the_image_is_built_from_the_lock_on_the_airflow_that_is_locked() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    lock = (ROOT / "requirements-distributed.txt").read_text()
    (locked,) = re.findall(r"^apache-airflow==(\S+)", lock, flags=re.MULTILINE)
    assert f"FROM apache/airflow:slim-{locked}-python3." in dockerfile
    assert "requirements-distributed.txt /opt/bellwether/requirements.txt" in dockerfile
    assert "--require-hashes --requirement /opt/bellwether/requirements.txt" in dockerfile


def test_what_the_image_has_is_what_one_machine_has_and_more() -> None:
    def locked(name: str) -> set[str]:
        return set(re.findall(r"^[\w.-]+==\S+", (ROOT / name).read_text(), flags=re.MULTILINE))

    assert locked("requirements.txt") < locked("requirements-distributed.txt") < locked("requirements-dev.txt")
