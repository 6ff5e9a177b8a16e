"""CeleryExecutor: workers that share nothing but PostgreSQL, Redis and the API server, and what may happen to them.

Run by `make test-distributed`; it needs redis-server. What waits in Redis when that is lost: test_redis.py.
"""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from local import supervision, waiting
from local.stack import Stack, stack, up
from local.workers import address
from tests.crash.faults import (
    assert_every_ticker_is_stored_once,
    ended,
    job_in_the_middle,
    kill_tree,
    look,
    supervised,
)
from tests.crash.histories import History
from tests.distributed.hosts import another_scheduler, worker_elsewhere
from tests.distributed.looks import broker, places_of, tasks_of, tries_of
from tests.distributed.wire import Wire
from tests.end_to_end.airflow import RUNS, Airflow, wait_until
from tests.pipeline.rows import rows_of

WORKERS = 3
ALL = [f"SPREAD{n}" for n in range(2000)]
SOME = [f"SPREAD{n}" for n in range(1000)]
BATCH = 50
ELSEWHERE = 9
SECONDS_CUT_OFF = 30.0
DAY = "2026-11-20"  # else what is compared is of two days at midnight
SECONDS_TO_START = 120.0
# What a killed worker had taken and not begun, and what a killed scheduler had not sent, is sent sooner than usual.
IMPATIENT = {"AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "60"}
HANDED_OUT_BY = """
SELECT FROM task_instance
WHERE queued_by_job_id = %(scheduler)s AND run_id = %(run_id)s AND state IN ('queued', 'running') LIMIT 1
"""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("stack"), IMPATIENT, workers=WORKERS) as running:
        yield running


def results_of(installation: Stack) -> dict[str, list[Any]]:
    """All that was computed, whichever job did it."""
    rows = rows_of(installation.database_url())
    without = {"job_id", "is_of_its_job"}
    return {
        table: [{name: value for name, value in row.items() if name not in without} for row in rows[table]]
        for table in ("analysis_results", "analysis_raw_data")
    }


def done_by(installation: Stack, run_id: str) -> int:
    """How many results are this job's."""
    return sum(row["job_id"] == run_id for row in rows_of(installation.database_url())["analysis_results"])


def test_a_job_of_2000_is_done_by_all_workers_whose_logs_are_read_in_airflow(installation: Stack) -> None:
    with Airflow(installation) as airflow:
        run_id = airflow.request(tickers=ALL, data_source="demo", batch_size=BATCH)
        assert airflow.wait(run_id, 240)["note"] == "completed: 2000 of 2000 tickers"
        tasks = tasks_of(installation, run_id)
        assert {task["hostname"] for task in tasks} == {address(n) for n in range(1, WORKERS + 1)}
        one_of_each = {task["hostname"]: task for task in tasks if task["task_id"] == "analyze"}
        for host, task in one_of_each.items():
            place = f"{RUNS}/{quote(run_id, safe='')}/taskInstances/analyze/logs/1?map_index={task['map_index']}"
            told = airflow.http.get(place).raise_for_status().text
            assert f"http://{host}:" in told
            assert f"{BATCH} tickers completed, 0 failed" in told


def job_with_a_task_at(installation: Stack, worker: int) -> str:
    """A job in its middle of which this worker has a task at this moment."""
    run_id = job_in_the_middle(installation, SOME, batch_size=BATCH, force=True)
    wait_until(lambda: (address(worker), "running") in places_of(installation, run_id))
    return run_id


def wait_for_workers(installation: Stack, number: int = WORKERS) -> None:
    waiting.for_workers(installation.home, broker(installation), number, SECONDS_TO_START)


def test_what_a_killed_worker_had_is_done_by_the_others(installation: Stack) -> None:
    history = History("worker killed")
    run_id = job_with_a_task_at(installation, 2)
    kill_tree(supervised(installation, "worker-2"))
    end = ended(installation, run_id, history)
    assert_every_ticker_is_stored_once(installation, run_id, end, len(SOME))
    assert tries_of(installation, run_id) == {1, 2}, "nothing was lost with the worker"
    wait_for_workers(installation)


def test_what_cannot_be_sent_while_redis_is_away_is_sent_once_it_is_back(installation: Stack) -> None:
    """Redis is away until all that was handed out is done: then there is more to be sent than can be."""
    history = History("redis away")
    run_id = job_in_the_middle(installation, SOME, batch_size=BATCH, force=True)
    supervision.call(installation.home, "stopProcess", "redis", True)
    wait_until(lambda: "running" not in {state for _, state in places_of(installation, run_id)})
    reached = look(installation, run_id)
    assert reached
    assert reached.pending, "there was nothing left to be sent"
    supervision.begin(installation.home, "redis")
    end = ended(installation, run_id, history)
    assert_every_ticker_is_stored_once(installation, run_id, end, len(SOME))
    assert tries_of(installation, run_id) == {1}, "what could not be sent was taken for failed"
    wait_for_workers(installation)


def test_a_worker_that_is_told_to_stop_ends_its_tasks_first(installation: Stack) -> None:
    history = History("stopped")
    run_id = job_with_a_task_at(installation, 1)
    supervised(installation, "worker-1").terminate()
    end = ended(installation, run_id, history)
    assert_every_ticker_is_stored_once(installation, run_id, end, len(SOME))
    assert tries_of(installation, run_id) == {1}
    wait_for_workers(installation)


def test_a_worker_that_postgresql_cannot_be_reached_from_for_a_while_goes_on(
    installation: Stack, tmp_path: Path
) -> None:
    history = History("cut off")
    with (
        Wire(installation.cluster.port) as wire,
        worker_elsewhere(installation, ELSEWHERE, tmp_path / "elsewhere", wire.port),
    ):
        wait_for_workers(installation, WORKERS + 1)
        run_id = job_with_a_task_at(installation, ELSEWHERE)
        wire.cut()
        healing = threading.Timer(SECONDS_CUT_OFF, wire.mend)
        healing.start()
        history.say("cut off", run_id=run_id)
        end = ended(installation, run_id, history)
        healing.join()
        assert wire.was_cut_while_in_use
    assert_every_ticker_is_stored_once(installation, run_id, end, len(SOME))


def test_of_two_schedulers_one_may_die(installation: Stack, tmp_path: Path) -> None:
    """The one that dies is not started again, and has tasks of the job."""
    history = History("two schedulers")
    before = schedulers(installation)
    with another_scheduler(installation, tmp_path / "elsewhere") as another:
        wait_until(lambda: schedulers(installation) > before, SECONDS_TO_START)
        (number,) = schedulers(installation) - before
        run_id = job_in_the_middle(installation, ALL, batch_size=BATCH, force=True)
        wait_until(lambda: has_tasks_of(installation, number, run_id))
        another.kill()
        history.say("killed", run_id=run_id)
        end = ended(installation, run_id, history)
    assert_every_ticker_is_stored_once(installation, run_id, end, len(ALL))


def schedulers(installation: Stack) -> set[int]:
    """The numbers of those that are alive."""
    with Airflow(installation) as airflow:
        found = airflow.http.get("/api/v2/jobs?job_type=SchedulerJob&is_alive=true").raise_for_status()
    return {job["id"] for job in found.json()["jobs"]}


def has_tasks_of(installation: Stack, scheduler: int, run_id: str) -> bool:
    with psycopg.connect(installation.cluster.url(installation.source.databases.airflow)) as airflow:
        found = airflow.execute(HANDED_OUT_BY, {"scheduler": scheduler, "run_id": run_id}).fetchone()
    return found is not None


def test_what_workers_compute_is_what_one_machine_computes_value_for_value(installation: Stack) -> None:
    """The last: the installation goes back to LocalExecutor, with the same data."""
    with Airflow(installation) as airflow:
        airflow.wait(airflow.request(tickers=ALL, data_source="demo", as_of=DAY, batch_size=BATCH, force=True), 240)
    spread = results_of(installation)
    local = up(installation.home, IMPATIENT, workers=0)
    with Airflow(local) as airflow:
        run_id = airflow.request(tickers=ALL, data_source="demo", as_of=DAY, batch_size=BATCH, force=True)
        assert airflow.wait(run_id, 240)["note"] == "completed: 2000 of 2000 tickers"
    assert {task["hostname"] for task in tasks_of(local, run_id)}.isdisjoint(
        {address(n) for n in range(1, WORKERS + 1)}
    )
    assert done_by(local, run_id) == len(ALL)
    assert results_of(local) == spread
