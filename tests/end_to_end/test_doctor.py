"""`make doctor` and `make mend` on an installation at work."""

import os
import subprocess
import sys

import psycopg

from local import waiting
from local.stack import Stack
from tests.end_to_end.airflow import Airflow


def local(installation: Stack, command: str) -> "subprocess.CompletedProcess[str]":
    waiting.for_health(installation.home, installation.url, 60)  # a busy machine may keep a process from saying it
    return subprocess.run(
        [sys.executable, "-m", "local", command],
        env={**os.environ, "BELLWETHER_HOME": str(installation.home.folder)},
        capture_output=True,
        text=True,
    )


def test_after_a_job_the_doctor_finds_nothing_wrong(installation: Stack) -> None:
    with Airflow(installation) as airflow:
        airflow.wait(airflow.request(tickers=["IBM", "NOBODY"], data_source="sample"))
    done = local(installation, "doctor")
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "scheduler" in done.stdout
    assert "ok     the database answers\n" in done.stdout
    assert "wrong" not in done.stdout


def test_what_the_doctor_names_is_mended_while_everything_runs(installation: Stack) -> None:
    with psycopg.connect(installation.database_url("postgres")) as connection:
        connection.execute("DROP INDEX analysis_jobs_one_active")
        connection.execute("GRANT DELETE ON analysis_requests TO stocks_app")
    ill = local(installation, "doctor")
    assert ill.returncode == 1
    assert "index analysis_jobs_one_active of table analysis_jobs is missing: CREATE UNIQUE INDEX" in ill.stdout
    assert "the role stocks_app may DELETE on table analysis_requests, and must not: REVOKE DELETE" in ill.stdout
    assert "wrong  the records of requests and actions only grow\n" in ill.stdout
    assert "what to do: `make mend` runs these statements, all or none\n" in ill.stdout
    mended = local(installation, "mend")
    assert (mended.returncode, mended.stderr) == (0, "")
    assert "mended: index analysis_jobs_one_active of table analysis_jobs is missing\n" in mended.stdout
    assert local(installation, "doctor").returncode == 0
