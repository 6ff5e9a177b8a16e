"""`python -m include.client track-record`: what is shown of records and of a ticker's verdicts."""

import json
from typing import Any

import pytest

from include.client import Client
from include.client.commands.main import main
from include.client.settings import ClientSettings
from tests.client.server import API, Server, answer

RECORD = f"{API}/track-record"


@pytest.fixture(autouse=True)
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ClientSettings.model_fields:
        monkeypatch.delenv(f"BELLWETHER_{name.upper()}", raising=False)
    monkeypatch.setenv("BELLWETHER_URL", server.url)
    monkeypatch.setenv("BELLWETHER_PASSWORD", "only-for-tests")


def horizon(sessions: int, counted: int, **known: Any) -> dict[str, Any]:
    figures = {"hit_rate": 0.625, "mean": 0.0123, "median": -0.004, "base_mean": None}
    small = {"is_small": counted < 30, "note": "too few" if counted < 30 else None}
    return {"sessions": sessions, "count": 99, "counted": counted, "days": 12, **figures, **small, **known}


def group(name: str) -> dict[str, Any]:
    levels = {"counted": 40, "stop": 0.25, "target": 0.5, "neither": 0.25, "is_small": False, "note": None}
    horizons = [horizon(1, 99), horizon(5, 40), horizon(20, 7, hit_rate=None)]
    counts = {"verdicts": 120, "pending": 20, "unknown": 1}
    return {"group": name, **counts, "horizons": horizons, "levels": levels}


ITEM = {
    "strategy": "balanced",
    "data_source": "yahoo",
    "since": "2026-01-05",
    "until": "2026-11-20",
    "computed_at": "2026-11-21T00:17:05Z",
    "all": group("all"),
    "by_verdict": [group("Buy")],
    "by_score": [group("60-70")],
}
ROW = {
    "ticker": "IBM",
    "session_date": "2026-10-05",
    "strategy": "balanced",
    "data_source": "yahoo",
    "verdict": "Buy",
    "score": 67.4,
    "close": 100.0,
    "stop_loss": 95.0,
    "target": 110.0,
    "state": "complete",
    "through": "2026-11-02",
    "return_1": 0.01,
    "return_5": -0.025,
    "return_20": 0.1,
    "first_touch": "target",
    "touched_after": 12,
}


def test_a_record_is_a_table_that_says_what_is_few(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", RECORD, answer({"items": [ITEM], "next_cursor": None}))
    assert main(["track-record", "--strategy", "balanced", "--since", "2026-01-01"]) == 0
    assert server.of(RECORD)[0].query == {"strategy": ["balanced"], "since": ["2026-01-01"]}
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == ("balanced on yahoo prices, sessions 2026-01-05 to 2026-11-20, computed 2026-11-21 00:17:05 UTC")
    shown = [line.split() for line in lines]
    assert ["Buy", "1", "99", "99", "12", "62%", "+1.23%", "-0.40%"] in shown
    assert ["20", "99", "7", "12", "+1.23%", "-0.40%", "25%", "50%", "25%", "few"] in shown
    assert not any(line[:1] == ["60-70"] for line in shown)


def test_a_record_by_score_shows_bands(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", RECORD, answer({"items": [ITEM], "next_cursor": None}))
    assert main(["track-record", "--by", "score"]) == 0
    said = capsys.readouterr().out
    assert "60-70" in said
    assert "Buy" not in said.split("Counted: ")[0]


def test_without_a_record_it_says_who_makes_one(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", RECORD, answer({"items": [], "next_cursor": None}))
    assert main(["track-record"]) == 0
    assert "stocks_track_record" in capsys.readouterr().out


def test_a_program_gets_the_record_as_it_is(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", RECORD, answer({"items": [ITEM], "next_cursor": None}))
    assert main(["track-record", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [ITEM]


def test_a_ticker_is_told_verdict_by_verdict(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    waiting = ROW | {"state": "no_bar", "first_touch": None, "touched_after": None, "return_20": None}
    server.will("GET", f"{API}/results/IBM/follow-ups", answer({"items": [ROW, waiting], "next_cursor": None}))
    assert main(["track-record", "IBM", "--source", "yahoo"]) == 0
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    common = ["2026-10-05", "balanced", "yahoo", "Buy", "67.4", "+1.00%", "-2.50%"]
    assert [*common, "+10.00%", "target", "after", "12"] in shown
    assert [*common, "no", "bar"] in shown


def test_a_span_of_a_ticker_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["track-record", "IBM", "--since", "2026-01-01"]) == 2
    assert "--limit" in capsys.readouterr().err


def test_the_client_reads_records_as_values(server: Server, client: Client) -> None:
    server.will("GET", RECORD, answer({"items": [ITEM], "next_cursor": None}))
    (record,) = client.track_records(data_source="yahoo")
    assert (record.all.group, record.by_verdict[0].horizons[2].is_small) == ("all", True)
