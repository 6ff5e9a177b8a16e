"""The environment of Airflow's processes, as data: what is the same on every machine, then what is of this one.

docker-compose.yaml sets the same; a test compares the two.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from local.errors import LocalError
from local.home import ROOT, Home, Secrets
from local.source import VARIABLE, Databases

PRELOADED = (
    "airflow,airflow.executors.local_executor,airflow.sdk.execution_time.task_runner,"
    "airflow.sdk.execution_time.supervisor,airflow.providers.standard.decorators.python,"
    "airflow.sdk.definitions.decorators,airflow.dag_processing.dagbag,airflow.providers.postgres.hooks.postgres,"
    "numpy,pandas,talib,psycopg,include.pipeline.preload"
)

AIRFLOW: Mapping[str, str] = MappingProxyType(
    {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__DEFAULT_TIMEZONE": "utc",
        # A worker is some 45 MB: enough of them for the cores of a small machine and for waiting on the network.
        "AIRFLOW__CORE__PARALLELISM": "8",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "64",
        # Forked workers would keep the scheduler's database connections, and a killed scheduler's locks with them.
        "AIRFLOW__CORE__MP_START_METHOD": "forkserver",
        "AIRFLOW__CORE__MP_FORKSERVER_PRELOAD": PRELOADED,
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "0",
        # What a kill left behind is found after seconds, not after the default's five minutes.
        "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "15",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "15",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
        # With other executors than this one, a task that waits for a worker longer than `task_queued_timeout` (ten
        # minutes, for which its token is valid) is sent again with a new token. By itself Airflow fails it for good the
        # third time, whatever its retries: half an hour without workers would fail jobs. The time limit of its run ends
        # it instead. Airflow does not describe the second setting; a test holds that it reads it.
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
        "AIRFLOW__SCHEDULER__NUM_STUCK_IN_QUEUED_RETRIES": "1000",
        # A task that ends between two looks holds its slot for this long; the default is 5 s.
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
        "AIRFLOW__API__WORKERS": "1",
        # A connection for each request that the API server works on at once, see include/web/turns.py.
        "AIRFLOW__DATABASE__SQL_ALCHEMY_MAX_OVERFLOW": "40",
        "AIRFLOW__API__INSTANCE_NAME": "Bellwether",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        # A database that does not answer must not hold up the scheduler for minutes.
        "PGCONNECT_TIMEOUT": "10",
        # One thread a task: the cores are busy with other tasks, and each thread costs memory.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
)

KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR")
KEPT_ALSO_IN_CAPITALS = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
KEPT_PREFIXES = ("SSL_", "BELLWETHER_", "AIRFLOW__METRICS__")
KEPT_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
OURS = (
    "BELLWETHER_HOME",
    "BELLWETHER_MIGRATION_URL",
    "BELLWETHER_USER_NAME",
    "BELLWETHER_USER_ROLE",
    "BELLWETHER_STACK",
    "BELLWETHER_URL",  # these four are for who asks: no process of Airflow needs somebody's password
    "BELLWETHER_USER",
    "BELLWETHER_PASSWORD",
    "BELLWETHER_TOKEN",
    "BELLWETHER_EXECUTOR",
    "BELLWETHER_WORKERS",
    VARIABLE,
)
HOW_MANY = ("AIRFLOW__CORE__PARALLELISM", "AIRFLOW__API__WORKERS")  # of Airflow's settings these are the machine's
LOOPBACK = "127.0.0.1,localhost"
MARK = "BELLWETHER_STACK"  # in the environment of every process of a stack: the stack's folder


def database_url(role: str, password: str, port: int, database: str, driver: str = "postgresql") -> str:
    """The address of a database on this machine."""
    return f"{driver}://{role}:{quote(password, safe='')}@127.0.0.1:{port}/{database}"


def inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of the caller's environment that our processes get: nothing of another Airflow or Python."""
    proxies = {*KEPT_ALSO_IN_CAPITALS, *(name.upper() for name in KEPT_ALSO_IN_CAPITALS)}
    names = {*KEPT, *KEPT_CERTIFICATES, *HOW_MANY, *proxies}
    return {
        name: value
        for name, value in environment.items()
        if (name in names or name.startswith(KEPT_PREFIXES)) and name not in OURS
    }


def check_numbers(environment: Mapping[str, str]) -> None:
    """Raises LocalError when the caller's environment has a number for Airflow that is none."""
    for name in HOW_MANY:
        value = environment.get(name, "1")
        if not (value.isascii() and value.isdigit() and int(value) >= 1):
            raise LocalError(f"{name}={value!r} is not a whole number from 1 on")


def without_proxy_on_loopback(environment: Mapping[str, str]) -> dict[str, str]:
    """Airflow's parts talk to each other over HTTP on the loopback; a proxy must not get in between."""
    present = environment.get("no_proxy") or environment.get("NO_PROXY")
    exceptions = f"{present},{LOOPBACK}" if present else LOOPBACK
    return {"no_proxy": exceptions, "NO_PROXY": exceptions}


def airflow_environment(
    home: Home,
    secrets: Secrets,
    api_port: int,
    postgres_port: int,
    extra: Mapping[str, str] | None = None,
    databases: Databases = Databases(),  # noqa: B008 - it cannot change
) -> dict[str, str]:
    """The one environment of all Airflow processes. `extra` wins over everything, for benchmarks and tests."""
    caller = inherited(os.environ)
    base_url = f"http://127.0.0.1:{api_port}"
    path = urlsplit((extra or {}).get("AIRFLOW__API__BASE_URL", "")).path.rstrip("/")
    return {
        **AIRFLOW,
        "BELLWETHER_DEFAULT_DATA_SOURCE": "sample",
        **caller,
        **without_proxy_on_loopback(caller),
        **_paths(home),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database_url(
            "airflow", secrets.airflow, postgres_port, databases.airflow, "postgresql+psycopg2"
        ),
        "AIRFLOW_CONN_STOCKS_DB": database_url("stocks_app", secrets.stocks_app, postgres_port, databases.stocks),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(api_port),
        "AIRFLOW__API__BASE_URL": base_url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{base_url}{path}/execution/",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.jwt,
        "AIRFLOW__API__SECRET_KEY": secrets.api,
        "AIRFLOW__CORE__FERNET_KEY": secrets.fernet,
        **(extra or {}),
        MARK: str(home.folder),
    }


def _paths(home: Home) -> dict[str, str]:
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONPATH": str(ROOT),
        "TZ": "UTC",
        # Else a process's title is written over its environment, by which we find it again.
        "SPT_NOENV": "1",
        "AIRFLOW_HOME": str(home.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(home.passwords_file),
        # The default asks the network's name service for this machine's full name.
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "socket.gethostname",
        # The default is one folder in /tmp for all users of the machine.
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(home.airflow / "bundles"),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home.logs / "tasks"),
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": str(home.logs / "dag-files"),
    }


def migration_environment(
    environment: Mapping[str, str],
    secrets: Secrets,
    postgres_port: int,
    databases: Databases = Databases(),  # noqa: B008 - it cannot change
) -> dict[str, str]:
    """For `python -m include.storage.migrate` alone: with the role that may change tables."""
    url = database_url("stocks_owner", secrets.stocks_owner, postgres_port, databases.stocks)
    return {**environment, "BELLWETHER_MIGRATION_URL": url}


def extra_dags(**folders: Path) -> dict[str, str]:
    """The setting that lets Airflow read these folders of DAGs besides our own; a name for each."""
    bundle = "airflow.dag_processing.bundles.local.LocalDagBundle"
    bundles = [
        {"name": name, "classpath": bundle, "kwargs": {"path": str(path)}}
        for name, path in {"dags-folder": ROOT / "dags", **folders}.items()
    ]
    return {"AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(bundles)}
