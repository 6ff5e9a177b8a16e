"""What is read beside jobs and results: what is going on, prices, files of any length, and the record."""

import json
from pathlib import Path
from typing import Any

import pytest

from include.client import BadInputError, Client, NoAnswerError
from include.client.commands.main import main
from tests.client.said import JOB_ID, job
from tests.client.server import API, Handler, Server, Step, answer, cut_answer, refuse

RESULTS, REQUESTS, DUPLICATES = f"{API}/results", f"{API}/requests", f"{API}/requests/duplicates"
TABLE = b"ticker,score\n" + b"IBM,46.1\n" * 20_000
BAR = {"session_date": "2010-08-20", "open": 1.5, "high": 2, "low": 1, "close": 1.75, "volume": 3e6, "adjustment": 1}
RECORDED: dict[str, Any] = {
    "id": 7,
    "requested_at": "2026-11-20T09:00:00Z",
    "requested_by": "ann",
    "door": "api",
    "disposition": "refused",
    "job_id": None,
    "run_id": None,
    "request_id": None,
    "reason": "capital: must be above 0",
    "latency_ms": 12.4,
    "follows": None,
}


@pytest.fixture(autouse=True)
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_URL", server.url)
    monkeypatch.setenv("BELLWETHER_TOKEN", "ready")


def send_table(handler: Handler, _: Any) -> None:
    handler.send(200, TABLE, {"Content-Type": "text/csv"})


def cut_off(handler: Handler, _: Any) -> None:
    handler.send(200, TABLE[:1000], {"Content-Length": str(len(TABLE))})
    handler.close_connection = True


def pairs(computed_twice: int) -> dict[str, Any]:
    one = {"status": "completed", "attempt": 1, "created_at": "2026-11-20T09:00:00Z"}
    kind = "computed_twice" if computed_twice else "reused"
    pair = {
        "requested_by": "ann",
        "claim_key": "55bfd467824788ab",
        "total": 2,
        "seconds_apart": 0.5,
        "earlier": {**one, "job_id": "a.0"},
        "later": {**one, "job_id": "a.1"},
        "computed_twice": computed_twice,
        "kind": kind,
        "is_duplicate": computed_twice > 0,
    }
    count = int(computed_twice > 0)
    search = {"seconds": 2.0, "since": "2026-10-21", "user": None}
    return {"passed": not count, **search, "pair_count": 1, "duplicate_count": count, "pairs": [pair]}


def test_what_is_going_on_is_listed(server: Server, client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", f"{API}/progress", answer({"items": [job(), job("failed")], "active": 1, "next_cursor": None}))
    found = client.progress(5)
    assert (found.active, [one.status for one in found.items]) == (1, ["processing", "failed"])
    assert server.of(f"{API}/progress")[0].query == {"limit": ["5"]}
    assert main(["progress"]) == 0
    assert capsys.readouterr().out.count(JOB_ID) == 2


def test_prices_are_read_and_shown(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    path = f"{API}/prices/BRK-B"
    server.will("GET", path, answer({"ticker": "BRK-B", "data_source": "sample", "currency": "USD", "bars": [BAR]}))
    assert main(["prices", "BRK-B", "--source", "sample", "--since", "2010-01-01", "--adjusted"]) == 0
    said = capsys.readouterr().out
    assert "2010-08-20" in said
    assert said.endswith("BRK-B, sample, in USD\n")
    assert server.of(path)[0].query == {"data_source": ["sample"], "since": ["2010-01-01"], "adjusted": ["true"]}


def test_a_table_becomes_a_file_of_the_format_that_its_name_says(
    server: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server.will("GET", RESULTS, send_table)
    file = tmp_path / "found.csv"
    assert main(["export", str(file), "IBM", "JPM", "--verdict", "buy", "--json"]) == 0
    assert file.read_bytes() == TABLE
    assert json.loads(capsys.readouterr().out) == {"file": str(file), "bytes": len(TABLE)}
    assert server.of(RESULTS)[0].query == {"ticker": ["IBM", "JPM"], "verdict": ["Buy"], "format": ["csv"]}
    assert main(["export", str(tmp_path / "found.parquet")]) == 0
    assert server.of(RESULTS)[1].query == {"format": ["parquet"]}
    assert {one.name for one in tmp_path.iterdir()} == {"found.csv", "found.parquet"}


@pytest.mark.parametrize("first", [cut_off, cut_answer([TABLE.decode()]), refuse(503, "UNAVAILABLE", "away")])
def test_a_table_that_is_cut_off_is_fetched_from_its_beginning(
    server: Server, client: Client, pauses: list[float], tmp_path: Path, first: Step
) -> None:
    server.will("GET", RESULTS, first, send_table)
    file = tmp_path / "found.csv"
    assert client.export(file) == len(TABLE)
    assert file.read_bytes() == TABLE
    assert len(pauses) == 1


def test_a_table_that_never_comes_whole_leaves_the_file_as_it_was(
    server: Server, pauses: list[float], tmp_path: Path
) -> None:
    server.will("GET", RESULTS, cut_off)
    file = tmp_path / "found.csv"
    file.write_text("of yesterday")
    with Client(server.url, token="ready", patience=0.5) as client, pytest.raises(NoAnswerError):
        client.export(file)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("found.csv", "of yesterday")]


@pytest.mark.parametrize("name", ["found.xlsx", "found", "no such folder/found.csv"])
def test_a_file_that_cannot_be_is_bad_input_and_nothing_is_asked(
    server: Server, client: Client, tmp_path: Path, name: str
) -> None:
    with pytest.raises(BadInputError):
        client.export(tmp_path / name)
    assert server.asked == []


def test_the_record_is_listed_and_one_request_is_shown_whole(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.will("GET", REQUESTS, answer({"items": [RECORDED], "next_cursor": None}))
    server.will("GET", f"{REQUESTS}/7", answer({**RECORDED, "raw": {"capital": -1}, "request": None}))
    assert main(["requests", "--door", "api", "--job", JOB_ID]) == 0
    said = capsys.readouterr().out
    assert all(word in said for word in ("ann", "refused", "capital: must be above 0"))
    asked = {"door": ["api"], "job_id": [JOB_ID], "limit": ["20"]}
    assert server.of(REQUESTS)[0].query == asked
    assert main(["requests", "7"]) == 0
    assert json.loads(capsys.readouterr().out)["raw"] == {"capital": -1}


@pytest.mark.parametrize(("twice", "status", "said"), [(0, 0, "PASS: 0 of 1"), (2, 1, "FAIL: 1 of 1")])
def test_work_that_was_done_twice_makes_the_status_1(
    server: Server, capsys: pytest.CaptureFixture[str], twice: int, status: int, said: str
) -> None:
    server.will("GET", DUPLICATES, answer(pairs(twice)))
    assert main(["duplicates", "--seconds", "5"]) == status
    assert said in capsys.readouterr().out
    assert server.of(DUPLICATES)[0].query == {"seconds": ["5.0"]}
