"""`make run SOURCE=yahoo-local`: live prices through the real client, without the network."""

from pathlib import Path

import httpx
from rich.console import Console

from include.storage.connection import connect
from include.storage.results import verdicts
from local import main_job, supervision
from local.source import Source
from local.stack import Stack, stack, up
from tests.end_to_end.airflow import Airflow


def counters(running: Stack) -> dict[str, object]:
    assert running.yahoo is not None
    seen: dict[str, object] = httpx.get(f"{running.yahoo.control_url}/counters", trust_env=False).json()
    return seen


def processes_of(running: Stack) -> set[str]:
    return {state.name for state in supervision.states(running.home)}


def test_the_main_job_runs_on_moved_bars_and_leaves_nothing_where_real_quotes_would_be(tmp_path: Path) -> None:
    with stack(tmp_path / "home", source=Source.YAHOO_LOCAL) as moved:
        assert supervision.YAHOO in processes_of(moved)
        assert main_job.run(moved, Console(width=200))
        seen = counters(moved)
        assert (seen["charts"], seen["refused_hosts"]) == (42, {})
        with Airflow(moved) as airflow:
            known = airflow.request(tickers=["TCS.NS", "VOD.L"])
            assert airflow.wait(known)["note"] == "completed: 2 of 2 tickers"
        with connect(moved.database_url()) as connection:
            assert {row.ticker: row.currency for row in verdicts(connection, known)} == {
                "TCS.NS": "INR",
                "VOD.L": "GBP",
            }

        usual = up(moved.home, source=Source.SAMPLE)
        assert (usual.source, supervision.YAHOO in processes_of(usual)) == (Source.SAMPLE, False)
        with connect(usual.database_url()) as connection:
            assert connection.execute("SELECT ticker FROM analysis_results").fetchall() == []
        with Airflow(usual) as airflow:
            assert airflow.wait(airflow.request(tickers=["IBM"]))["note"].startswith("completed: 1 of 1 tickers")
        with connect(usual.cluster.url(Source.YAHOO_LOCAL.databases.stocks)) as connection:
            assert len(verdicts(connection, known)) == 2
