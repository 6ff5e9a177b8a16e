"""Why tickers failed, how many verdicts there are, and of which series: what is shown, to people and to programs."""

import json

import pytest

from include.client.commands.main import main
from include.model.analysis import Verdict
from tests.client.said import JOB_ID
from tests.client.server import API, Server, answer, refuse

ERRORS, VERDICTS, SERIES = f"{API}/jobs/{JOB_ID}/errors", f"{API}/verdicts", f"{API}/results/IBM/series"
GROUP = {
    "code": "unknown_ticker",
    "count": 12,
    "tickers": ["NOSUCH", "NOTONE"],
    "message": "nobody knows NOSUCH",
    "what_to_do": "Look up how Yahoo writes it.",
}
COUNTS = {"total": 3, "verdicts": {**dict.fromkeys(map(str, Verdict), 0), "Buy": 2, "Hold": 1}}
ROW = {
    "strategy": "momentum",
    "data_source": "sample",
    "session_date": "2010-08-20",
    "verdict": "Buy",
    "score": 61.0,
    "completed_at": "2026-11-20T09:00:00Z",
}


@pytest.fixture(autouse=True)
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_URL", server.url)
    monkeypatch.setenv("BELLWETHER_TOKEN", "ready")


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]


def test_each_reason_is_told_with_what_to_do(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", ERRORS, answer({"items": [GROUP], "next_cursor": None}), answer({"items": []}))
    assert main(["errors", JOB_ID]) == 0
    lines = shown(capsys)
    assert "unknown_ticker 12 NOSUCH, NOTONE, ...: nobody knows NOSUCH" in lines
    assert "Look up how Yahoo writes it." in lines
    assert main(["errors", JOB_ID]) == 0
    assert shown(capsys) == ["No ticker of it has failed."]


def test_verdicts_are_counted_as_the_filters_say(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", VERDICTS, answer(COUNTS))
    assert main(["verdicts", "IBM", "--strategy", "balanced", "--min-score", "40"]) == 0
    assert {"Strong Buy 0", "Buy 2", "Hold 1", "All 3"} <= set(shown(capsys))
    assert server.of(VERDICTS)[0].query == {"ticker": ["IBM"], "strategy": ["balanced"], "min_score": ["40.0"]}
    with pytest.raises(SystemExit):
        main(["verdicts", "--verdict", "buy"])


def test_series_are_listed(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", SERIES, answer({"items": [ROW], "next_cursor": None}))
    assert main(["series", "IBM"]) == 0
    assert "momentum sample 2010-08-20 Buy 61.0 2026-11-20 09:00:00" in shown(capsys)


@pytest.mark.parametrize(
    ("command", "path", "document"),
    [
        (["errors", JOB_ID], ERRORS, [GROUP]),
        (["verdicts"], VERDICTS, COUNTS),
        (["series", "IBM"], SERIES, [ROW]),
    ],
)
def test_a_program_gets_them_as_they_are(
    server: Server, capsys: pytest.CaptureFixture[str], command: list[str], path: str, document: object
) -> None:
    said = document if isinstance(document, dict) else {"items": document, "next_cursor": None}
    server.will("GET", path, answer(said), refuse(404, "NOT_FOUND", "not there"))
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == document
    assert main([*command, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["status"] == 404
