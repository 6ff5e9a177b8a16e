"""What `make status` calls wrong, and `make logs` into a pipe that closes."""

import os
import subprocess
import sys
from pathlib import Path

from local import show
from local.supervision import ProcessState

UP_SINCE = 1000


def process(state: str = "RUNNING", started: int = 990, now: int = 1020, spawn_error: str = "") -> ProcessState:
    return ProcessState(name="scheduler", state=state, pid=7, started=started, now=now, spawn_error=spawn_error)


def test_nothing_is_wrong_right_after_the_start() -> None:
    assert show.troubles([process()], UP_SINCE, []) == {}


def test_a_process_started_again_lately_is_named() -> None:
    assert show.troubles([process(started=1008)], UP_SINCE, []) == {
        "scheduler": "ended by itself and was started again 12 s ago"
    }


def test_a_restart_of_long_ago_is_over() -> None:
    assert show.troubles([process(started=1008, now=1200)], UP_SINCE, []) == {}


def test_a_start_that_goes_on_is_no_restart() -> None:
    assert show.troubles([process(started=1008)], None, []) == {}


def test_one_that_does_not_run_is_named_with_what_supervisord_says() -> None:
    assert show.troubles([process("BACKOFF", spawn_error="Exited too quickly")], UP_SINCE, ["scheduler"]) == {
        "scheduler": "is not running: backoff Exited too quickly"
    }


def test_one_that_runs_and_is_not_healthy_is_named() -> None:
    assert show.troubles([process()], UP_SINCE, ["dag-processor"]) == {"dag-processor": "runs and is not healthy"}


def test_logs_into_a_pipe_that_closes_end_quietly(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    for number in range(100):
        (tmp_path / "logs" / f"{number}.log").write_text(20 * f"{'x' * 100}\n")
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "local", "logs"],
            env={**os.environ, "BELLWETHER_HOME": str(tmp_path)},
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
