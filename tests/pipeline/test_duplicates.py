"""The command that finds and cleans work that was done twice: what it prints, and its exit status."""

import json
import os
import pwd
from datetime import date

import pytest

from include.model.duplicates import DuplicateSearch
from include.pipeline import duplicates as module
from include.pipeline.duplicates import clean, main, show
from include.storage.connection import Connection
from tests.storage.demands import demand
from tests.storage.equal_jobs import answered, ran

SEARCH = DuplicateSearch()


@pytest.fixture
def history(connection: Connection) -> None:
    """One pair that is as it should be, one that did the same work, and one of which each has what the other lacks."""
    ran(connection, "fine-1")
    answered(connection, "fine-2", at=1.5)
    for number in (1, 2):
        ran(connection, f"twice-{number}", at=100 + number, wanted=demand("XOM", "KO", user="bob"))
    for number, failed in ((1, "IBM"), (2, "JPM")):
        ran(connection, f"mixed-{number}", at=200 + number, wanted=demand(user="eve"), lasted=9, failed=[failed])


def shown(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines that were printed, with single spaces."""
    return [" ".join(line.split()) for line in capsys.readouterr().out.splitlines() if line.strip()]


def test_a_history_without_pairs_passes(connection: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(connection, SEARCH, as_json=False) == 0
    assert shown(capsys) == ["PASS: 0 pairs of equal jobs created within 2 s of each other; nothing was done twice"]


@pytest.mark.usefixtures("history")
def test_each_pair_is_a_row_that_says_what_the_jobs_did(
    connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    assert show(connection, SEARCH, as_json=False) == 1
    title, _, *rows, last = shown(capsys)
    assert title == "User Jobs Status Created Apart What they did"
    assert rows == [
        "eve mixed-1 completed_with_errors 2026-01-05 12:03:21 1.000 s at work at the same time",
        "mixed-2 completed_with_errors 2026-01-05 12:03:22",
        "bob twice-1 completed 2026-01-05 12:01:41 1.000 s 2 of 2 tickers computed twice",
        "twice-2 completed 2026-01-05 12:01:42",
        "ann fine-1 completed 2026-01-05 12:00:00 1.500 s fine: the later one reused results",
        "fine-2 completed 2026-01-05 12:00:01",
    ]
    assert last == "FAIL: 3 pairs of equal jobs created within 2 s of each other; 2 of them did the same work twice"


@pytest.mark.usefixtures("history")
def test_pairs_that_are_as_they_should_be_pass(connection: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(connection, DuplicateSearch(user="ann", seconds=1.5), as_json=False) == 0
    assert shown(capsys)[-1] == (
        "PASS: 1 pair of equal jobs created within 1.5 s of each other; nothing was done twice"
    )


@pytest.mark.usefixtures("history")
def test_a_long_list_is_cut_and_says_so(
    connection: Connection, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    assert show(connection, SEARCH, as_json=False) == 1
    said = shown(capsys)
    assert said[-2] == "... and 1 pair more, which --json lists too"
    assert "3 pairs" in said[-1]
    show(connection, SEARCH, as_json=True)
    assert len(json.loads(capsys.readouterr().out)["pairs"]) == 3


@pytest.mark.usefixtures("history")
def test_programs_get_json(connection: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(connection, DuplicateSearch(since=date(2026, 1, 5)), as_json=True) == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["passed"], document["since"], document["duplicate_count"]) == (False, "2026-01-05", 2)
    assert [pair["kind"] for pair in document["pairs"]] == ["simultaneous", "computed_twice", "reused"]


@pytest.mark.usefixtures("history")
def test_cleaning_says_first_what_it_would_do_and_then_what_it_did_and_what_it_left(
    connection: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed = (
        "mixed-1, mixed-2: left as they are: each has results that the other lacks:"
        " the first none of IBM, the second none of JPM"
    )
    assert clean(connection, SEARCH, "op", really=False, as_json=False) == 1
    assert shown(capsys) == [
        "twice-2: would be removed; kept: twice-1",
        mixed,
        "dry run, nothing was changed: 1 job would be removed, 1 pair left as they are; with --really it is done",
    ]
    assert clean(connection, SEARCH, "op", really=True, as_json=False) == 1
    assert shown(capsys) == [
        "twice-2: removed; kept: twice-1",
        mixed,
        "1 job removed, 1 pair left as they are",
    ]
    assert clean(connection, DuplicateSearch(user="bob"), "op", really=True, as_json=False) == 0
    assert shown(capsys) == ["0 jobs removed"]


@pytest.mark.usefixtures("history")
def test_cleaning_tells_programs_the_same(connection: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    assert clean(connection, DuplicateSearch(user="bob"), "op", really=False, as_json=True) == 0
    assert json.loads(capsys.readouterr().out) == {
        "really": False,
        "cleanings": [
            {
                "earlier_id": "twice-1",
                "later_id": "twice-2",
                "kept_id": "twice-1",
                "removed_id": "twice-2",
                "refused": None,
            }
        ],
    }


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--seconds", "soon"], "argument --seconds: invalid float value: 'soon'"),
        (["--seconds", "0"], "seconds: must be above 0, and at most 3600 (got 0.0)"),
        (["clean", "--seconds", "1e9"], "seconds: must be above 0, and at most 3600 (got 1000000000.0)"),
        (["--since", "yesterday"], "argument --since: invalid fromisoformat value: 'yesterday'"),
        (["--really"], "unrecognized arguments: --really"),
        (["sweep"], "unrecognized arguments: sweep"),
    ],
)
def test_wrong_usage_is_told_before_any_database_is_asked(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status: object = main(arguments)
    except SystemExit as ended:
        status = ended.code
    assert status == 2
    assert why in capsys.readouterr().err


def test_who_cleans_is_the_account_of_the_system_even_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert module._account() == pwd.getpwuid(os.getuid()).pw_name
    monkeypatch.setattr(os, "getuid", lambda: 4_000_000_000)
    assert module._account() == "uid 4000000000"
