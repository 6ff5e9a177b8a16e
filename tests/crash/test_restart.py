"""After the worst, `make up` again: nothing is lost and work goes on."""

from contextlib import suppress
from pathlib import Path

import psutil

from include.storage.connection import connect
from include.storage.results import verdicts
from local import processes
from local.postgres import running_postmaster
from local.stack import Stack, stack, up
from tests.end_to_end.airflow import Airflow


def kill_everything(installation: Stack) -> None:
    postmaster = running_postmaster(installation.cluster)
    assert postmaster is not None
    for process in [*processes.of_stack(installation.home.folder), postmaster]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


def test_after_a_kill_of_everything_results_are_there_and_a_new_job_runs(tmp_path: Path) -> None:
    with stack(tmp_path / "home") as installation:
        with Airflow(installation) as airflow:
            before = airflow.request(tickers=["IBM", "JPM"], data_source="sample")
            airflow.wait(before)
        kill_everything(installation)
        again = up(installation.home)
        with Airflow(again) as airflow, connect(again.database_url()) as connection:
            assert [row.ticker for row in verdicts(connection, before) if row.verdict] != []
            assert airflow.run(before)["note"].partition(";")[0] == "completed: 2 of 2 tickers"
            assert airflow.wait(airflow.request(tickers=["XOM"], data_source="sample"))["state"] == "success"
    assert processes.of_stack(tmp_path / "home") == []
