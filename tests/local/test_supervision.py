"""What supervisord is told, and processes found by their mark."""

import configparser
import os
import shlex
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from local import postgres, processes, supervision
from local.environment import MARK
from local.home import Home
from local.source import YahooPorts


@pytest.fixture
def written(tmp_path: Path) -> configparser.RawConfigParser:
    home = Home(tmp_path / "100% mine")
    home.make()
    supervision.write_configuration(home, postgres.Cluster(home=home.folder / "postgres", port=5433, password="secret"))
    assert stat.S_IMODE(home.supervisor_conf.stat().st_mode) == 0o600
    assert "secret" not in home.supervisor_conf.read_text()
    parsed = configparser.RawConfigParser()
    parsed.read(home.supervisor_conf)
    return parsed


def programs(written: configparser.RawConfigParser) -> dict[str, dict[str, str]]:
    return {name[8:]: dict(written[name]) for name in written.sections() if name.startswith("program:")}


def test_all_processes_are_started_again_after_a_crash(written: configparser.RawConfigParser) -> None:
    assert set(programs(written)) == {"postgres", "api-server", "dag-processor", "scheduler"}
    assert {options["autorestart"] for options in programs(written).values()} == {"true"}


def test_the_scheduler_stops_first_and_postgresql_last(written: configparser.RawConfigParser) -> None:
    order = sorted(programs(written), key=lambda name: int(programs(written)[name]["priority"]), reverse=True)
    assert (order[0], order[-1]) == ("scheduler", "postgres")


def test_postgresql_stops_fast_and_cleanly_and_gets_no_secrets(written: configparser.RawConfigParser) -> None:
    options = programs(written)["postgres"]
    assert options["stopsignal"] == "INT"
    assert shlex.split(options["command"])[:2] == ["/usr/bin/env", "-i"]
    assert options.get("user") == ("nobody" if os.geteuid() == 0 else None)


def test_every_process_has_its_own_rotated_log(written: configparser.RawConfigParser) -> None:
    logs = [options["stdout_logfile"] for options in programs(written).values()]
    assert len(set(logs)) == len(logs)
    assert all(options["stdout_logfile_backups"] == "2" for options in programs(written).values())


def test_a_local_yahoo_starts_before_airflow_and_gets_no_secrets(tmp_path: Path) -> None:
    home = Home(tmp_path / "state")
    home.make()
    cluster = postgres.Cluster(home=home.folder / "postgres", port=5433, password="secret")
    supervision.write_configuration(home, cluster, YahooPorts(proxy=8090, control=8091))
    parsed = configparser.RawConfigParser()
    parsed.read(home.supervisor_conf)
    order = sorted(programs(parsed), key=lambda name: int(programs(parsed)[name]["priority"]))
    assert order[:3] == ["postgres", "yahoo-local", "api-server"]
    words = shlex.split(programs(parsed)["yahoo-local"]["command"])
    assert words[:3] == ["/usr/bin/env", "-i", f"{MARK}={home.folder}"]


def test_a_percent_sign_in_a_path_is_not_expanded(written: configparser.RawConfigParser) -> None:
    assert "100%% mine" in written["supervisord"]["pidfile"]
    assert "100%%%% mine" in programs(written)["scheduler"]["stdout_logfile"]


def test_a_path_with_a_space_stays_one_argument(written: configparser.RawConfigParser) -> None:
    words = shlex.split(programs(written)["postgres"]["command"])
    assert words[words.index("-D") + 1].endswith("100%% mine/postgres/data")


def test_the_server_for_the_logs_of_other_machines_is_off(written: configparser.RawConfigParser) -> None:
    assert "--skip-serve-logs" in programs(written)["scheduler"]["command"]


def test_processes_are_found_by_their_mark_and_ended(tmp_path: Path) -> None:
    sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
    mine = subprocess.Popen(sleeper, env={**os.environ, MARK: str(tmp_path)})
    other = subprocess.Popen(sleeper, env={**os.environ, MARK: str(tmp_path / "other")})
    try:
        assert [process.pid for process in processes.of_stack(tmp_path)] == [mine.pid]
        processes.end(processes.of_stack(tmp_path))
        assert mine.poll() == -signal.SIGTERM
        assert other.poll() is None
    finally:
        for process in (mine, other):
            process.kill()
            process.wait()


def test_one_that_does_not_listen_is_ended_by_force(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    command = [sys.executable, "-c", deaf]
    with subprocess.Popen(command, env={**os.environ, MARK: str(tmp_path)}, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        processes.end(processes.of_stack(tmp_path), patience=0.2)
        assert process.poll() == -signal.SIGKILL


def test_a_worker_that_hides_its_environment_is_found_by_its_session() -> None:
    title = "exec -a 'airflow worker -- LocalExecutor: <idle>' sleep 60"
    with subprocess.Popen(["bash", "-c", title], start_new_session=True, env={"PATH": os.environ["PATH"]}) as worker:
        try:
            assert wait_until(lambda: psutil.Process(worker.pid).name() == "sleep")
            assert processes.of_stack(Path("/nowhere")) == []
            assert [process.pid for process in processes.of_stack(Path("/nowhere"), worker.pid)] == [worker.pid]
        finally:
            worker.kill()


def wait_until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 10
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    return is_so()


def test_without_a_pid_file_nothing_is_supervised(tmp_path: Path) -> None:
    assert supervision.daemon(Home(tmp_path)) is None
    (tmp_path / "supervisord.pid").write_text(str(os.getpid()))
    assert supervision.daemon(Home(tmp_path)) is None


def test_the_tail_of_a_log_has_its_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "some.log"
    log.write_text("".join(f"line {number}\n\n" for number in range(5000)))
    assert supervision.log_tail(log, 2) == "line 4998\nline 4999"
    assert supervision.log_tail(tmp_path / "none.log") == ""
