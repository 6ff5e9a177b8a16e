"""Celery's workers beside Airflow on this machine, as if each were a host of its own: `make up EXECUTOR=celery`.

They share PostgreSQL, Redis and the API server with the rest, and nothing else: each has a home, logs and an address
of its own, under which Airflow reads its logs.
"""

import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

from local.environment import PRELOADED
from local.errors import LocalError
from local.home import Home, write_private
from local.ports import Claim

EXECUTOR, WORKERS = "BELLWETHER_EXECUTOR", "BELLWETHER_WORKERS"  # what the Makefile's variables are called by now
WANTED_REDIS_PORT = 6380  # the usual 6379 may be somebody's own
WANTED_LOG_PORT = 8793
MOST_WORKERS = 64
USUAL_WORKERS = 2
SLOTS = 2  # of one worker: tasks that it does at once
NOT_FOR_WORKERS = ("airflow", "airflow.executors.local_executor")  # of what a child of LocalExecutor has imported
ADDRESS = "BELLWETHER_WORKER_ADDRESS"

# What CeleryExecutor needs on any number of hosts; docker-compose.yaml sets the same.
CELERY: Mapping[str, str] = MappingProxyType(
    {
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
        # Workers fork their children from a process that has imported everything.
        "AIRFLOW__CELERY__MP_START_METHOD": "fork",
        "AIRFLOW__CELERY__EXTRA_CELERY_CONFIG": json.dumps(
            {
                "imports": [name for name in PRELOADED.split(",") if name not in NOT_FOR_WORKERS],
                # A task that cannot be sent while Redis starts again is sent later instead of failing.
                "task_publish_retry_policy": {
                    "max_retries": 50,
                    "interval_start": 0.1,
                    "interval_step": 0.1,
                    "interval_max": 0.5,
                },
            }
        ),
        "AIRFLOW__CELERY__TASK_PUBLISH_MAX_RETRIES": "60",
        # Longer than any task: Airflow's own heartbeats tell sooner that a worker is gone.
        "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "86400",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Celery:
    """How many workers there are, and the ports of Redis and of the servers of their logs."""

    workers: int
    redis: int
    logs: int

    @property
    def numbers(self) -> range:
        """The workers' numbers."""
        return range(1, self.workers + 1)


def wanted() -> int | None:
    """How many Celery workers the caller of `make` asks for, 0 with LocalExecutor; None: nothing in particular.

    Raises:
        LocalError: there is no such executor or number, or Redis is missing.
    """
    executor, workers = os.environ.get(EXECUTOR), os.environ.get(WORKERS)
    if executor not in (None, "", "local", "celery"):
        raise LocalError(f"EXECUTOR={executor!r} is not known: local or celery")
    if executor != "celery":
        if workers:
            raise LocalError(f"WORKERS={workers} has a meaning with EXECUTOR=celery alone")
        return 0 if executor else None
    if workers and not (workers.isascii() and workers.isdigit() and 1 <= int(workers) <= MOST_WORKERS):
        raise LocalError(f"WORKERS={workers!r} is not a number from 1 to {MOST_WORKERS}")
    check_machine()
    return int(workers) if workers else USUAL_WORKERS


def check_machine() -> None:
    """Raises LocalError when this machine cannot run Celery's workers."""
    if sys.platform != "linux":
        raise LocalError("EXECUTOR=celery needs Linux, where each worker gets a loopback address of its own")
    if shutil.which("redis-server") is None:
        raise LocalError("EXECUTOR=celery needs Redis: install it (on Debian and Ubuntu: apt install redis-server)")


def claim_ports(workers: int, claim: Claim) -> Celery | None:
    """Free ports for Redis and the logs, None without workers."""
    if not workers:
        return None
    of_each = [address(number) for number in range(1, workers + 1)]
    return Celery(workers=workers, redis=claim(WANTED_REDIS_PORT), logs=claim(WANTED_LOG_PORT, *of_each))


def celery_environment(celery: Celery | None, password: str) -> dict[str, str]:
    """What all processes of Airflow need to work with Celery; nothing without it."""
    if celery is None:
        return {}
    return {
        **CELERY,
        "AIRFLOW__CELERY__BROKER_URL": broker_url(celery, password),
        "AIRFLOW__CELERY__WORKER_CONCURRENCY": str(SLOTS),
        # As many as the workers have slots: what waits in Redis is lost with it.
        "AIRFLOW__CORE__PARALLELISM": str(SLOTS * celery.workers),
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(celery.logs),
    }


def broker_url(celery: Celery, password: str) -> str:
    """Where Redis is."""
    return f"redis://:{quote(password, safe='')}@127.0.0.1:{celery.redis}/0"


def worker_home(home: Home, number: int) -> Path:
    """The folder of one worker."""
    return home.folder / "workers" / str(number)


def address(number: int) -> str:
    """The address on the loopback under which the logs of a worker are read."""
    return f"127.0.1.{number}"


def own_address() -> str:
    """In a worker: what Airflow shall take for the name of its host."""
    return os.environ[ADDRESS]


def make(home: Home, celery: Celery, password: str) -> None:
    """Make the folders and write what Redis must know."""
    folder = home.folder / "redis"
    folder.mkdir(mode=0o700, exist_ok=True)
    lines = (
        "bind 127.0.0.1",
        f"port {celery.redis}",
        f"requirepass {password}",
        f"dir {folder}",
        "appendonly yes",  # what waits there outlives a crash
        'save ""',
    )
    write_private(home.folder / "redis.conf", "\n".join([*lines, ""]))
    for number in celery.numbers:
        worker_home(home, number).mkdir(mode=0o700, parents=True, exist_ok=True)


def redis_command(home: Home) -> list[str]:
    """The command line of Redis, which then needs no PATH."""
    return [shutil.which("redis-server") or "redis-server", str(home.folder / "redis.conf")]


def worker_environment(folder: Path, number: int, logs: str) -> dict[str, str]:
    """What is different in the environment of one worker, with a home in `folder`."""
    return {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(folder / logs),
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(folder / "bundles"),
        "AIRFLOW__CORE__HOSTNAME_CALLABLE": "local.workers.own_address",
        ADDRESS: address(number),
    }


def worker_command(number: int) -> list[str]:
    """The command line of one worker. The server of its logs is a process of its own, see there."""
    python = [sys.executable, "-m", "local.component"]
    return [*python, "celery", "worker", "--skip-serve-logs", "--celery-hostname", f"worker-{number}@bellwether"]


def log_server_command(celery: Celery, number: int) -> list[str]:
    """Airflow's server of a worker's logs; as a part of the worker it would listen on all addresses."""
    listening = ["--host", address(number), "--port", str(celery.logs), "--no-access-log"]
    application = "airflow.utils.serve_logs.log_server:get_app"
    return [sys.executable, "-m", "uvicorn", application, "--factory", *listening]


def with_environment(command: list[str], environment: Mapping[str, str]) -> str:
    """A command line that sets these variables first."""
    return shlex.join(["/usr/bin/env", *(f"{name}={value}" for name, value in environment.items()), *command])
