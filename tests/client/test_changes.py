"""What changed, and whether one is told of it: the calls, and what the command line says."""

import json
from typing import Any

import pytest

from include.client import Client
from include.client.commands.main import main
from include.model.changes import Change, ChangeKind
from tests.client.said import JOB_ID
from tests.client.server import API, Server, answer, refuse, reset

OF_LIST, OF_JOB = f"{API}/watchlist/my%20banks/changes", f"{API}/jobs/{JOB_ID}/changes"
DIFFERENCE, NOTIFICATIONS = f"{API}/results/BRK-B/difference", f"{API}/notifications"
WANTED = {"enabled": True, "email": "ann@example.com", "webhook": False, "rule": "changes"}
ROW = {
    "message_id": "0b0fdc1c-5e52-4b2c-8e0e-5a8c5a4f4a11",
    "list": "my banks",
    "job_id": JOB_ID,
    "channel": "email",
    "status": "given_up",
    "tries": 9,
    "error": "the mailbox is full",
    "created_at": "2026-11-20T09:00:00Z",
    "due_at": None,
    "ended_at": "2026-11-21T09:00:00Z",
}
TOLD: dict[str, Any] = {**WANTED, "ways": {"email": True, "webhook": False}, "recent": [ROW]}
MOVE = {
    "id": "rsi",
    "category": "momentum",
    "rule": "oversold: 24.1",
    "previous_rule": "neutral: 45.0",
    "vote": 1,
    "previous_vote": 0,
    "points": 4.25,
    "is_turn": True,
}
MOVED = {
    "session": "2026-11-20",
    "score": 61.0,
    "verdict": "Buy",
    "previous_session": "2026-11-19",
    "previous_score": 56.7,
    "previous_verdict": "Hold",
    "words": "the verdict became Buy",
    "moves": [MOVE],
}


@pytest.fixture(autouse=True)
def environment(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELLWETHER_URL", server.url)
    monkeypatch.setenv("BELLWETHER_TOKEN", "ready")


def change(kind: str, **known: Any) -> dict[str, Any]:
    said = dict.fromkeys(Change.__dataclass_fields__)
    sure = {"ticker": "JPM", "list": "my banks", "kind": kind, "session_date": "2026-11-20", "strategy": "balanced"}
    return {**said, **sure, "data_source": "sample", "noticed_at": "2026-11-20T22:00:00Z", **known}


BOUGHT = change("new_buy", previous_verdict="Hold", previous_score=56.7, verdict="Buy", score=61.0)
STOPPED = change(
    "stop",
    verdict="Sell",
    level=95.0,
    plan_session="2026-11-12",
    adjustment=1,
    reached_on="2026-11-20",
    price=94.0,
    basis="low",
)


def test_what_changed_on_a_list_is_read_page_by_page_and_filtered(server: Server, client: Client) -> None:
    first, second = {"items": [BOUGHT], "next_cursor": "c"}, {"items": [STOPPED], "next_cursor": None}
    server.will("GET", OF_LIST, answer(first), answer(second))
    found = list(client.watchlists.changes("my banks", kind="stop", ticker="JPM", session="2026-11-20"))
    assert [one.kind for one in found] == [ChangeKind.NEW_BUY, ChangeKind.STOP]
    asked = {"kind": ["stop"], "ticker": ["JPM"], "session": ["2026-11-20"], "limit": ["500"]}
    assert [one.query for one in server.of(OF_LIST)] == [asked, {**asked, "cursor": ["c"]}]


def test_what_changed_is_told_in_the_words_of_a_notification(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.will("GET", OF_LIST, answer({"items": [BOUGHT, STOPPED], "next_cursor": None}))
    assert main(["changes", "--list", "my banks", "--limit", "9"]) == 0
    said = capsys.readouterr().out
    assert "new Buy" in said
    assert "Hold -> Buy, score 56.7 -> 61.0" in said
    assert "low 94.00 reached 95.00 of the plan of 2026-11-12; now Sell" in said
    assert server.of(OF_LIST)[0].query == {"limit": ["9"]}


def test_a_program_gets_what_a_job_changed_as_it_is(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", OF_JOB, answer({"items": [BOUGHT], "next_cursor": None}))
    assert main(["changes", "--job", JOB_ID, "--kind", "new_buy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == [BOUGHT]
    assert server.of(OF_JOB)[0].query == {"kind": ["new_buy"], "limit": ["50"]}


def test_without_a_list_it_is_the_default_one(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", f"{API}/watchlist/default/changes", answer({"items": [], "next_cursor": None}))
    assert main(["changes"]) == 0
    assert capsys.readouterr().out == "There is no such change.\n"


@pytest.mark.parametrize("more", [["--ticker", "JPM"], ["--session", "2026-11-20"], ["--list", "my banks"]])
def test_a_filter_that_a_job_does_not_have_is_bad_input_and_nothing_is_asked(server: Server, more: list[str]) -> None:
    assert main(["changes", "--job", JOB_ID, *more]) == 2
    assert server.asked == []


def test_a_list_that_is_not_there_makes_the_status_1(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", OF_LIST, refuse(404, "NOT_FOUND", "there is no list my banks"))
    assert main(["changes", "--list", "my banks"]) == 1
    assert capsys.readouterr().err == "there is no list my banks\n"


def test_a_difference_is_told_in_words_and_by_indicator(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.will("GET", DIFFERENCE, answer(MOVED))
    assert main(["difference", "BRK-B", "--session", "2026-11-20", "--source", "sample"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "session 2026-11-20: Buy, score 61.0",
        "session 2026-11-19: Hold, score 56.7",
        "the verdict became Buy",
    ]
    shown = "rsi (turned) +4.2 oversold: 24.1; before: neutral: 45.0"
    assert shown in [" ".join(line.split()) for line in lines]
    assert server.of(DIFFERENCE)[0].query == {"session": ["2026-11-20"], "data_source": ["sample"]}
    assert main(["difference", "BRK-B", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == MOVED


def test_the_first_session_has_none_before_it(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    none = dict.fromkeys(("previous_session", "previous_score", "previous_verdict"))
    server.will("GET", DIFFERENCE, answer({**MOVED, **none, "words": "this is the first session", "moves": []}))
    assert main(["difference", "BRK-B"]) == 0
    assert capsys.readouterr().out == "session 2026-11-20: Buy, score 61.0\nthis is the first session\n"


def test_who_asks_without_a_change_sees_what_is_wanted_and_changes_nothing(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.will("GET", NOTIFICATIONS, answer(TOLD))
    assert main(["notifications"]) == 0
    said = capsys.readouterr().out
    assert said.startswith(
        "You are told what changed on your lists.\nwhen: changes\nemail: ann@example.com\n"
        "webhook: no (the operator has not set it up)\n"
    )
    assert all(word in said for word in ("given up", "the mailbox is full", JOB_ID))
    assert main(["notifications", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == TOLD


@pytest.mark.parametrize(
    ("arguments", "sent"),
    [
        (["--enabled", "--email", "ann@example.com"], {"enabled": True, "email": "ann@example.com"}),
        (["--no-enabled"], {"enabled": False}),
        (["--no-email", "--webhook", "--rule", "always"], {"email": None, "webhook": True, "rule": "always"}),
        (["--no-webhook"], {"webhook": False}),
    ],
)
def test_only_what_was_said_is_changed(server: Server, arguments: list[str], sent: dict[str, Any]) -> None:
    server.will("PATCH", NOTIFICATIONS, answer(TOLD))
    assert main(["notifications", *arguments]) == 0
    assert [asked.body for asked in server.asked] == [sent]


def test_a_wish_that_cannot_be_makes_the_status_2(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    details = [{"field": "email", "value": "nobody", "reason": "is no email address"}]
    server.will("PATCH", NOTIFICATIONS, refuse(400, "VALIDATION_ERROR", "the request has bad fields", details))
    assert main(["notifications", "--email", "nobody"]) == 2
    assert capsys.readouterr().err == "email: is no email address (got 'nobody')\n"


def test_a_wish_and_an_edit_are_said_again_when_the_answer_is_lost(
    server: Server, client: Client, pauses: list[float]
) -> None:
    entry = f"{API}/watchlist/default/JPM"
    server.will("PATCH", NOTIFICATIONS, reset, answer(TOLD))
    server.will("PATCH", entry, reset, answer(None, 204))
    assert client.notifications.change(rule="changes").enabled
    client.watchlists.edit("JPM", name=None)
    assert [asked.body for asked in server.of(NOTIFICATIONS) + server.of(entry)] == [{"rule": "changes"}] * 2 + [
        {"name": None}
    ] * 2
    assert len(pauses) == 2


def test_an_empty_note_is_taken_away_and_what_is_left_out_stays(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    entry = f"{API}/watchlist/my%20banks/TCS.NS"
    server.will("PATCH", entry, answer(None, 204))
    assert main(["watchlist", "edit", "TCS.NS", "--list", "my banks", "--name", "Tata"]) == 0
    assert main(["watchlist", "edit", "TCS.NS", "--list", "my banks", "--notes", ""]) == 0
    assert [asked.body for asked in server.of(entry)] == [{"name": "Tata"}, {"notes": None}]
    assert capsys.readouterr().out == "my banks: TCS.NS changed\n" * 2
    assert main(["watchlist", "edit", "TCS.NS"]) == 2
    assert len(server.asked) == 2
