"""What runs leave behind passes the search for duplicates, and a duplicate is cleaned, with the tasks' connection."""

import os
import pwd
from typing import Any

import pytest

from include.pipeline import duplicates
from include.storage.connection import Connection

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]

ASKED = {"tickers": ["IBM", "JPM"], "data_source": "sample"}


def test_runs_that_ask_the_same_again_pass_and_a_duplicate_is_found_and_cleaned(
    dag: Any, connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    first, again = (dag.test(run_conf=ASKED, logical_date=None).run_id for _ in range(2))
    capsys.readouterr()
    assert duplicates.main(["--seconds", "3600"]) == 0
    said = capsys.readouterr().out
    assert "the later one" in said
    assert said.endswith("PASS: 1 pair of equal jobs created within 3600 s of each other; nothing was done twice\n")

    connection.execute("UPDATE analysis_jobs_details SET status = 'completed'")  # as if nothing had been reused
    assert duplicates.main(["--seconds", "3600"]) == 1
    assert duplicates.main(["clean", "--seconds", "3600"]) == 0
    assert duplicates.main(["clean", "--seconds", "3600", "--really"]) == 0
    assert capsys.readouterr().out.endswith(f"{again}: removed; kept: {first}\n1 job removed\n")
    (action,) = connection.execute("SELECT actor, job_id FROM analysis_actions").fetchall()
    assert action == {"actor": pwd.getpwuid(os.getuid()).pw_name, "job_id": again}


def test_a_database_that_cannot_be_asked_is_no_pass_and_no_fail(
    dag: Any, cluster: Any, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_STOCKS_DB", cluster.url("postgres"))
    assert duplicates.main([]) == 2
    assert "has no tables of ours" in capsys.readouterr().err
    monkeypatch.setenv("AIRFLOW_CONN_STOCKS_DB", "postgresql://nobody:wrong@127.0.0.1:1/none")
    assert duplicates.main([]) == 2
    assert "connection" in capsys.readouterr().err
