"""Kill -9 in the middle of a job: the job ends right, no ticker is lost, none is stored twice.

Run by `make test-crash`, not by `make test`: each needs an installation of its own and waits for Airflow to notice.
"""

import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import pytest

from include.model.job import JobStatus
from include.model.job import Progress as JobProgress
from include.storage.connection import connect
from include.storage.jobs import progress
from local import processes, supervision
from local.postgres import running_postmaster
from local.stack import Stack, up
from tests.crash.histories import History
from tests.end_to_end.airflow import Airflow

TICKERS = [f"CRASH{n}" for n in range(3000)]
SECONDS_TO_END = 180


def look(installation: Stack, run_id: str) -> JobProgress | None:
    with connect(installation.database_url()) as connection:
        return progress(connection, run_id)


def job_in_the_middle(installation: Stack) -> str:
    """A job of which something is stored and much is not."""
    with Airflow(installation) as airflow:
        run_id = airflow.request(tickers=TICKERS, data_source="demo", batch_size=50)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        reached = look(installation, run_id)
        if reached is not None and reached.completed:
            assert reached.pending, "the job was over before anything could be killed"
            return run_id
        time.sleep(0.02)
    raise TimeoutError(f"{run_id} has stored nothing")


def supervised(installation: Stack, name: str) -> psutil.Process:
    (state,) = (s for s in supervision.states(installation.home) if s.name == name)
    return psutil.Process(state.pid)


def kill_tree(process: psutil.Process) -> None:
    for each in [*process.children(recursive=True), process]:
        with suppress(psutil.NoSuchProcess):
            each.kill()


def kill_a_task(installation: Stack) -> None:
    workers = [
        child
        for child in supervised(installation, "scheduler").children(recursive=True)
        if "LocalExecutor" in " ".join(child.cmdline()) and child.children()
    ]
    kill_tree(workers[0].children()[0])


def kill_scheduler_with_its_tasks(installation: Stack) -> None:
    kill_tree(supervised(installation, "scheduler"))


def kill_scheduler_alone(installation: Stack) -> None:
    supervised(installation, "scheduler").kill()


def kill_api_server(installation: Stack) -> None:
    kill_tree(supervised(installation, "api-server"))


def kill_postgres(installation: Stack) -> None:
    postmaster = running_postmaster(installation.cluster)
    assert postmaster is not None
    kill_tree(postmaster)


def kill_everything_and_start_again(installation: Stack) -> None:
    postmaster = running_postmaster(installation.cluster)
    assert postmaster is not None
    for process in [*processes.of_stack(installation.home.folder), postmaster]:
        kill_tree(process)
    up(installation.home)


@pytest.mark.parametrize(
    "kill",
    [
        kill_a_task,
        kill_scheduler_alone,
        kill_scheduler_with_its_tasks,
        kill_api_server,
        kill_postgres,
        kill_everything_and_start_again,
    ],
)
def test_a_job_that_something_was_killed_under_ends_with_every_ticker_once(
    installation: Stack, kill: Callable[[Stack], None], record_property: Callable[[str, object], None]
) -> None:
    history = History(kill.__name__)
    run_id = job_in_the_middle(installation)
    kill(installation)
    history.say("killed", run_id=run_id)
    killed = time.monotonic()
    ended = None
    while time.monotonic() < killed + SECONDS_TO_END:
        try:
            ended = look(installation, run_id)
        except Exception as error:  # PostgreSQL may be away for a moment
            history.say("away", error=type(error).__name__)
        if ended is not None and not ended.status.is_active:
            break
        time.sleep(0.2)
    seconds = time.monotonic() - killed
    record_property("seconds_to_a_true_status", seconds)
    history.say("ended", seconds_to_a_true_status=seconds, progress=str(ended))
    assert ended is not None
    assert (ended.status, ended.completed, ended.failed) == (JobStatus.COMPLETED, len(TICKERS), 0)
    with connect(installation.database_url()) as connection:
        stored = connection.execute(
            "SELECT count(*) AS rows, count(DISTINCT ticker) AS tickers FROM analysis_results WHERE job_id = %s",
            [run_id],
        ).fetchone()
    assert stored == {"rows": len(TICKERS), "tickers": len(TICKERS)}
