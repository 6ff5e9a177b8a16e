"""The housekeeping DAG, run by Airflow in this process."""

from typing import Any

import pytest

from include.model.job import JobStatus
from include.storage.connection import Connection
from include.storage.jobs import progress
from tests.storage.demands import opened

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\\..*")]


def test_a_job_whose_run_is_gone_is_ended(dag: Any, dagbag: Any, connection: Connection) -> None:
    opened(connection, "orphan")
    connection.execute("UPDATE analysis_jobs SET heartbeat_at = heartbeat_at - interval '2 minutes'")
    run = dagbag.dags["stocks_housekeeping"].test()
    assert str(run.state) == "success"
    assert progress(connection, "orphan").status is JobStatus.FAILED  # type: ignore[union-attr]


def test_nothing_to_do_is_a_success(dag: Any, dagbag: Any, connection: Connection) -> None:
    run = dagbag.dags["stocks_housekeeping"].test()
    assert str(run.state) == "success"
