"""A task killed at each point of its work, under the real scheduler: the job converges to the same rows."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.model.job import JobStatus
from include.storage.connection import connect
from include.storage.jobs import progress
from local.environment import PRELOADED
from local.stack import Stack, stack
from tests.crash.histories import History
from tests.crash.points import FOLDER, HANG, POINTS, arm, is_armed
from tests.end_to_end.airflow import Airflow, wait_until

TICKERS = [f"POINT{n}" for n in range(200)]
SECONDS_TO_END = 120
DAY = "2026-11-20"  # else what is compared is of two days at midnight
# every column but ids, times and what counts attempts
SAME = """
    SELECT ticker, status, verdict, score, entry, stop_loss, target, position_size, cost, risk_reward, error_code
    FROM analysis_jobs_details WHERE job_id = %s ORDER BY ticker
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("points")


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[Stack]:
    environment = {
        FOLDER: str(folder),
        "AIRFLOW__CORE__MP_FORKSERVER_PRELOAD": f"{PRELOADED},tests.crash.points",
        "BELLWETHER_JOB_TIMEOUT_MINUTES": "1",
    }
    with stack(tmp_path_factory.mktemp("stack"), environment) as running:
        yield running


@pytest.fixture(scope="module")
def undisturbed(installation: Stack) -> list[dict[str, object]]:
    """The rows of a job under which nothing was killed."""
    with Airflow(installation) as airflow:
        run_id = airflow.request(tickers=TICKERS, data_source="demo", as_of=DAY, force=True)
        airflow.wait(run_id)
    with connect(installation.database_url()) as connection:
        return connection.execute(SAME, [run_id]).fetchall()


@pytest.mark.parametrize("point", POINTS)
def test_a_job_whose_task_is_killed_at_a_point_ends_with_the_same_rows(
    installation: Stack, folder: Path, undisturbed: list[dict[str, object]], point: str
) -> None:
    history = History(f"point-{point}")
    arm(folder, point)
    with Airflow(installation) as airflow:
        run_id = airflow.request(tickers=TICKERS, data_source="demo", as_of=DAY, force=True)
        wait_until(lambda: not is_armed(folder, point))
        killed = time.monotonic()
        history.say("killed", run_id=run_id)
        run = airflow.wait(run_id, SECONDS_TO_END)
    history.say("ended", state=run["state"], note=run["note"], seconds_to_the_end=time.monotonic() - killed)
    assert run["state"] == "success"
    with connect(installation.database_url()) as connection:
        reached = progress(connection, run_id)
        assert reached is not None
        assert (reached.status, reached.completed) == (JobStatus.COMPLETED, len(TICKERS))
        assert connection.execute(SAME, [run_id]).fetchall() == undisturbed
        told = connection.execute("SELECT attempt FROM outbox WHERE job_id = %s", [run_id]).fetchall()
        assert len(told) == 1
        stored = connection.execute("SELECT count(*) AS n FROM analysis_results WHERE job_id = %s", [run_id])
        assert stored.fetchone() == {"n": len(TICKERS)}


def test_a_job_that_takes_longer_than_its_timeout_has_failed_with_that_reason(
    installation: Stack, folder: Path
) -> None:
    arm(folder, HANG)
    with Airflow(installation) as airflow:
        run_id = airflow.request(tickers=[f"HANG{n}" for n in range(100)], data_source="demo", batch_size=25)
        run = airflow.wait(run_id, 150)
    assert run["state"] == "failed"
    assert run["note"] == "failed: its run took longer than the DAG's dagrun_timeout"
    with connect(installation.database_url()) as connection:
        ended = progress(connection, run_id)
        assert ended is not None
        assert (ended.status, ended.pending) == (JobStatus.FAILED, 0)
        assert ended.completed == 75, "what the other batches have stored stays"
        assert ended.status_reason == "its run took longer than the DAG's dagrun_timeout"
