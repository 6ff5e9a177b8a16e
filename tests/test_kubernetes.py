"""deploy/kubernetes says the same as `make up`, in keys that Airflow's chart has; no cluster is needed to know that."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from kubernetes.client import ApiClient

from include.settings import Settings
from local.environment import AIRFLOW
from local.workers import CELERY, SLOTS
from tests.conftest import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
PAGE = (ROOT / "docs" / "kubernetes.md").read_text()

CHART_KEYS = (ROOT / "tests" / "kubernetes_chart_keys.txt").read_text()
KEYS = frozenset(line for line in CHART_KEYS.splitlines() if not line.startswith("#"))
WHOLE = {"config", "extraConfigMaps", "jobAnnotations", "resources"}  # what is below them is not the chart's to name
IN_CHART = {  # the key that the chart reads in a Secret which it is told of by name alone
    "data.metadataSecretName": "connection",
    "data.brokerUrlSecretName": "connection",
    "fernetKeySecretName": "fernet-key",
    "apiSecretKeySecretName": "api-secret-key",
    "jwtSecretName": "jwt-secret",
    "redis.passwordSecretName": "password",
}

# What is different from `make up`, and why.
NOTHING_IS_FORKED = {"AIRFLOW__CORE__MP_START_METHOD", "AIRFLOW__CORE__MP_FORKSERVER_PRELOAD"}  # by the scheduler
BY_ITS_OWN_KEY = {"AIRFLOW__CORE__EXECUTOR"}
ANOTHER_VALUE = {
    "AIRFLOW__CORE__PARALLELISM": "32",  # `make up` has as many as suit the cores of one machine
}
NOT_DESCRIBED = {"num_stuck_in_queued_retries"}  # Airflow's scheduler reads it all the same


def read(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())
    return found


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """What Helm makes of two files: maps are merged, all else is replaced."""
    both = {key: merged(below[key], above[key]) for key in below.keys() & above if isinstance(above[key], dict)}
    return {**below, **above, **both}


KUBERNETES = read("values.yaml")
ON_TOP = read("values-celery.yaml")
WITH_CELERY = merged(KUBERNETES, ON_TOP)
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)]
BOTH = pytest.mark.parametrize("values", [KUBERNETES, WITH_CELERY], ids=["kubernetes", "celery"])


def leaves(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Every key with the keys above it, as `logs.persistence.enabled`, and its value."""
    for key, value in values.items():
        if isinstance(value, dict) and key not in WHOLE:
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def mappings(value: object) -> Iterator[dict[str, Any]]:
    """Every map in the values, however deep."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from mappings(one)


def settings_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Airflow's options under the names of their environment variables, and the variables."""
    options = {
        f"AIRFLOW__{section}__{option}".upper(): str(value)
        for section, options in values["config"].items()
        for option, value in options.items()
    }
    return options | {one["name"]: one["value"] for one in values["env"]}


def secrets_of(values: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Name and key of every Secret that must be there."""
    named = {(value, IN_CHART[key]) for key, value in leaves(values) if key in IN_CHART}
    in_environment = {(one["secretName"], one["secretKey"]) for one in values["secret"]}
    referred = {
        (one["secretKeyRef"]["name"], one["secretKeyRef"]["key"]) for one in mappings(values) if "secretKeyRef" in one
    }
    mounted = {(one["secret"]["secretName"], "passwords.json") for one in values["apiServer"]["extraVolumes"]}
    return named | in_environment | referred | mounted


@pytest.mark.parametrize("values", [KUBERNETES, ON_TOP, *EXAMPLES])
def test_every_key_is_one_of_the_chart(values: dict[str, Any]) -> None:
    assert {key for key, _ in leaves(values)} <= KEYS


def test_no_key_is_known_that_nobody_uses() -> None:
    used = {key for values in (KUBERNETES, ON_TOP, *EXAMPLES) for key, _ in leaves(values)}
    assert {key for key in KEYS - used if f"`{key}`" not in PAGE} == set()


def test_the_page_installs_the_version_of_the_chart_that_the_keys_are_of() -> None:
    (version,) = re.findall(r"Helm chart ([\d.]+),", CHART_KEYS)
    assert set(re.findall(r"--version (\S+)", PAGE)) == {version}
    assert f"Helm chart {version}" in (FOLDER / "values.yaml").read_text()


def test_tasks_in_pods_have_the_settings_of_make_up() -> None:
    expected = {**AIRFLOW, "AIRFLOW__CORE__PARALLELISM": ANOTHER_VALUE["AIRFLOW__CORE__PARALLELISM"]}
    shared = {name: value for name, value in settings_of(KUBERNETES).items() if name in AIRFLOW}
    assert shared == {name: expected[name] for name in AIRFLOW.keys() - NOTHING_IS_FORKED - BY_ITS_OWN_KEY}
    assert KUBERNETES["executor"] == "KubernetesExecutor"


def test_with_celery_the_settings_are_those_of_make_up_with_it() -> None:
    ours = {**AIRFLOW, **CELERY, **ANOTHER_VALUE}
    shared = {name: value for name, value in settings_of(WITH_CELERY).items() if name in ours}
    assert shared.keys() == ours.keys() - NOTHING_IS_FORKED - BY_ITS_OWN_KEY
    of_json = "AIRFLOW__CELERY__EXTRA_CELERY_CONFIG"
    assert json.loads(shared.pop(of_json)) == json.loads(ours.pop(of_json))
    assert shared == {name: ours[name] for name in shared}
    assert WITH_CELERY["executor"] == CELERY["AIRFLOW__CORE__EXECUTOR"]


@BOTH
@pytest.mark.usefixtures("airflow")
def test_every_option_is_one_that_airflow_or_its_provider_has(values: dict[str, Any]) -> None:
    from airflow.configuration import retrieve_configuration_description

    known = retrieve_configuration_description(include_providers=True)
    for section, options in values["config"].items():
        assert options.keys() - NOT_DESCRIBED <= known[section]["options"].keys(), section


@pytest.mark.usefixtures("airflow")
def test_a_task_that_waits_for_a_worker_is_sent_again_until_its_run_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.jobs.job import Job
    from airflow.jobs.scheduler_job_runner import SchedulerJobRunner

    name = "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES"
    monkeypatch.setenv(name, AIRFLOW[name])
    times = SchedulerJobRunner(Job())._num_stuck_queued_retries
    assert times == int(AIRFLOW[name])
    for values in (KUBERNETES, WITH_CELERY):
        waits = float(values["config"]["scheduler"]["task_queued_timeout"])
        assert waits * times > Settings().job_timeout_minutes * 60


def test_a_pod_has_longer_to_start_than_a_worker_to_take_a_task() -> None:
    of_each = [float(values["config"]["scheduler"]["task_queued_timeout"]) for values in (KUBERNETES, WITH_CELERY)]
    assert of_each == [1800, 600]


def test_no_more_tasks_are_sent_to_redis_than_the_workers_can_have_at_once() -> None:
    slots = WITH_CELERY["config"]["celery"]["worker_concurrency"]
    most = WITH_CELERY["workers"]["celery"]["keda"]["maxReplicaCount"]
    assert str(slots * most) == WITH_CELERY["config"]["core"]["parallelism"]
    assert slots >= SLOTS


def test_the_files_have_no_secret_and_the_page_makes_each_that_they_need() -> None:
    made = dict(re.findall(r"create secret generic (\S+) --from-literal=([\w.-]+)=", PAGE))
    assert secrets_of(WITH_CELERY) == set(made.items())
    for name, _ in secrets_of(KUBERNETES):
        assert f"| `{name}` |" in PAGE, name
    text = "".join((FOLDER / name).read_text() for name in ("values.yaml", "values-celery.yaml"))
    assert re.findall(r"\w+://\S*:\S+@|password:|pass:", text) == []


@BOTH
def test_only_the_migration_has_the_role_that_changes_tables(values: dict[str, Any]) -> None:
    (container,) = values["migrateDatabaseJob"]["extraInitContainers"]
    assert [one["name"] for one in container["env"]] == ["BELLWETHER_MIGRATION_URL"]
    assert json.dumps(values).count("bellwether-stocks-owner") == 1


def test_both_databases_are_migrated_before_an_upgrade_starts_anything() -> None:
    job = KUBERNETES["migrateDatabaseJob"]
    assert not job["useHelmHooks"]
    assert job["jobAnnotations"]["helm.sh/hook"] == "post-install,pre-upgrade"
    assert " ".join(job["extraInitContainers"][0]["command"]) == "python -m include.storage.migrate"


def test_code_and_dags_come_with_the_image_of_the_locked_airflow() -> None:
    lock = (ROOT / "requirements-distributed.txt").read_text()
    (locked,) = re.findall(r"^apache-airflow==(\S+)", lock, flags=re.MULTILINE)
    assert KUBERNETES["airflowVersion"] == locked
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert KUBERNETES["defaultAirflowTag"] == version
    assert "dags" not in WITH_CELERY
    assert KUBERNETES["migrateDatabaseJob"]["extraInitContainers"][0]["image"] == '{{ template "airflow_image" . }}'


def test_a_log_outlives_its_pod() -> None:
    assert KUBERNETES["logs"]["persistence"]["enabled"]
    assert WITH_CELERY["logs"]["persistence"]["enabled"]


def test_pods_have_settings_of_the_product_and_the_page_names_them() -> None:
    of_pods = {one["name"] for one in KUBERNETES["workers"]["kubernetes"]["env"]}
    named = set(re.findall(r"BELLWETHER_\w+", PAGE)) - {"BELLWETHER_MIGRATION_URL"}
    assert of_pods <= named <= {f"BELLWETHER_{name.upper()}" for name in Settings.model_fields}


@BOTH
def test_everything_that_runs_says_what_memory_it_needs_and_may_have(values: dict[str, Any]) -> None:
    off = {key.split(".")[0] for key, value in leaves(values) if key.endswith(".enabled") and value is False}
    executor = "kubernetes" if values["executor"] == "KubernetesExecutor" else "celery"
    running = {"apiServer", "scheduler", "dagProcessor", "migrateDatabaseJob", "statsd", "cleanup", "redis"} - off
    parts = [values[name]["resources"] for name in running] + [values["workers"][executor]["resources"]]
    for resources in (*parts, *(one["resources"] for one in values["migrateDatabaseJob"]["extraInitContainers"])):
        assert {"cpu", "memory"} == resources["requests"].keys()
        assert resources["limits"].keys() == {"memory"}  # a limit of CPU would only slow down what could go on


def as_kubernetes_knows_it(value: dict[str, Any], kind: str) -> Any:
    """The value as the client of Kubernetes reads and writes it: without what it does not know."""
    client = ApiClient()
    return client.sanitize_for_serialization(client.deserialize(SimpleNamespace(data=json.dumps(value)), kind))


@pytest.mark.parametrize("values", [KUBERNETES, WITH_CELERY, *EXAMPLES])
def test_what_becomes_part_of_a_pod_is_known_to_kubernetes(values: dict[str, Any]) -> None:
    parts = {
        "V1Container": values.get("migrateDatabaseJob", {}).get("extraInitContainers", []),
        "V1Volume": [*values.get("volumes", []), *values.get("apiServer", {}).get("extraVolumes", [])],
        "V1VolumeMount": [*values.get("volumeMounts", []), *values.get("apiServer", {}).get("extraVolumeMounts", [])],
        "V1EnvVar": yaml.safe_load(values.get("extraEnv", "[]")),
        "V1EnvFromSource": yaml.safe_load(values.get("extraEnvFrom", "[]")),
        "V1ResourceRequirements": [one["resources"] for one in mappings(values) if "resources" in one],
    }
    for kind, found in parts.items():
        for one in found:
            assert as_kubernetes_knows_it(one, kind) == one
