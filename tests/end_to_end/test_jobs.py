"""The promises of a job, on the real scheduler and over the real REST API."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from include.model.job import JobStatus
from include.storage.connection import connect
from include.storage.jobs import progress
from include.storage.results import verdicts
from include.storage.watchlist import add_to_watchlist
from local.stack import Stack
from local.supervision import states
from tests.end_to_end.airflow import RUNS, Airflow

SAMPLE = {"data_source": "sample"}


@pytest.fixture(scope="module")
def airflow(installation: Stack) -> Iterator[Airflow]:
    with Airflow(installation) as client:
        yield client


def test_a_request_over_rest_becomes_a_completed_job_with_every_ticker(installation: Stack, airflow: Airflow) -> None:
    run = airflow.wait(airflow.request(universe="sample_leaders", force=True, **SAMPLE))
    assert (run["state"], run["note"].partition(";")[0]) == ("success", "completed: 42 of 42 tickers")
    with connect(installation.database_url()) as connection:
        reached = progress(connection, run["dag_run_id"])
        assert reached is not None
        assert (reached.status, reached.completed) == (JobStatus.COMPLETED, 42)
        assert all(row.verdict and row.reasons for row in verdicts(connection, run["dag_run_id"]))


def test_the_trigger_forms_defaults_analyse_the_users_first_watchlist(airflow: Airflow) -> None:
    run = airflow.wait(airflow.request())
    assert run["state"] == "success"
    assert run["note"].startswith("completed: 42 of 42 tickers")


def test_an_accepted_request_has_a_visible_status_at_once(airflow: Airflow) -> None:
    run_id = airflow.request(tickers=["IBM"], **SAMPLE)
    assert airflow.run(run_id)["state"] in ("queued", "running", "success")
    airflow.wait(run_id)


def long_job(airflow: Airflow, installation: Stack, name: str) -> str:
    """A job that is being processed and will be for a while."""
    run_id = airflow.request(tickers=[f"{name}{n}" for n in range(4000)], data_source="demo", batch_size=100)
    with connect(installation.database_url()) as connection:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            reached = progress(connection, run_id)
            if reached is not None and reached.status is JobStatus.PROCESSING:
                return run_id
            time.sleep(0.05)
    raise TimeoutError(f"{run_id} was not started")


@pytest.mark.parametrize("state", ["failed", "success"])
def test_marking_a_run_cancels_its_job_at_once_and_for_good(installation: Stack, airflow: Airflow, state: str) -> None:
    run_id = long_job(airflow, installation, f"MARK{state[0].upper()}")
    airflow.mark(run_id, state)
    with connect(installation.database_url()) as connection:
        cancelled = progress(connection, run_id)
        assert cancelled is not None
        assert (cancelled.status, cancelled.pending) == (JobStatus.CANCELLED, 0)
        assert cancelled.status_reason == f"its run was marked {state} in Airflow"
        assert airflow.run(run_id)["note"] == f"cancelled: its run was marked {state} in Airflow"
        # what still runs writes nothing more, and another job is not held up
        airflow.wait(airflow.request(tickers=["IBM"], **SAMPLE))
        assert progress(connection, run_id) == cancelled


def test_clearing_a_run_does_its_job_again_as_the_next_attempt(installation: Stack, airflow: Airflow) -> None:
    run_id = airflow.request(tickers=["IBM", "JPM"], **SAMPLE)
    airflow.wait(run_id)
    airflow.clear(run_id)
    assert airflow.wait(run_id)["state"] == "success"
    with connect(installation.database_url()) as connection:
        job = connection.execute("SELECT attempt, status FROM analysis_jobs WHERE job_id = %s", [run_id]).fetchone()
    assert job == {"attempt": 2, "status": "completed"}


def test_a_run_that_is_cleared_does_the_work_it_was_made_for_whatever_has_become_of_the_watchlist(
    installation: Stack,
) -> None:
    installation.add_user("cleo", "op")
    with Airflow(installation, "cleo") as airflow, connect(installation.database_url()) as connection:
        add_to_watchlist(connection, "cleo", ["IBM"])
        run_id = airflow.request(**SAMPLE)
        airflow.wait(run_id)
        tickers = {row.ticker for row in verdicts(connection, run_id)}
        connection.execute("DELETE FROM watchlist WHERE owner = 'cleo'")
        airflow.clear(run_id)
        assert airflow.wait(run_id)["state"] == "success"
        assert {row.ticker for row in verdicts(connection, run_id)} == tickers >= {"IBM"}


def test_a_run_that_is_cleared_and_then_refused_fails_and_leaves_its_job_as_it_was(
    installation: Stack, airflow: Airflow
) -> None:
    run_id = airflow.request(tickers=["PEP"], request_id="given-to-another", **SAMPLE)
    airflow.wait(run_id)
    with connect(installation.database_url()) as connection:
        done = progress(connection, run_id)
        connection.execute(
            "UPDATE request_ids SET claim_key = repeat('f', 64), job_id = 'other' WHERE job_id = %s", [run_id]
        )
        airflow.clear(run_id)
        run = airflow.wait(run_id)
        assert (run["state"], run["note"].split(":")[0]) == ("failed", "refused")
        assert progress(connection, run_id) == done


def trigger_from_the_command_line(installation: Stack, run_id: str, conf: dict[str, Any]) -> None:
    command = [
        sys.executable,
        "-m",
        "airflow",
        "dags",
        "trigger",
        "analyze_stocks",
        "-r",
        run_id,
        "-c",
        json.dumps(conf),
    ]
    subprocess.run(command, env=dict(installation.env), check=True, capture_output=True, timeout=120)


def test_a_refused_request_that_came_past_the_doors_says_why_on_its_run_and_does_no_harm_to_the_scheduler(
    installation: Stack, airflow: Airflow
) -> None:
    def scheduler() -> int:
        return next(state.pid for state in states(installation.home) if state.name == "scheduler")

    before = scheduler()
    mistakes = {"tickers": [f"bad {n} {'x' * 200}" for n in range(100)]}
    trigger_from_the_command_line(installation, "mistakes", mistakes)
    run = airflow.wait("mistakes")
    assert run["state"] == "failed"
    assert run["note"].startswith("refused: tickers.0 'bad 0 ")
    assert airflow.wait(airflow.request(tickers=["IBM"], **SAMPLE))["state"] == "success"
    assert scheduler() == before
    with connect(installation.database_url()) as connection:
        recorded = connection.execute(
            "SELECT door, disposition, reason FROM analysis_requests WHERE run_id = 'mistakes'"
        ).fetchall()
    assert [(row["door"], row["disposition"]) for row in recorded] == [("cli", "refused")]
    assert "bad 99" in recorded[0]["reason"]


def test_a_value_out_of_bounds_is_refused_at_the_door(airflow: Airflow) -> None:
    answer = airflow.post(tickers=["IBM"], capital=-1, **SAMPLE)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "capital" in answer.text


def test_nobody_asks_without_a_login(installation: Stack) -> None:
    answer = httpx.post(f"{installation.url}{RUNS}", json={"logical_date": None, "conf": {}}, trust_env=False)
    assert answer.status_code == httpx.codes.UNAUTHORIZED


def test_a_viewer_reads_and_may_not_ask(installation: Stack, airflow: Airflow) -> None:
    run_id = airflow.request(tickers=["IBM"], **SAMPLE)
    with Airflow(installation, "vic") as viewer:
        assert viewer.wait(run_id)["state"] == "success"
        assert viewer.post(tickers=["IBM"], **SAMPLE).status_code == httpx.codes.FORBIDDEN
