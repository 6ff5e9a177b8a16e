"""`python -m include.client`: what it says, to people and to programs, and its exit status."""

import json
import re
from typing import Any

import pytest

from include.client import Client, RequestFields
from include.client.commands import submit_command
from include.client.commands.main import COMMANDS, main
from include.client.settings import ClientSettings
from include.jobs.form import RequestForm
from tests.client.said import JOB_ID, JOINED, SUBMISSION, detail, job, view
from tests.client.server import API, LOGIN, Server, answer, event, refuse, reset, stream

JOBS = f"{API}/jobs"
JOB = f"{JOBS}/{JOB_ID}"
VARIABLES = [f"BELLWETHER_{name.upper()}" for name in ClientSettings.model_fields]


@pytest.fixture(autouse=True)
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BELLWETHER_URL", server.url)
    monkeypatch.setenv("BELLWETHER_PASSWORD", "only-for-tests")


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out)


def ends(server: Server, status: str = "completed", *, failed: int = 0) -> None:
    """The job that was asked for ends so."""
    server.will("POST", JOBS, answer(SUBMISSION, 201))
    ended = job(status, completed=2 - failed, failed=failed)
    server.will("GET", f"{JOB}/events", stream(event("progress", "a", job()), event("ended", "b", ended)))
    rows = [detail("IBM", verdict="Hold", score=46.1), detail("JPM", verdict="Buy", score=61.0, entry=36.2)]
    if failed:
        rows[0] = detail("IBM", "failed", error_code="no_data", error_message="nothing was found")
    server.will("GET", f"{JOB}/details", answer({"items": rows, "next_cursor": None}))


def test_the_fields_that_can_be_said_are_those_of_a_request() -> None:
    assert set(RequestFields.__annotations__) == set(RequestForm.model_fields)
    assert {"tickers", *submit_command.FIELDS} == set(RequestForm.model_fields)


def test_without_a_command_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == main(["guess"]) == 2
    capsys.readouterr()
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n  {command} " in said for command in COMMANDS)
    assert all(variable in said for variable in VARIABLES)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_reads_json_on_request(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    more = ["show"] if name == "watchlist" else []
    with pytest.raises(SystemExit) as ended:
        main([name, *more, "--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert all(option in said for option in ("--json", "--url", "--user"))
    assert "--password" not in said


def test_asking_says_what_became_of_it_and_how_to_watch(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    ends(server)
    arguments = ["submit", "ibm", "JPM", "--capital", "0", "--min-risk-reward", "2", "--force", "--source", "sample"]
    assert main(arguments) == 0
    said = f"{JOB_ID}: queued, 2 tickers\nWatch it: python -m include.client watch {JOB_ID}\n"
    assert capsys.readouterr().out == said
    sent = server.of(JOBS)[0].body
    del sent["request_id"]
    assert sent == {
        "tickers": ["ibm", "JPM"],
        "capital": 0,
        "min_risk_reward": 2,
        "force": True,
        "data_source": "sample",
    }
    assert server.of(LOGIN)[0].body == {"username": "admin", "password": "only-for-tests"}


@pytest.mark.parametrize(
    ("joined", "said"),
    [
        (JOINED, "already running, 42 of 100"),
        (JOINED | {"status": "queued", "completed": 0}, "already queued, 0 of 100"),
        (SUBMISSION | {"status": "completed", "completed": 2}, "completed, 2 of 2"),
    ],
)
def test_a_duplicate_is_told_as_what_it_is(
    server: Server, capsys: pytest.CaptureFixture[str], joined: dict[str, Any], said: str
) -> None:
    server.will("POST", JOBS, answer(joined))
    assert main(["submit"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"{JOB_ID}: {said}"


def test_waiting_shows_the_verdicts_the_best_first(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    ends(server)
    assert main(["submit", "--wait"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert [line[:3] for line in lines[3:5]] == [["JPM", "Buy", "61.0"], ["IBM", "Hold", "46.1"]]
    assert " ".join(lines[5]) == f"{JOB_ID}: completed, 2 of 2 tickers"


@pytest.mark.parametrize(
    ("status", "failed"), [("completed_with_errors", 1), ("failed", 2), ("cancelled", 0), ("completed", 0)]
)
@pytest.mark.parametrize("command", [["submit", "--wait"], ["watch", JOB_ID]])
def test_a_job_or_a_ticker_that_failed_makes_the_status_1(
    server: Server, capsys: pytest.CaptureFixture[str], command: list[str], status: str, failed: int
) -> None:
    ends(server, status, failed=failed)
    assert main([*command, "--json"]) == (0 if status == "completed" else 1)
    said = document(capsys)
    assert (said["job"]["status"], said["job"]["failed"], len(said["details"])) == (status, failed, 2)
    assert ("submission" in said) == (command[0] == "submit")


def test_interrupted_watching_leaves_the_job_and_says_how_to_look_again(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    ends(server)
    monkeypatch.setattr(Client, "wait", interrupted)
    assert main(["submit", "--wait"]) == 130
    assert f"The job goes on. Look again: python -m include.client watch {JOB_ID}\n" in capsys.readouterr().err
    assert [asked.path for asked in server.asked] == [LOGIN, JOBS]


def test_a_watch_that_is_out_of_time_says_the_same(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", JOB, answer(view(completed=1)))
    assert main(["watch", JOB_ID, "--timeout", "0.05"]) == 1
    said = capsys.readouterr().err
    assert f"Look again: python -m include.client watch {JOB_ID}" in said
    assert "processing, 1 of 2 tickers are done" in said


def test_bad_input_makes_the_status_2_and_is_told_in_words_and_as_json(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    details = [{"field": "capital", "value": -1, "reason": "must be > 0"}]
    server.will("POST", JOBS, refuse(400, "VALIDATION_ERROR", "the request has bad fields", details))
    assert main(["submit", "--capital", "-1", "--json"]) == 2
    out, err = capsys.readouterr()
    assert err == "capital: must be > 0 (got -1)\n"
    assert json.loads(out)["error"]["details"] == details
    for wrong in (["submit", "--capital", "nan"], ["jobs", "--limit", "0"], ["show"]):
        with pytest.raises(SystemExit) as ended:
            main(wrong)
        assert ended.value.code == 2


def test_what_is_refused_makes_the_status_1(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", JOB, refuse(404, "NOT_FOUND", f"there is no job {JOB_ID}"))
    assert main(["show", JOB_ID, "--json"]) == 1
    assert document(capsys)["error"]["status"] == 404


def test_a_lost_answer_says_how_to_ask_again(
    server: Server, monkeypatch: pytest.MonkeyPatch, pauses: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("include.client.commands.options.PATIENCE_SECONDS", 0.0)
    server.will("POST", JOBS, reset)
    assert main(["submit", "IBM"]) == 1
    said = re.search(r"Ask again with --request-id (\S+): it is done once\.", capsys.readouterr().err)
    assert said is not None
    assert said[1] == server.of(JOBS)[0].body["request_id"]


def test_a_token_comes_before_a_password_unless_a_user_is_named(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BELLWETHER_TOKEN", "ready")
    server.will("GET", JOBS, answer({"items": [], "next_cursor": None}))
    assert main(["jobs"]) == main(["jobs", "--user", "bob"]) == 0
    assert [asked.headers["Authorization"] for asked in server.of(JOBS)] == ["Bearer ready", "Bearer first"]
    assert [asked.body["username"] for asked in server.of(LOGIN)] == ["bob"]


def test_without_a_terminal_nobody_is_asked_for_a_password(
    server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BELLWETHER_PASSWORD", "")
    assert main(["jobs"]) == 2
    assert "set BELLWETHER_PASSWORD or BELLWETHER_TOKEN" in capsys.readouterr().err
    assert server.asked == []


def test_health_makes_the_status_1_when_something_is_not_ready(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    trouble = {"field": "scheduler", "value": "dead", "reason": "no job begins before it runs: start it"}
    server.will("GET", f"{API}/health", refuse(503, "UNAVAILABLE", "not ready", [trouble]))
    assert main(["health"]) == 1
    assert capsys.readouterr().out == "not ready\n  scheduler dead: no job begins before it runs: start it\n"


def test_a_list_is_made_filled_and_analysed(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    path = f"{API}/watchlist/my%20banks"
    server.will("POST", path, answer({"name": "my banks", "added": 2, "count": 3}))
    server.will("POST", f"{path}/analyze", answer(SUBMISSION, 201))
    assert main(["watchlist", "add", "JPM", "TCS.NS", "--list", "my banks", "--notes", "n"]) == 0
    assert main(["watchlist", "analyze", "--list", "my banks", "--capital", "5"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("my banks: 2 added, 3 in it now\n" + f"{JOB_ID}: queued, 2 tickers\n")
    assert server.of(path)[0].body == {"tickers": ["JPM", "TCS.NS"], "notes": "n"}
    assert server.of(f"{path}/analyze")[0].body["capital"] == 5


@pytest.mark.parametrize("typed", ["strong-buy", "Strong Buy"])
def test_a_verdict_may_be_typed_as_it_is_shown(server: Server, typed: str) -> None:
    server.will("GET", f"{API}/results", answer({"items": [], "next_cursor": None}))
    assert main(["results", "--verdict", typed]) == 0
    assert server.of(f"{API}/results")[0].query["verdict"] == ["Strong Buy"]
