"""The main job in the terminal, against a job that tells what the test wants it to tell."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import psycopg
import pytest
from rich.console import Console

from include.model.analysis import Verdict
from include.model.job import DetailStatus, JobStatus, Progress, VerdictRow
from local import main_job, supervision
from local.airflow_api import FailedTask
from local.errors import LocalError
from local.home import Home
from local.source import Source
from local.supervision import ProcessState


class FakeApi:
    """Airflow's answers: how the run stands, look after look; an exception is raised, the last one stays."""

    def __init__(self, states: list[str | Exception], joined: str | None = None, data_source: str = "sample") -> None:
        self.states, self.joined, self.data_source = states, joined, data_source

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        assert conf == {"universe": "sample_leaders", "data_source": self.data_source}
        return "my-run"

    def run_state(self, dag_id: str, run_id: str) -> str:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        if isinstance(state, Exception):
            raise state
        return state

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str) -> str | None:
        return self.joined

    def failed_task(self, dag_id: str, run_id: str) -> FailedTask:
        return FailedTask(name="open_job", log="the watchlist is empty")


def job(job_id: str, status: JobStatus = JobStatus.COMPLETED, completed: int = 2, reused: int = 0) -> Progress:
    now = datetime.now(UTC)
    return Progress(
        job_id=job_id, status=status, status_reason="1 no_data", total=2, completed=completed, reused=reused,
        failed=0, cancelled=0, created_at=now, started_at=now, completed_at=now,
    )  # fmt: skip


def row(ticker: str, verdict: Verdict | None) -> VerdictRow:
    return VerdictRow(
        ticker=ticker, status=DetailStatus.COMPLETED, session_date=date(2010, 8, 20), verdict=verdict,
        score=Decimal("71.5"), entry=Decimal("10.20"), stop_loss=Decimal("9.90"), target=Decimal("10.80"),
        position_size=None, cost=None, risk_reward=None, error_code=None, error_message=None, currency="USD",
        summary=None, reasons=("CCI20 oversold +8.0", "EMA50 above EMA200 +7.1", "third +0.1"),
    )  # fmt: skip


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Progress]]:
    told: dict[str, list[Progress]] = {}

    def progress(connection: object, job_id: str) -> Progress | None:
        looks = told.get(job_id, [])
        return looks.pop(0) if looks else None

    monkeypatch.setattr(main_job, "progress", progress)
    monkeypatch.setattr(main_job, "verdicts", lambda connection, job_id: [row("JPM", Verdict.BUY)])
    monkeypatch.setattr(main_job, "LOOK_EVERY_SECONDS", 0)
    monkeypatch.setattr(supervision, "states", lambda home: [scheduler("RUNNING")])
    return told


def scheduler(state: str) -> ProcessState:
    return ProcessState(name="scheduler", state=state, pid=7, started=100, now=200)


def watch(api: FakeApi, source: Source = Source.SAMPLE) -> main_job.Finished:
    console, home = Console(quiet=True), Home(Path("/nowhere"))
    return main_job._request_and_watch(api, object(), console, home, source)  # type: ignore[arg-type]


def test_it_waits_until_the_job_has_ended(jobs: dict[str, list[Progress]]) -> None:
    jobs["my-run"] = [job("my-run", JobStatus.PROCESSING, completed=1), job("my-run")]
    finished = watch(FakeApi(["running"]))
    assert finished.is_complete
    assert [each.ticker for each in finished.rows] == ["JPM"]


def test_with_a_local_yahoo_it_asks_for_live_prices_and_says_that_they_are_not(
    jobs: dict[str, list[Progress]],
) -> None:
    jobs["my-run"] = [job("my-run")]
    said = main_job.summary(watch(FakeApi(["running"], data_source="yahoo"), Source.YAHOO_LOCAL))
    assert "moved to today by a local Yahoo, not real quotes, up to 2010-08-20." in said


def test_a_run_that_joined_another_job_follows_that_one(jobs: dict[str, list[Progress]]) -> None:
    jobs["winner"] = [job("winner", JobStatus.PROCESSING), job("winner")]
    finished = watch(FakeApi(["queued", "success", "success"], joined="winner"))
    assert (finished.run_id, finished.job.job_id) == ("my-run", "winner")


@pytest.mark.usefixtures("jobs")
def test_a_failed_run_shows_the_end_of_the_failed_tasks_log() -> None:
    with pytest.raises(LocalError, match=r"my-run failed\. Its task open_job says:\nthe watchlist is empty"):
        watch(FakeApi(["failed"]))


def test_an_api_server_that_starts_again_is_waited_for(jobs: dict[str, list[Progress]]) -> None:
    jobs["winner"] = [job("winner")]
    assert watch(FakeApi([httpx.ConnectError("refused"), "success"], joined="winner")).is_complete


@pytest.mark.usefixtures("jobs")
def test_a_process_that_does_not_stay_up_ends_the_waiting_with_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "states", lambda home: [scheduler("FATAL")])
    with pytest.raises(LocalError, match="scheduler does not stay up") as failure:
        watch(FakeApi(["running"]))
    assert failure.value.log == Path("/nowhere/logs/scheduler.log")


def test_a_database_that_goes_away_ends_the_waiting_with_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_answer(url: str) -> None:
        raise psycopg.OperationalError("server closed the connection")

    monkeypatch.setattr(main_job, "connect", no_answer)
    stack = SimpleNamespace(url="", token=lambda: "", database_url=lambda: "", home=Home(Path("/nowhere")))
    with pytest.raises(LocalError, match="PostgreSQL went away while the job ran") as failure:
        main_job.run(stack, Console(quiet=True))  # type: ignore[arg-type]
    assert failure.value.log == Path("/nowhere/logs/postgres.log")


@pytest.mark.parametrize(
    ("status", "completed"), [(JobStatus.COMPLETED_WITH_ERRORS, 1), (JobStatus.FAILED, 0), (JobStatus.CANCELLED, 1)]
)
def test_only_a_job_with_all_tickers_is_complete(status: JobStatus, completed: int) -> None:
    finished = main_job.Finished(run_id="r", job=job("r", status, completed), rows=[], seconds=1.0)
    assert not finished.is_complete
    assert f"The job is {status}: 1 no_data." in main_job.summary(finished)


def test_the_summary_counts_verdicts_and_dates_the_prices() -> None:
    rows = [row("A", Verdict.BUY), row("B", Verdict.BUY), row("C", Verdict.HOLD)]
    said = main_job.summary(main_job.Finished(run_id="r", job=job("r"), rows=rows, seconds=2.34))
    assert said == ("2 of 2 tickers analysed 2.3 s after the request: 2 Buy, 1 Hold. Prices: sample, up to 2010-08-20.")


@pytest.mark.parametrize(
    ("reused", "said"), [(0, "analysed 2.0 s"), (1, "analysed (1 known already) 2.0 s"), (2, "answered from what was")]
)
def test_the_summary_says_what_was_known_before(reused: int, said: str) -> None:
    finished = main_job.Finished(run_id="r", job=job("r", reused=reused), rows=[], seconds=2.0)
    assert main_job.summary(finished).startswith(f"2 of 2 tickers {said}")


def test_the_table_shows_levels_and_the_two_strongest_reasons() -> None:
    console = Console(width=140)
    with console.capture() as captured:
        console.print(main_job.verdict_table([row("JPM", Verdict.BUY)]))
    line = next(line for line in captured.get().splitlines() if "JPM" in line)
    assert all(part in line for part in ("Buy", "71.5", "10.20", "9.90", "10.80", "CCI20 oversold +8.0; EMA50 above"))
    assert "third" not in line
