"""Jobs with live prices: the real DAG and the real client against the local Yahoo, whatever that does wrong.

curl_cffi takes the local Yahoo's environment with each session it opens, so one process is enough.
"""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include.market.calendars import session_ends
from include.market.exchanges import NEW_YORK
from include.model.job import JobStatus
from include.settings import settings
from include.storage.connection import Connection, connect
from include.storage.jobs import cancel_job, progress
from include.storage.results import verdicts
from local.yahoo.faults import Fault
from local.yahoo.market import OpenBar, SampleMarket
from local.yahoo.server import LocalYahoo

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]

GOOD = ["JPM", "IBM", "KO", "XOM", "TCS.NS"]
MANY = [
    "JPM",
    "IBM",
    "KO",
    "XOM",
    "CAT",
    "BA",
    "DIS",
    "PFE",
    "WMT",
    "MRK",
    "HD",
    "T",
    "VZ",
    "GE",
    "MMM",
    "UPS",
    "LLY",
    "ABT",
    "DE",
    "HON",
]
RETRIES = 2
OPTIONS = {
    "requests_per_minute": "100000",
    "close_delay_minutes": "0",
    "fetch_timeout_seconds": "4",  # a busy machine answers late
    "fetch_wait_seconds": "30",
    "pause_seconds": "0.2",
}
Set = Callable[..., None]


@pytest.fixture
def yahoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalYahoo]:
    # At any hour of a trading day the last bar that it has is the one that is analysed.
    with LocalYahoo(tmp_path, market=SampleMarket(open_bar=OpenBar.NONE)) as running:
        for ticker in ("JPM", "TCS.NS"):
            running.stock(ticker)  # the first ones take their time
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def choose(yahoo: LocalYahoo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Set]:
    """Sets settings of the product."""

    def chosen(**options: str) -> None:
        for name, value in options.items():
            monkeypatch.setenv(f"BELLWETHER_{name.upper()}", value)
        settings.cache_clear()

    chosen(**OPTIONS)
    yield chosen
    monkeypatch.undo()
    settings.cache_clear()


@pytest.fixture
def run(dag: Any, choose: Set) -> Callable[..., Any]:
    """Runs the DAG with live prices; a retry is not waited for."""
    dag.get_task("analyze").partial_kwargs.update(
        retries=RETRIES, retry_delay=timedelta(0), retry_exponential_backoff=False
    )

    def start(*tickers: str, **conf: Any) -> Any:
        return dag.test(run_conf={"tickers": list(tickers), "data_source": "yahoo", "batch_size": 50, **conf})

    return start


def codes(connection: Connection, job_id: str) -> dict[str, str | None]:
    return {row.ticker: row.error_code for row in verdicts(connection, job_id)}


def last_sessions() -> tuple[date, date]:
    """The last two completed sessions in New York."""
    now = datetime.now(UTC)
    over = [day for day, end in session_ends(NEW_YORK, now.date() - timedelta(days=20), now.date()).items()
            if end < now - timedelta(hours=1)]  # fmt: skip
    return over[-2], over[-1]


FAULTS = {
    "GONE": (Fault.NOT_FOUND, "unknown_ticker", 1),
    "DIS": (Fault.EMPTY, "no_data", 1),
    "PFE": (Fault.NULL_ROWS, "no_data", 1),
    "WMT": (Fault.NO_ROWS, "no_data", 1),
    "MRK": (Fault.HALF_ROW, "stale_prices", 1),
    "HD": (Fault.LATE_BAR, "stale_prices", 1),
    "T": (Fault.BAD_GATEWAY, "source_unavailable", 1 + RETRIES),
    "VZ": (Fault.HANG, "source_unavailable", 1 + RETRIES),
    "GE": (Fault.CUT, "source_unavailable", 1 + RETRIES),
    "MMM": (Fault.WRONG_TYPE, "source_unavailable", 1 + RETRIES),
    "UPS": (Fault.ERROR_IN_JSON, "source_unavailable", 1 + RETRIES),
}


def test_every_fault_has_its_code_is_tried_again_where_that_helps_and_touches_no_other_ticker(
    run: Any, yahoo: LocalYahoo, connection: Connection
) -> None:
    for ticker, (fault, _, _) in FAULTS.items():
        yahoo.faults.put(fault, ticker)
    yahoo.faults.put(Fault.RATE_LIMITED, "CAT", times=1)
    yahoo.faults.put(Fault.BROKEN_JSON, "BA", times=1)
    dag_run = run(*GOOD, "CAT", "BA", *FAULTS)
    assert str(dag_run.state) == "success"
    expected = {ticker: code for ticker, (_, code, _) in FAULTS.items()}
    assert codes(connection, dag_run.run_id) == dict.fromkeys([*GOOD, "CAT", "BA"]) | expected
    asked = yahoo.counters.now().by_ticker
    assert {ticker: asked[ticker] for ticker in FAULTS} == {ticker: times for ticker, (_, _, times) in FAULTS.items()}
    assert {ticker: asked[ticker] for ticker in (*GOOD, "CAT", "BA")} == {**dict.fromkeys(GOOD, 1), "CAT": 2, "BA": 2}
    stored = connection.execute("SELECT DISTINCT ticker FROM prices").fetchall()
    assert {row["ticker"] for row in stored} == {*GOOD, "CAT", "BA", "MRK", "HD"}
    leased = connection.execute("SELECT count(*) AS n FROM price_series WHERE leased_by IS NOT NULL").fetchone()
    assert leased == {"n": 0}


def test_the_second_job_of_a_session_asks_nothing(run: Any, yahoo: LocalYahoo, connection: Connection) -> None:
    first = run(*GOOD)
    before = yahoo.counters.now().total
    second = run(*GOOD, force=True)
    assert yahoo.counters.now().total == before
    for made in (first, second):
        assert progress(connection, made.run_id).status is JobStatus.COMPLETED  # type: ignore[union-attr]
    hashes = "SELECT count(DISTINCT bars_hash) AS n FROM analysis_results WHERE ticker = 'IBM'"
    assert connection.execute(hashes).fetchone() == {"n": 1}


def test_a_split_between_two_jobs_is_told_with_the_result(run: Any, yahoo: LocalYahoo, connection: Connection) -> None:
    before, last = last_sessions()
    yahoo.set_now(datetime.combine(before, datetime.max.time(), UTC))
    run("IBM", as_of=before.isoformat())
    yahoo.set_now(None)
    yahoo.market.announce_split("IBM", last, new=2)  # type: ignore[attr-defined]
    run("IBM", as_of=last.isoformat())
    rows = connection.execute("SELECT session_date, close, warnings FROM analysis_results ORDER BY session_date")
    first, second = rows.fetchall()
    assert (first["session_date"], second["session_date"]) == (before, last)
    assert second["close"] == pytest.approx(first["close"] / 2, rel=0.15)
    assert not any("changed the history" in warning for warning in first["warnings"])
    assert any("changed the history of IBM" in warning and "(split 2:1)" in warning for warning in second["warnings"])


def test_too_many_requests_are_waited_out_and_no_ticker_pays_for_it(
    run: Any, yahoo: LocalYahoo, connection: Connection
) -> None:
    yahoo.faults.put(Fault.RATE_LIMITED, times=2)
    dag_run = run(*GOOD, batch_size=5)
    assert set(codes(connection, dag_run.run_id).values()) == {None}
    assert yahoo.counters.now().by_status[429] == 2


def test_a_source_that_is_away_for_too_long_ends_the_job_with_one_reason_after_few_requests(
    run: Any, yahoo: LocalYahoo, connection: Connection, choose: Set
) -> None:
    # A refusal comes in a few milliseconds: without a pace all would be asked for before the first six are counted.
    choose(away_minutes="0", pause_seconds="60", requests_per_minute="150")
    yahoo.faults.put(Fault.BAD_GATEWAY)
    dag_run = run(*MANY)
    assert str(dag_run.state) == "failed"
    ended = progress(connection, dag_run.run_id)
    assert ended is not None
    assert ended.status_reason is not None
    assert ended.status_reason.startswith("20 source_unavailable (no usable answer since ")
    assert yahoo.counters.now().charts < 20
    assert connection.execute("SELECT count(*) AS n FROM prices").fetchone() == {"n": 0}


def test_a_task_that_would_wait_long_for_its_turn_frees_its_slot_and_comes_back_without_a_retry(
    run: Any, yahoo: LocalYahoo, connection: Connection, choose: Set, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.market.fetching.SOONEST", 0.5)
    # A turn every five seconds: the second ticker's is further off than the task looks and waits.
    choose(requests_per_minute="12", fetch_wait_seconds="0.3")
    dag_run = run("JPM", "IBM", "KO")
    assert set(codes(connection, dag_run.run_id).values()) == {None}
    (task,) = [task for task in dag_run.get_task_instances() if task.task_id == "analyze"]
    assert task.try_number == 1
    assert came_back(task) > 0


def test_a_job_that_is_cancelled_waits_for_no_answer(
    run: Any, yahoo: LocalYahoo, connection: Connection, app_url: str, choose: Set
) -> None:
    choose(fetch_timeout_seconds="60")
    yahoo.faults.put(Fault.HANG, "IBM")

    def cancel() -> None:
        while not yahoo.counters.now().in_flight:
            time.sleep(0.05)
        with connect(app_url) as own:
            (job,) = own.execute("SELECT job_id FROM analysis_jobs").fetchall()
            assert cancel_job(own, job["job_id"], "nobody wants it", actor="ann")

    canceller = threading.Thread(target=cancel)
    canceller.start()
    dag_run = run("IBM")
    canceller.join(timeout=60)
    assert yahoo.counters.now().in_flight == 1
    states = {task.task_id: str(task.state) for task in dag_run.get_task_instances()}
    assert states["analyze"] == "skipped"
    assert progress(connection, dag_run.run_id).status is JobStatus.CANCELLED  # type: ignore[union-attr]


def came_back(task: Any) -> int:
    from airflow.models.taskreschedule import TaskReschedule
    from airflow.utils.session import create_session
    from sqlalchemy import func, select

    with create_session() as session:
        found = select(func.count()).select_from(TaskReschedule).where(TaskReschedule.ti_id == task.id)
        return int(session.scalar(found))
