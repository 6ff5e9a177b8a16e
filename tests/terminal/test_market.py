"""`python -m include.market`: sessions and universes."""

from pathlib import Path

import pytest

from include.settings import settings
from include.storage.connection import Connection
from include.terminal.market import COMMANDS, main


def rows(said: str) -> list[list[str]]:
    """The rows of a printed table, without the headings."""
    return [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if line.startswith("│")]


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that does not say where the database is."""
    for variable in ("AIRFLOW_CONN_STOCKS_DB", "BELLWETHER_MIGRATION_URL"):
        monkeypatch.delenv(variable, raising=False)


def test_without_a_command_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    said = capsys.readouterr().err
    assert main(["guess"]) == 2
    assert main(["--help"]) == 0
    assert all(f"\n  {command} " in said for command in COMMANDS)


@pytest.mark.usefixtures("nowhere")
def test_sessions_are_shown_with_their_ends_and_holidays(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "aapl", "--from", "2026-11-25", "--to", "2026-11-30"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("XNYS, America/New_York. Holidays are known; overrides: 0.\nThe last completed session is ")
    assert rows(out) == [
        ["Wed 2026-11-25", "16:00", "21:00", ""],
        ["Thu 2026-11-26", "closed", "", "holiday"],
        ["Fri 2026-11-27", "13:00", "18:00", "usually 16:00"],
        ["Mon 2026-11-30", "16:00", "21:00", ""],
    ]
    assert "Without overrides, which are in the database: neither AIRFLOW_CONN_STOCKS_DB" in err


@pytest.mark.usefixtures("nowhere")
def test_what_trades_on_no_exchange_has_sessions_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sessions", "crypto", "--from", "2026-11-21", "--to", "2026-11-22"]) == 0
    shown = capsys.readouterr().out
    assert "crypto, UTC. Holidays are not known" in shown
    assert "Sun 2026-11-22" in shown


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(("asked", "answered"), [("XNSE", "XBOM"), ("xnas", "XNYS"), ("TCS.NS", "XBOM")])
def test_an_exchange_has_the_sessions_of_the_one_that_it_shares_them_with(
    capsys: pytest.CaptureFixture[str], asked: str, answered: str
) -> None:
    assert main(["sessions", asked, "--from", "2026-11-25", "--to", "2026-11-30"]) == 0
    assert capsys.readouterr().out.startswith(f"{answered}, ")


def test_what_overrides_change_is_shown_beside_the_calendar(
    connection: Connection, app_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_STOCKS_DB", app_url)
    connection.execute(
        """
        INSERT INTO calendar_overrides (exchange, day, is_session, closes_at, note) VALUES
            ('XBOM', '2026-11-08', true, '19:15', 'Muhurat trading'),
            ('XBOM', '2026-11-09', false, NULL, 'election'),
            ('XBOM', '2027-01-26', false, NULL, 'Republic Day')
        """
    )
    assert main(["sessions", "XBOM", "--from", "2026-11-06", "--to", "2026-11-11"]) == 0
    said = capsys.readouterr().out
    assert "Holidays are known until 2026-12-31; overrides: 3." in said
    assert rows(said) == [
        ["Fri 2026-11-06", "15:30", "10:00", ""],
        ["Sun 2026-11-08", "19:15", "13:45", "override: Muhurat trading (by the calendar: closed)"],
        ["Mon 2026-11-09", "closed", "", "override: election (by the calendar: 15:30)"],
        ["Tue 2026-11-10", "closed", "", "holiday"],
        ["Wed 2026-11-11", "15:30", "10:00", ""],
    ]
    assert main(["sessions", "TCS.NS", "--from", "2027-01-25", "--to", "2027-01-27"]) == 0
    assert rows(capsys.readouterr().out) == [
        ["Mon 2027-01-25", "15:30", "10:00", "holidays are not known"],
        ["Tue 2027-01-26", "closed", "", "override: Republic Day (by the calendar: 15:30)"],
        ["Wed 2027-01-27", "15:30", "10:00", "holidays are not known"],
    ]


def test_a_database_that_is_away_is_no_database_without_overrides(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_STOCKS_DB", "postgresql://nobody@127.0.0.1:1/stocks")
    assert main(["sessions", "XNYS"]) == 1
    assert capsys.readouterr().err.startswith("the overrides cannot be read from the database: ")


@pytest.mark.usefixtures("nowhere")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no ticker"], "a ticker has at most 32 characters"),
        (["XNYS", "--from", "yesterday"], "--from: give a date as 2026-11-20 (got 'yesterday')"),
        (["XNYS", "--from", "2026-11-20", "--to", "2026-11-19"], "give dates in their order, from 2000-01-03 on"),
        (["XNYS", "--from", "1999-01-01"], "from 2000-01-03 on"),
        (["XNYS", "--from", "2000-01-03", "--to", "2026-11-19"], "not more than ten years"),
    ],
)
def test_bad_input_is_refused_with_what_is_allowed(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sessions", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_universes_are_listed_and_the_tickers_of_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["universes"]) == 0
    listed = {row[0]: row for row in rows(capsys.readouterr().out)}
    assert listed["sp500"][1:3] == ["S&P 500, 503 stocks", "2026-03-09"]
    assert main(["universes", "dow"]) == 0
    assert len(capsys.readouterr().out.split()) == 30
    assert main(["universes", "bse_all"]) == 0
    assert capsys.readouterr().err == "left out, no symbol of Yahoo's: 19\n"
    assert main(["universes", "sp5000"]) == 2
    assert "there is no such universe; choose one of sample, " in capsys.readouterr().err


def test_a_mistake_in_a_file_of_ones_own_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BELLWETHER_UNIVERSES_DIR", str(tmp_path))
    settings.cache_clear()
    try:
        (tmp_path / "mine.csv").write_text("symbol\nA B\n")
        assert main(["universes", "mine"]) == 2
        assert "line 2: 'A B': a ticker has at most" in capsys.readouterr().err
    finally:
        settings.cache_clear()
