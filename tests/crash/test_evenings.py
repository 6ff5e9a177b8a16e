"""The timetable on the real scheduler: evenings as they come, evenings that were missed, and sessions of the past."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from include.market.calendars import session_ends
from include.storage.connection import Connection, connect
from include.storage.watchlist import add_to_watchlist
from local.environment import extra_dags
from local.home import ROOT
from local.source import Source
from local.stack import Stack, stack
from tests.crash.evenings import Evening, evening
from tests.end_to_end.airflow import ENDED, Airflow, wait_until

CONSUMER = "after_the_close"
MISSED = 3  # sessions that are over before the DAG is switched on
PATIENCE = 600.0  # seconds; nothing is late before, also on a machine that is busy with other things
CLOSES_IN = 75.0


@pytest.fixture(scope="module")
def tonight() -> Evening:
    return evening()


@pytest.fixture(scope="module")
def past(tonight: Evening) -> list[date]:
    """The last sessions that are over, oldest first."""
    days = session_ends(tonight.exchange, tonight.before - timedelta(days=30), tonight.before)
    return list(days)[-8:]


@pytest.fixture(scope="module")
def installation(tonight: Evening, past: list[date], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {
        "BELLWETHER_DAILY_EXCHANGES": tonight.exchange.name,
        "BELLWETHER_DAILY_SINCE": str(past[-MISSED]),
        "BELLWETHER_CLOSE_DELAY_MINUTES": "0",
        "BELLWETHER_LATE_BAR_MINUTES": "0.5",
        "BELLWETHER_RECHECK_MINUTES": "0.05",
        **extra_dags(examples=ROOT / "docs" / "examples"),
    }
    with stack(tmp_path_factory.mktemp("evenings"), settings, source=Source.YAHOO_LOCAL) as running:
        assert running.yahoo is not None
        now = {"now": tonight.source_now.isoformat()}
        httpx.post(f"{running.yahoo.control_url}/settings", json=now, trust_env=False).raise_for_status()
        yield running


@pytest.fixture
def airflow(installation: Stack) -> Iterator[Airflow]:
    with Airflow(installation) as client:
        yield client


@pytest.fixture
def connection(installation: Stack) -> Iterator[Connection]:
    with connect(installation.database_url("stocks_owner")) as opened:
        yield opened


def runs(airflow: Airflow, dag_id: str) -> list[dict[str, Any]]:
    """The runs of a DAG by their session."""
    answer = airflow.http.get(f"/api/v2/dags/{dag_id}/dagRuns", params={"order_by": "logical_date"})
    found: list[dict[str, Any]] = answer.raise_for_status().json()["dag_runs"]
    return found


def have_ended(airflow: Airflow, dag_id: str, count: int) -> bool:
    return sum(run["state"] in ENDED for run in runs(airflow, dag_id)) == count


def came_one_after_the_other(found: list[dict[str, Any]]) -> bool:
    return all(
        datetime.fromisoformat(a["end_date"]) <= datetime.fromisoformat(b["start_date"]) for a, b in pairwise(found)
    )


def details(connection: Connection, job_id: str, ticker: str) -> dict[str, Any]:
    row = connection.execute(
        "SELECT session_date, status, error_code FROM analysis_jobs_details WHERE job_id = %s AND ticker = %s",
        [job_id, ticker],
    ).fetchone()
    assert row is not None
    return dict(row)


def test_every_session_has_its_run_once_the_missed_ones_first_and_tonights_when_it_has_closed(
    installation: Stack, airflow: Airflow, connection: Connection, tonight: Evening, past: list[date]
) -> None:
    for owner in ("ann", "bob"):
        add_to_watchlist(connection, owner, [tonight.ticker, "VOD.L"])
    closes_at = tonight.close_in(connection, CLOSES_IN)
    assert runs(airflow, tonight.dag_id) == []  # paused, until somebody wants it
    airflow.http.patch(f"/api/v2/dags/{tonight.dag_id}", json={"is_paused": False}).raise_for_status()

    wait_until(lambda: have_ended(airflow, tonight.dag_id, MISSED + 1), PATIENCE)
    found = runs(airflow, tonight.dag_id)
    days = [*past[-MISSED:], tonight.today]
    assert [run["dag_run_id"] for run in found] == [tonight.run_id(day) for day in days]
    assert [run["state"] for run in found] == [*["success"] * MISSED, "failed"]
    assert came_one_after_the_other(found)
    begun, ended = (datetime.fromisoformat(found[-1][name]) for name in ("start_date", "end_date"))
    assert begun >= closes_at

    for day in past[-MISSED:]:
        assert details(connection, tonight.run_id(day), tonight.ticker) == {
            "session_date": day,
            "status": "completed",
            "error_code": None,
        }
    # nobody has a bar of a session that was made up: it was waited for, and then said so
    late = details(connection, tonight.run_id(tonight.today), tonight.ticker)
    assert (late["status"], late["error_code"]) == ("failed", "stale_prices")
    assert ended >= closes_at + timedelta(seconds=30)
    mine = connection.execute("SELECT owner, ticker, last_job_id, last_verdict FROM watchlist WHERE owner <> 'admin'")
    seen = {(row["owner"], row["ticker"]): (row["last_job_id"], row["last_verdict"] is not None) for row in mine}
    for owner in ("ann", "bob"):
        assert seen[owner, tonight.ticker] == (tonight.run_id(tonight.today), True)
        assert seen[owner, "VOD.L"] == (None, False)  # trades elsewhere


def questions(installation: Stack) -> int:
    assert installation.yahoo is not None
    counted: int = httpx.get(f"{installation.yahoo.control_url}/counters", trust_env=False).json()["charts"]
    return counted


def backfill(airflow: Airflow, dag_id: str, first: date, last: date, **conf: Any) -> None:
    wanted = {
        "dag_id": dag_id,
        "from_date": f"{first}T00:00:00Z",
        "to_date": f"{last}T00:00:00Z",
        "max_active_runs": 1,
        "dag_run_conf": conf,
        "reprocess_behavior": "none",
    }
    wait_until(lambda: airflow.http.post("/api/v2/backfills", json=wanted).status_code != httpx.codes.CONFLICT)


def results(connection: Connection) -> dict[tuple[str, date], tuple[Any, ...]]:
    rows = connection.execute(
        "SELECT ticker, session_date, verdict, score, entry, stop_loss, target, bars_hash, reasons"
        " FROM analysis_results WHERE strategy = 'trend_following'"
    )
    return {(row["ticker"], row["session_date"]): tuple(row.values())[2:] for row in rows}


def test_a_backfill_does_each_session_once_from_stored_prices_as_jobs_of_that_date_do(
    installation: Stack, airflow: Airflow, connection: Connection, tonight: Evening, past: list[date]
) -> None:
    history = tonight.dag_id.replace("daily", "history")
    wanted = {"tickers": [tonight.ticker], "strategy": "trend_following"}
    asked_first = airflow.wait(airflow.request(as_of=str(past[0]), **wanted))  # fetches what is not stored
    assert asked_first["state"] == "success"
    before = questions(installation)

    backfill(airflow, history, past[1], past[3], **wanted)
    wait_until(lambda: have_ended(airflow, history, 3), PATIENCE)
    backfill(airflow, history, past[1], past[6], **wanted)  # goes on where that one ended
    wait_until(lambda: have_ended(airflow, history, 6), PATIENCE)
    done = runs(airflow, history)
    assert [run["logical_date"][:10] for run in done] == [str(day) for day in past[1:7]]
    assert {run["state"] for run in done} == {"success"}
    assert {run["run_type"] for run in done} == {"backfill"}
    assert came_one_after_the_other(done)
    assert questions(installation) == before
    of_backfill = results(connection)
    assert set(of_backfill) == {(tonight.ticker, day) for day in past[:7]}

    # An evening of the same session, by a backfill of the other DAG, has a run and a job of its own name.
    backfill(airflow, tonight.dag_id, past[1], past[1])
    wait_until(lambda: have_ended(airflow, tonight.dag_id, MISSED + 2), PATIENCE)
    (missed,) = [run for run in runs(airflow, tonight.dag_id) if run["run_type"] == "backfill"]
    assert missed["dag_run_id"] not in {run["dag_run_id"] for run in done}

    before = questions(installation)
    for day in past[1:7]:
        airflow.wait(airflow.request(as_of=str(day), force=True, **wanted))
    assert results(connection) == of_backfill
    assert questions(installation) == before


def test_the_end_of_a_session_is_an_event_with_its_counts_on_which_other_dags_run(
    airflow: Airflow, tonight: Evening, past: list[date]
) -> None:
    events = airflow.http.get("/api/v2/assets/events", params={"source_dag_id": tonight.dag_id}).json()["asset_events"]
    told = {event["extra"]["session"]: event for event in events if event["source_run_id"].startswith("scheduled__")}
    assert sorted(told) == [str(day) for day in past[-MISSED:]]
    first = told[str(past[-MISSED])]
    assert (first["name"], first["uri"]) == (
        f"stocks_session_{tonight.exchange.name.lower()}",
        f"bellwether://sessions/{tonight.exchange.name}",
    )
    assert first["extra"]["job_id"] == tonight.run_id(past[-MISSED])
    assert (first["extra"]["completed"], first["extra"]["failed"]) == (first["extra"]["total"], 0)
    said = [line for run in runs(airflow, CONSUMER) for line in returned(airflow, run["dag_run_id"])]
    expected = {f"{day}: {told[day]['extra']['total']} of {told[day]['extra']['total']}" for day in told}
    assert {line.partition(", ")[0] for line in said} >= expected


def returned(airflow: Airflow, run_id: str) -> list[str]:
    """What the consumer's task has said."""
    place = f"/api/v2/dags/{CONSUMER}/dagRuns/{quote(run_id, safe='')}/taskInstances/tell/xcomEntries/return_value"
    wait_until(lambda: airflow.http.get(place).status_code == httpx.codes.OK)
    value: list[str] = airflow.http.get(place, params={"deserialize": True}).json()["value"]
    return value
