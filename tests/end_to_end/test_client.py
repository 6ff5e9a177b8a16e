"""The client and its command line against the whole product."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.client import ApiError, Client
from local import users
from local.stack import Stack
from tests.end_to_end.airflow import Airflow

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def password(installation: Stack) -> str:
    return users.password(installation.home, "cora")


@pytest.fixture(scope="module")
def cora(installation: Stack, password: str) -> Iterator[Client]:
    with Client(installation.url, user="cora", password=password) as client:
        yield client


@pytest.fixture
def held(installation: Stack) -> Iterator[None]:
    """No job begins while a test looks."""
    with Airflow(installation) as airflow, airflow.paused():
        yield


def test_a_request_is_waited_for_and_its_verdicts_are_read(cora: Client) -> None:
    told: list[Any] = []
    submission = cora.submit(tickers=["ibm", "JPM", "NOSUCH"], data_source="sample", capital=30_001)
    job = cora.wait(submission.job_id, told.append, timeout=180)
    assert (job.status, job.completed, job.failed) == ("completed_with_errors", 2, 1)
    assert told[-1] == job
    details = {row.ticker: row for row in cora.details(job.job_id)}
    assert details["NOSUCH"].error_code == "unknown_ticker"
    assert cora.job(job.job_id).requests[0].door == "api"
    assert [row.ticker for row in cora.results(job_id=job.job_id, sort="ticker")] == ["IBM", "JPM"]
    assert cora.result("ibm", data_source="sample") == next(cora.history("IBM", data_source="sample"))
    assert cora.explanation("IBM", data_source="sample").readings
    (reason,) = cora.errors(job.job_id)
    assert (reason.code, reason.tickers) == ("unknown_ticker", ("NOSUCH",))
    assert cora.verdicts(job_id=job.job_id).total == 2
    assert "balanced" in [one.strategy for one in cora.series("IBM")]
    again = cora.retry_failed(job.job_id)
    assert again.tickers == ("NOSUCH",)
    assert cora.wait(again.job_id, timeout=180).status == "failed"


def test_what_goes_on_prices_exports_and_the_record_are_read(cora: Client, tmp_path: Path) -> None:
    job_id = cora.submit(tickers=["IBM", "XOM"], data_source="sample", capital=30_002).job_id
    assert job_id in [job.job_id for job in cora.progress().items]
    assert cora.wait(job_id, timeout=180).completed == 2
    table, parquet = tmp_path / "found.csv", tmp_path / "found.parquet"
    assert cora.export(table, job_id=job_id, sort="ticker") == table.stat().st_size
    assert [line.partition(",")[0] for line in table.read_text().splitlines()] == ["ticker", "IBM", "XOM"]
    assert cora.export(parquet, job_id=job_id)
    assert parquet.read_bytes().startswith(b"PAR1")
    assert cora.prices("IBM", data_source="sample", until="2010-08-20").currency == "USD"
    (recorded,) = cora.record.requests(job_id=job_id)
    assert cora.record.request(recorded.id).raw["capital"] == 30_002
    assert cora.record.duplicates(seconds=1).seconds == 1


@pytest.mark.usefixtures("held")
def test_a_duplicate_is_answered_with_the_job_that_runs_which_is_then_cancelled(cora: Client) -> None:
    wanted: Any = {"tickers": ["TWICE"], "data_source": "demo"}
    first, second = cora.submit(**wanted), cora.submit(**wanted)
    assert (first.is_duplicate, second.is_duplicate, second.job_id) == (False, True, first.job_id)
    with pytest.raises(ApiError) as refused:
        cora.submit(**wanted, on_duplicate="fail")
    assert (refused.value.status, refused.value.job_id) == (409, first.job_id)
    assert cora.cancel(first.job_id).status == "cancelled"
    assert cora.wait(first.job_id, timeout=180).status == "cancelled"


def test_the_same_request_id_gets_the_same_answer(cora: Client) -> None:
    fields: Any = {"tickers": ["KO"], "data_source": "sample", "capital": 30_002, "request_id": "lost"}
    first = cora.submit(**fields)
    cora.wait(first.job_id, timeout=180)
    assert cora.submit(**fields).job_id == first.job_id


def test_a_watchlist_is_made_renamed_analysed_and_emptied(cora: Client) -> None:
    lists = cora.watchlists
    assert lists.add(["JPM", "ko"], "banks", notes="mine").count == 2
    assert lists.rename("banks", "my banks").name == "my banks"
    job = cora.wait(lists.analyze("my banks", data_source="sample").job_id, timeout=180)
    assert job.status == "completed"
    assert [(entry.ticker, entry.notes) for entry in lists.entries("my banks")] == [("JPM", "mine"), ("KO", "mine")]
    lists.remove("JPM", "my banks")
    lists.remove_list("my banks")
    assert [one.name for one in lists.lists()] == ["default"]


def test_what_changed_is_read_and_who_is_told_says_so(cora: Client) -> None:
    lists = cora.watchlists
    lists.add(["MSFT"], "changing")
    lists.edit("MSFT", "changing", name="Microsoft", notes="mine")
    (entry,) = lists.entries("changing")
    assert (entry.name, entry.notes) == ("Microsoft", "mine")
    jobs = []
    for session in ("2010-03-04", "2010-03-05"):
        jobs.append(lists.analyze("changing", data_source="sample", as_of=session).job_id)
        assert cora.wait(jobs[-1], timeout=180).status == "completed"
    (first,) = lists.changes("changing", ticker="MSFT", session="2010-03-04")
    assert (first.kind, first.name, first.job_id) == ("new", "Microsoft", jobs[0])
    assert list(cora.changes(jobs[0], kind="new")) == [first]
    difference = cora.difference("MSFT", session="2010-03-05", data_source="sample")
    assert (str(difference.session), str(difference.previous_session)) == ("2010-03-05", "2010-03-04")
    assert cora.notifications.settings().enabled is False
    changed = cora.notifications.change(enabled=True, email="cora@example.com")
    assert (changed.channels, changed.ways["email"]) == (("email",), True)
    assert cora.notifications.change(enabled=False, email=None) == cora.notifications.settings()
    lists.remove_list("changing")


def test_the_server_says_what_it_is_and_what_it_may_not(installation: Stack, cora: Client) -> None:
    assert cora.health().is_ready
    assert cora.version().version
    assert "balanced" in [one.name for one in cora.strategies()]
    assert "IBM" in cora.universe(next(one.name for one in cora.universes() if one.name == "sample_leaders")).tickers
    job_id = cora.submit(tickers=["T"], data_source="sample", capital=30_003).job_id
    cora.wait(job_id, timeout=180)
    with pytest.raises(ApiError) as refused:
        cora.delete(job_id)
    assert refused.value.status == 403
    with Client(installation.url, token=installation.token()) as admin:
        admin.delete(job_id)
    with pytest.raises(ApiError, match="there is no job"):
        cora.job(job_id)
    with Client(installation.url, user="cora", password="wrong") as nobody, pytest.raises(ApiError, match="is wrong"):
        nobody.version()


@pytest.fixture
def environment(installation: Stack, password: str) -> dict[str, str]:
    known = {"BELLWETHER_URL": installation.url, "BELLWETHER_USER": "cora", "BELLWETHER_PASSWORD": password}
    return {"PATH": os.environ["PATH"], **known}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "include.client", *arguments]


def test_the_command_line_answers_programs(environment: dict[str, str]) -> None:
    def said(*arguments: str, status: int = 0) -> Any:
        ended = subprocess.run(
            command(*arguments, "--json"), env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120
        )
        assert ended.returncode == status, ended.stderr
        return json.loads(ended.stdout)

    done = said("submit", "IBM", "NOSUCH", "--source", "sample", "--capital", "30004", "--wait", status=1)
    assert (done["job"]["status"], len(done["details"])) == ("completed_with_errors", 2)
    assert said("show", done["job"]["job_id"], status=1)["job"]["failed"] == 1
    assert said("jobs", "--limit", "1")[0]["job_id"] == done["job"]["job_id"]
    assert said("submit", "IBM", "--capital", "-1", status=2)["error"]["details"][0]["field"] == "capital"
    assert said("results", "IBM", "--source", "sample")[0]["ticker"] == "IBM"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What is started meanwhile can be interrupted, also where these tests cannot: in the background of a shell."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("held", "interruptible")
def test_interrupted_watching_leaves_the_job_running(environment: dict[str, str], cora: Client) -> None:
    asked = cora.submit(tickers=["GOESON"], data_source="demo")
    watching = subprocess.Popen(
        command("watch", asked.job_id),
        env={**environment, "FORCE_COLOR": "1", "PYTHONUNBUFFERED": "1"},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert watching.stderr is not None
    begun = watching.stderr.read(1)  # the bar: it watches
    watching.send_signal(signal.SIGINT)
    said = begun + watching.communicate(timeout=60)[1]
    assert watching.returncode == 130, said
    assert f"The job goes on. Look again: python -m include.client watch {asked.job_id}" in said
    assert cora.job(asked.job_id).status.is_active
    cora.cancel(asked.job_id)
