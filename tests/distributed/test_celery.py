"""CeleryExecutor: workers that share nothing but PostgreSQL, Redis and the API server, and what may happen to them.

Run by `make test-distributed`; it needs redis-server.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from local import supervision, waiting
from local.stack import Stack, stack, up
from local.workers import address
from tests.crash.faults import (
    assert_every_ticker_is_stored_once,
    ended,
    job_in_the_middle,
    kill_tree,
    supervised,
)
from tests.crash.histories import History
from tests.distributed.hosts import another_scheduler, worker_elsewhere
from tests.distributed.wire import Wire
from tests.end_to_end.airflow import RUNS, Airflow, wait_until
from tests.pipeline.rows import rows_of

WORKERS = 3
ALL = [f"SPREAD{n}" for n in range(2000)]
SOME = [f"SPREAD{n}" for n in range(1000)]
BATCH = 50
ELSEWHERE = 9
SECONDS_CUT_OFF = 30.0
SECONDS_TO_START = 120.0
# What Redis lost is sent again sooner than usual, so that the test ends sooner.
IMPATIENT = {"AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "20"}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("stack"), IMPATIENT, workers=WORKERS) as running:
        yield running


def tasks_of(installation: Stack, run_id: str) -> list[dict[str, Any]]:
    with Airflow(installation) as airflow:
        found = airflow.http.get(f"{RUNS}/{quote(run_id, safe='')}/taskInstances?limit=500").raise_for_status()
    tasks: list[dict[str, Any]] = found.json()["task_instances"]
    return tasks


def results_of(installation: Stack) -> dict[str, list[Any]]:
    """All that was computed, whichever job did it."""
    rows = rows_of(installation.database_url())
    without = {"job_id", "is_of_its_job"}
    return {
        table: [{name: value for name, value in row.items() if name not in without} for row in rows[table]]
        for table in ("analysis_results", "analysis_raw_data")
    }


def test_a_job_of_2000_is_done_by_all_workers_whose_logs_are_read_in_airflow(installation: Stack) -> None:
    with Airflow(installation) as airflow:
        run_id = airflow.request(tickers=ALL, data_source="demo", batch_size=BATCH)
        assert airflow.wait(run_id, 240)["note"] == "completed: 2000 of 2000 tickers"
        tasks = tasks_of(installation, run_id)
        assert set(Counter(task["hostname"] for task in tasks)) == {address(n) for n in range(1, WORKERS + 1)}
        one_of_each = {task["hostname"]: task for task in tasks if task["task_id"] == "analyze"}
        for host, task in one_of_each.items():
            place = f"{RUNS}/{quote(run_id, safe='')}/taskInstances/analyze/logs/1?map_index={task['map_index']}"
            told = airflow.http.get(place).raise_for_status().text
            assert f"http://{host}:" in told
            assert f"{BATCH} tickers completed, 0 failed" in told


def kill_a_worker(installation: Stack, run_id: str) -> None:
    kill_tree(supervised(installation, "worker-2"))


def kill_redis(installation: Stack, run_id: str) -> None:
    supervised(installation, "redis").kill()


def restart_redis_without_its_file(installation: Stack, run_id: str) -> None:
    supervision.call(installation.home, "stopProcess", "redis", True)
    for file in (installation.home.folder / "redis").rglob("*"):
        if file.is_file():
            file.unlink()
    supervision.begin(installation.home, "redis")


def take_redis_away_while_tasks_must_be_sent(installation: Stack, run_id: str) -> None:
    """Until all that was handed out is done: then there are more to be sent than can be."""

    def all_is_done() -> bool:
        return not any(task["state"] == "running" for task in tasks_of(installation, run_id))

    supervision.call(installation.home, "stopProcess", "redis", True)
    wait_until(all_is_done)
    supervision.begin(installation.home, "redis")


@pytest.mark.parametrize(
    "fault", [kill_a_worker, kill_redis, restart_redis_without_its_file, take_redis_away_while_tasks_must_be_sent]
)
def test_a_job_that_a_part_was_lost_under_ends_with_every_ticker_once(
    installation: Stack, fault: Callable[[Stack, str], None]
) -> None:
    history = History(fault.__name__)
    run_id = job_in_the_middle(installation, SOME, batch_size=BATCH, force=True)
    fault(installation, run_id)
    history.say("done", run_id=run_id)
    end = ended(installation, run_id, history)
    assert_every_ticker_is_stored_once(installation, run_id, end, len(SOME))
    waiting.for_workers(installation.home, installation.env["AIRFLOW__CELERY__BROKER_URL"], WORKERS, SECONDS_TO_START)


def test_a_worker_that_is_told_to_stop_ends_its_tasks_first(installation: Stack) -> None:
    history = History("stopped")
    run_id = job_in_the_middle(installation, SOME, batch_size=BATCH, force=True)
    supervised(installation, "worker-1").terminate()
    end = ended(installation, run_id, history)
    assert_every_ticker_is_stored_once(installation, run_id, end, len(SOME))
    assert {task["try_number"] for task in tasks_of(installation, run_id)} == {1}
    waiting.for_workers(installation.home, installation.env["AIRFLOW__CELERY__BROKER_URL"], WORKERS, SECONDS_TO_START)


def test_a_worker_that_postgresql_cannot_be_reached_from_for_a_while_goes_on(
    installation: Stack, tmp_path: Path
) -> None:
    history = History("cut off")
    broker = installation.env["AIRFLOW__CELERY__BROKER_URL"]
    with (
        Wire(installation.cluster.port) as wire,
        worker_elsewhere(installation, ELSEWHERE, tmp_path / "elsewhere", wire.port),
    ):
        waiting.for_workers(installation.home, broker, WORKERS + 1, SECONDS_TO_START)
        run_id = job_in_the_middle(installation, SOME, batch_size=BATCH, force=True)
        wait_until(lambda: (address(ELSEWHERE), "running") in places_of(installation, run_id))
        wire.cut()
        healing = threading.Timer(SECONDS_CUT_OFF, wire.mend)
        healing.start()
        history.say("cut off", run_id=run_id)
        end = ended(installation, run_id, history)
        healing.join()
        assert wire.was_cut_while_in_use
    assert_every_ticker_is_stored_once(installation, run_id, end, len(SOME))


def places_of(installation: Stack, run_id: str) -> set[tuple[str, str]]:
    return {(task["hostname"], task["state"]) for task in tasks_of(installation, run_id)}


def test_of_two_schedulers_one_may_die(installation: Stack, tmp_path: Path) -> None:
    history = History("two schedulers")

    def schedulers() -> int:
        with Airflow(installation) as airflow:
            found = airflow.http.get("/api/v2/jobs?job_type=SchedulerJob&is_alive=true").raise_for_status()
        return int(found.json()["total_entries"])

    before = schedulers()
    with another_scheduler(installation, tmp_path / "elsewhere"):
        wait_until(lambda: schedulers() > before, SECONDS_TO_START)
        run_id = job_in_the_middle(installation, SOME, batch_size=BATCH, force=True)
        supervised(installation, "scheduler").kill()
        end = ended(installation, run_id, history)
        assert_every_ticker_is_stored_once(installation, run_id, end, len(SOME))


def test_what_workers_compute_is_what_one_machine_computes_value_for_value(installation: Stack) -> None:
    """The last: the installation goes back to LocalExecutor, with the same data."""
    with Airflow(installation) as airflow:
        airflow.wait(airflow.request(tickers=ALL, data_source="demo", batch_size=BATCH, force=True), 240)
    spread = results_of(installation)
    local = up(installation.home, IMPATIENT, workers=0)
    with Airflow(local) as airflow:
        run_id = airflow.request(tickers=ALL, data_source="demo", batch_size=BATCH, force=True)
        assert airflow.wait(run_id, 240)["note"] == "completed: 2000 of 2000 tickers"
    assert {task["hostname"] for task in tasks_of(local, run_id)}.isdisjoint(
        {address(n) for n in range(1, WORKERS + 1)}
    )
    assert len(spread["analysis_results"]) >= len(ALL)
    assert results_of(local) == spread
