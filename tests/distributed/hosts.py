"""Processes of Airflow beside those of an installation, as if on a host of their own."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from local.processes import end
from local.stack import Stack
from local.workers import worker_command, worker_environment

SECONDS_TO_STOP = 30.0


@contextmanager
def beside(
    installation: Stack, command: list[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run this with the installation's environment and what is different, until the block ends."""
    folder.mkdir()
    env = {**installation.env, "AIRFLOW_HOME": str(folder), **environment}
    with (
        (folder / "out.log").open("wb") as log,
        subprocess.Popen(command, env=env, cwd=folder, stdout=log, stderr=log, start_new_session=True) as process,
    ):
        try:
            yield process
        finally:
            end([psutil.Process(process.pid)], SECONDS_TO_STOP)


@contextmanager
def another_scheduler(installation: Stack, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "local.component", "scheduler", "--skip-serve-logs"]
    with beside(installation, command, folder, {}) as process:
        yield process


@contextmanager
def worker_elsewhere(
    installation: Stack, number: int, folder: Path, postgres_port: int
) -> Iterator[subprocess.Popen[bytes]]:
    """A worker that reaches PostgreSQL through another port."""
    here, there = f":{installation.cluster.port}/", f":{postgres_port}/"
    names = ("AIRFLOW_CONN_STOCKS_DB", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
    lines = {name: installation.env[name].replace(here, there) for name in names}
    with beside(
        installation, worker_command(number), folder, {**worker_environment(folder, number, "tasks"), **lines}
    ) as process:
        yield process
