"""Keeps PostgreSQL and Airflow's processes alive, by supervisord.

Airflow has no process manager for one machine: `airflow standalone` ends all when its terminal closes, mixes the logs
and starts nothing again. supervisord needs no root and no init system, runs the same on Linux and macOS, starts a
process again when it crashes, rotates its log and ends its whole process group.
"""

import shlex
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import SupervisorTransport

from local import accounts, postgres, processes, workers
from local.environment import MARK
from local.errors import LocalError
from local.home import Home, write_private
from local.source import Source, YahooPorts, yahoo_command
from local.workers import Celery

POSTGRES = "postgres"
YAHOO = "yahoo-local"
REDIS = "redis"
WORKERS, WORKER_LOGS = "workers", "worker-logs"  # groups
AIRFLOW = ("api-server", "dag-processor", "scheduler")
STOP_SECONDS = 10
STOPPED_ONE_BY_ONE = 8  # at most: PostgreSQL, the local Yahoo, Redis, two groups for Celery, and three of Airflow
AIRFLOW_COMMANDS = {
    "api-server": "api-server",
    "dag-processor": "dag-processor",
    # The log server listens on all addresses; the API reads the log files themselves.
    "scheduler": "scheduler --skip-serve-logs",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessState:
    """One supervised process. `state` is supervisord's word, as RUNNING or BACKOFF; `started` in seconds since 1970.

    `spawn_error` is why supervisord could not start it, empty without such a reason.
    """

    name: str
    state: str
    pid: int
    started: int
    now: int
    spawn_error: str = ""


def write_configuration(
    home: Home, cluster: postgres.Cluster, yahoo: YahooPorts | None = None, celery: Celery | None = None
) -> None:
    """Write what supervisord must know. Lower priority starts earlier and stops later."""
    programs = [_program(home, POSTGRES, 10, _postgres_options(home, cluster))]
    if yahoo is not None:
        programs.append(_program(home, YAHOO, 15, _yahoo_options(home, yahoo)))
    for priority, name in enumerate(AIRFLOW, start=20):
        command = f"{shlex.quote(sys.executable)} -m local.component {AIRFLOW_COMMANDS[name]}"
        # SIGTERM goes to the process alone: the scheduler then waits for the tasks that run. What is left is killed.
        options = {"command": command, "directory": str(home.airflow), "stopsignal": "TERM", "killasgroup": "true"}
        programs.append(_program(home, name, priority, options))
    if celery is not None:
        programs += _celery_programs(home, celery, Source.SAMPLE if yahoo is None else Source.YAHOO_LOCAL)
    write_private(home.supervisor_conf, "\n".join([_daemon(home), *programs]))


def _daemon(home: Home) -> str:
    sections: dict[str, dict[str, str]] = {
        "unix_http_server": {"file": str(home.socket), "chmod": "0700"},
        "supervisord": {
            "logfile": str(home.log("supervisord")),
            "logfile_maxbytes": "5MB",
            "logfile_backups": "1",
            "pidfile": str(home.folder / "supervisord.pid"),
            "childlogdir": str(home.logs),
            "umask": "077",
            "identifier": "bellwether",
            **({"user": "root"} if accounts.postgres_account() else {}),
        },
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
    }
    return "\n".join(_section(name, options) for name, options in sections.items())


def _postgres_options(home: Home, cluster: postgres.Cluster) -> dict[str, str]:
    """PostgreSQL gets an environment with our mark alone: Airflow's is full of secrets, and the account another one."""
    command = shlex.join(["/usr/bin/env", "-i", f"{MARK}={home.folder}", *cluster.command()])
    account = {"user": cluster.account.name} if cluster.account else {}
    return {"command": command, "directory": "/", "stopsignal": "INT", **account}


def _yahoo_options(home: Home, ports: YahooPorts) -> dict[str, str]:
    """The local Yahoo, like PostgreSQL, gets none of Airflow's secrets."""
    env, *command = yahoo_command(home, ports)
    return {"command": shlex.join([env, command[0], f"{MARK}={home.folder}", *command[1:]]), "directory": "/"}


def _redis_options(home: Home) -> dict[str, str]:
    """Redis, like PostgreSQL, gets none of Airflow's secrets; its own is in its file."""
    command = ["/usr/bin/env", "-i", f"{MARK}={home.folder}", *workers.redis_command(home)]
    return {"command": shlex.join(command), "directory": "/"}


def _celery_programs(home: Home, celery: Celery, source: Source) -> list[str]:
    """Redis, the workers, and what serves their logs. The workers stop first, all at once."""
    programs = [_program(home, REDIS, 16, _redis_options(home))]
    of_group: dict[str, list[str]] = {WORKER_LOGS: [], WORKERS: []}
    for number in celery.numbers:
        folder = workers.worker_home(home, number)
        environment = workers.worker_environment(folder, number, source.task_logs)
        commands = {
            WORKER_LOGS: (f"worker-{number}-logs", workers.log_server_command(celery, number)),
            WORKERS: (f"worker-{number}", workers.worker_command(number)),
        }
        for group, (name, words) in commands.items():
            command = workers.with_environment(words, environment)
            options = {"command": command, "directory": str(folder), "stopsignal": "TERM", "killasgroup": "true"}
            programs.append(_program(home, name, 30, options))
            of_group[group].append(name)
    for priority, (group, names) in enumerate(of_group.items(), start=30):
        programs.append(_section(f"group:{group}", {"programs": ",".join(names), "priority": str(priority)}))
    return programs


def _program(home: Home, name: str, priority: int, options: Mapping[str, str]) -> str:
    common = {
        "priority": str(priority),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": "3",
        "startretries": "20",
        "stopwaitsecs": str(STOP_SECONDS),
        "redirect_stderr": "true",
        "stdout_logfile": str(home.log(name)),
        "stdout_logfile_maxbytes": "10MB",
        "stdout_logfile_backups": "2",
    }
    return _section(f"program:{name}", {**options, **common})


def _section(name: str, options: Mapping[str, str]) -> str:
    """A section of the file. supervisord expands `%`, so that it must stand twice; a process's log it expands twice."""
    lines = [
        f"{key} = {value.replace('%', '%%%%' if key == 'stdout_logfile' else '%%')}" for key, value in options.items()
    ]
    return "\n".join([f"[{name}]", *lines, ""])


def daemon(home: Home) -> psutil.Process | None:
    """The supervisord of this folder, None when there is none."""
    pid = _last_pid(home)
    with suppress(psutil.Error):
        if pid is not None and processes.has_mark(psutil.Process(pid), home.folder):
            return psutil.Process(pid)
    return None


def _last_pid(home: Home) -> int | None:
    """The pid of the last supervisord, which is also its session's id; it may be gone."""
    with suppress(FileNotFoundError, ValueError):
        return int((home.folder / "supervisord.pid").read_text())
    return None


def present(home: Home) -> list[psutil.Process]:
    """All processes of this folder, also those that a killed supervisord left."""
    return processes.of_stack(home.folder, _last_pid(home))


def start(home: Home, environment: Mapping[str, str]) -> None:
    """Start supervisord, detached from the terminal; it starts nothing yet."""
    home.make_socket_folder()
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(home.supervisor_conf)]
    done = subprocess.run(
        command, env=dict(environment), cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, umask=0o077
    )
    if done.returncode:
        raise LocalError(f"supervisord did not start: {(done.stdout + done.stderr).strip()}", home.log("supervisord"))
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with suppress(OSError, Fault):
            call(home, "getState")
            return
        time.sleep(0.05)
    raise LocalError("supervisord does not answer", home.log("supervisord"))


def call(home: Home, method: str, *arguments: str | bool) -> Any:  # noqa: ANN401
    """Call supervisord. Its methods: http://supervisord.org/api.html."""
    transport = SupervisorTransport(None, None, f"unix://{home.socket}")
    with ServerProxy("http://127.0.0.1", transport=transport) as server:
        return getattr(server.supervisor, method)(*arguments)


def begin(home: Home, name: str) -> None:
    """Start one process without waiting for it."""
    call(home, "startProcess", name, False)


def begin_group(home: Home, name: str) -> None:
    """Start all processes of a group without waiting for them."""
    call(home, "startProcessGroup", name, False)


def restart(home: Home, name: str) -> None:
    """Stop one process, wait for that, and start it again."""
    call(home, "stopProcess", name, True)
    begin(home, name)


def states(home: Home) -> list[ProcessState]:
    """All supervised processes, empty when no supervisord answers."""
    try:
        found = call(home, "getAllProcessInfo")
    except (OSError, Fault):
        return []
    return [
        ProcessState(
            name=p["name"],
            state=p["statename"],
            pid=p["pid"],
            started=p["start"],
            now=p["now"],
            spawn_error=p["spawnerr"],
        )
        for p in sorted(found, key=lambda p: p["start"])
    ]


def stop_all(home: Home, cluster: postgres.Cluster) -> bool:
    """Stop everything of this folder, also what a killed supervisord left; whether anything ran.

    supervisord stops the scheduler first and PostgreSQL last.
    """
    supervisor = daemon(home)
    if supervisor is not None:
        processes.end([supervisor], patience=STOP_SECONDS * STOPPED_ONE_BY_ONE)
    server = postgres.running_postmaster(cluster)
    orphans = present(home)
    processes.end([orphan for orphan in orphans if orphan != server])
    if server is not None:
        postgres.end_postmaster(cluster)
    home.remove_socket()
    return bool(supervisor or orphans or server)


def log_tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, without those that only decorate."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 20_000))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])
