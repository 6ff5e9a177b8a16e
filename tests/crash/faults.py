"""What is done to a job in its middle, and what must be true of it in the end."""

import time
from collections.abc import Sequence
from contextlib import suppress

import psutil

from include.model.job import JobStatus, Progress
from include.storage.connection import connect
from include.storage.jobs import progress
from local import processes, supervision
from local.postgres import running_postmaster
from local.stack import Stack, up
from tests.crash.histories import History
from tests.end_to_end.airflow import Airflow

SECONDS_TO_BEGIN = 120
SECONDS_TO_END = 180


def look(installation: Stack, run_id: str) -> Progress | None:
    with connect(installation.database_url()) as connection:
        return progress(connection, run_id)


def job_in_the_middle(installation: Stack, tickers: Sequence[str], **fields: object) -> str:
    """A job of which something is stored and much is not."""
    with Airflow(installation) as airflow:
        run_id = airflow.request(tickers=list(tickers), data_source="demo", **fields)
    deadline = time.monotonic() + SECONDS_TO_BEGIN
    while time.monotonic() < deadline:
        reached = look(installation, run_id)
        if reached is not None and reached.completed:
            assert reached.pending, "the job was over before anything could be done to it"
            return run_id
        time.sleep(0.02)
    raise TimeoutError(f"{run_id} has stored nothing")


def supervised(installation: Stack, name: str) -> psutil.Process:
    (state,) = (s for s in supervision.states(installation.home) if s.name == name)
    return psutil.Process(state.pid)


def kill_tree(process: psutil.Process) -> None:
    """Kill a process with all below it, of which some may have ended already."""
    with suppress(psutil.NoSuchProcess):
        for each in [*process.children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):
                each.kill()


def kill_a_task(installation: Stack) -> None:
    """Kill one of the tasks that run now; one that ends in this moment is not it."""
    deadline = time.monotonic() + SECONDS_TO_BEGIN
    while time.monotonic() < deadline:
        for child in supervised(installation, "scheduler").children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                if "LocalExecutor" in " ".join(child.cmdline()) and (tasks := child.children()):
                    tasks[0].kill()
                    return
        time.sleep(0.05)
    raise LookupError("no task runs")


def kill_scheduler_with_its_tasks(installation: Stack) -> None:
    kill_tree(supervised(installation, "scheduler"))


def kill_scheduler_alone(installation: Stack) -> None:
    supervised(installation, "scheduler").kill()


def kill_api_server(installation: Stack) -> None:
    kill_tree(supervised(installation, "api-server"))


def kill_everything_and_start_again(installation: Stack) -> None:
    postmaster = running_postmaster(installation.cluster)
    assert postmaster is not None
    for process in [*processes.of_stack(installation.home.folder), postmaster]:
        kill_tree(process)
    up(installation.home)


def kill_postgres(installation: Stack) -> None:
    postmaster = running_postmaster(installation.cluster)
    assert postmaster is not None
    kill_tree(postmaster)


def ended(installation: Stack, run_id: str, history: History) -> Progress:
    """Wait for the end of a job, also while the database is away."""
    since, reached = time.monotonic(), None
    while time.monotonic() < since + SECONDS_TO_END:
        try:
            reached = look(installation, run_id)
        except Exception as error:  # PostgreSQL may be away for a moment
            history.say("away", error=type(error).__name__)
        if reached is not None and not reached.status.is_active:
            break
        time.sleep(0.2)
    history.say("ended", seconds_to_a_true_status=time.monotonic() - since, progress=str(reached))
    assert reached is not None
    return reached


def assert_every_ticker_is_stored_once(installation: Stack, run_id: str, end: Progress, tickers: int) -> None:
    assert (end.status, end.completed, end.failed) == (JobStatus.COMPLETED, tickers, 0)
    with connect(installation.database_url()) as connection:
        stored = connection.execute(
            "SELECT count(*) AS rows, count(DISTINCT ticker) AS tickers FROM analysis_results WHERE job_id = %s",
            [run_id],
        ).fetchone()
    assert stored == {"rows": tickers, "tickers": tickers}
