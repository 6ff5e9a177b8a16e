"""The commands of the price cache: fetch fills it, show tells of a ticker, check finds what is odd."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from include.market.cache import CachedPrices
from include.market.sessions import resolve_sessions
from include.model.bars import DataSource
from include.model.errors import ErrorCode
from include.model.prices import Delay, PriceHistory
from include.settings import Settings
from include.storage.connection import Connection
from include.terminal.market import main
from tests.market.histories import ScriptedSource, history, with_split

Run = Callable[..., tuple[int, str, str]]


def last_session() -> date:
    """Asked for by each test: one may be completed while they run."""
    return resolve_sessions(["IBM"], DataSource.YAHOO, None, datetime.now(UTC))["IBM"]


def weekdays() -> int:
    """Up to the last session."""
    return int(np.busday_count(date(2024, 1, 1), last_session())) + 1


def fresh(ticker: str, **changed: Any) -> PriceHistory:
    """Up to the last session, with a bar on every weekday."""
    return history(ticker, weekdays(), **changed)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> ScriptedSource:
    scripted = ScriptedSource({"IBM": fresh("IBM"), "KO": fresh("KO")})
    chosen = Settings(requests_per_minute=100_000, fetch_wait_seconds=0.1)

    def opened(name: DataSource, database: Any, beside: Any, beat: Any) -> CachedPrices:
        return CachedPrices(scripted, database, beside, chosen, beat)

    monkeypatch.setattr("include.terminal.fetch_command.open_prices", opened)
    monkeypatch.setattr("include.terminal.fetch_command.LONGEST_SLEEP", 0.01)
    return scripted


@pytest.fixture
def run(app_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    monkeypatch.setenv("AIRFLOW_CONN_STOCKS_DB", app_url)

    def command(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments)
        said = capsys.readouterr()
        return status, said.out, said.err

    return command


def test_fetch_fills_the_cache_and_the_second_time_asks_nothing(run: Run, source: ScriptedSource) -> None:
    for _ in range(2):
        status, out, _ = run("fetch", "ibm", "KO")
        assert status == 0
        assert "2 of 2 tickers are there" in out
    assert sorted(source.tickers_asked) == ["IBM", "KO"]


def test_fetch_anew_replaces_what_is_there(run: Run, source: ScriptedSource) -> None:
    run("fetch", "IBM")
    source.answers = {"IBM": with_split(fresh("IBM"), last_session())}
    assert run("fetch", "IBM")[0] == 0
    assert len(source.asked) == 1
    run("fetch", "IBM", "--anew")
    _, out, _ = run("show", "IBM")
    assert "its history was changed" in out
    assert "split 2:1" in out


def test_fetch_names_what_it_could_not_have_and_tries_again_what_may_help(run: Run, source: ScriptedSource) -> None:
    source.answers = {"IBM": fresh("IBM"), "KO": Delay("KO", ErrorCode.SOURCE_UNAVAILABLE, "HTTP 502")}
    status, out, err = run("fetch", "IBM", "KO", "NOSUCH")
    assert status == 1
    assert "1 of 3 tickers are there; " in out
    assert "KO: HTTP 502 (source_unavailable)" in err
    assert "NOSUCH: Yahoo does not know NOSUCH (unknown_ticker)" in err
    assert source.tickers_asked.count("KO") == 3
    assert source.tickers_asked.count("NOSUCH") == 1


def test_bad_tickers_are_all_named(run: Run, source: ScriptedSource) -> None:
    status, _, err = run("fetch", "I BM", "KO", "?")
    assert status == 2
    assert "I BM" in err
    assert "?" in err


def test_show_tells_what_is_known_and_shows_the_newest_bars(run: Run, source: ScriptedSource) -> None:
    run("fetch", "IBM", "NOSUCH")
    status, out, _ = run("show", "IBM", "--bars", "2")
    assert status == 0
    assert f"to {last_session()}, quoted in USD, America/New_York" in out
    assert out.count("x 1.000000") == 2
    status, out, _ = run("show", "NOSUCH", "NEVER")
    assert status == 1
    assert "then said: Yahoo does not know NOSUCH (unknown_ticker)" in out
    assert "sessions missed in a row: 1" in out
    assert "NEVER: nobody has asked for it yet" in out


def test_check_has_nothing_to_say_of_a_sound_cache(run: Run, source: ScriptedSource) -> None:
    run("fetch", "IBM", "KO")
    status, out, _ = run("check")
    assert (status, out) == (0, "2 tickers looked over: nothing to say\n")


def test_check_finds_gaps_jumps_and_tickers_that_are_stale_unknown_dead_or_were_changed(
    run: Run, source: ScriptedSource, connection: Connection
) -> None:
    whole = fresh("GAP")
    count = weekdays()
    rows = np.r_[0 : count - 40, count - 30 : count]
    columns = ("sessions", "open", "high", "low", "close", "volume", "adjustment")
    jumping = fresh("JUMP").close.copy()
    jumping[-20:] *= 2
    source.answers = {
        "IBM": fresh("IBM"),
        "GAP": replace(whole, **{name: getattr(whole, name)[rows] for name in columns}),
        "JUMP": fresh("JUMP", close=jumping),
        "STALE": history("STALE", weekdays() - 3),
        "BROKEN": Delay("BROKEN", ErrorCode.SOURCE_UNAVAILABLE, "HTTP 502"),
    }
    run("fetch", *source.answers, "NOSUCH")
    connection.execute("UPDATE price_series SET dead_since = now() WHERE ticker = 'NOSUCH'")
    connection.execute("UPDATE price_series SET replaced_at = now(), replaced_reason = 'dividend' WHERE ticker = 'IBM'")
    status, out, _ = run("check")
    found = {(line.split("│")[1].strip(), line.split("│")[2].strip()) for line in out.splitlines() if "│" in line}
    assert status == 1
    assert found == {
        ("IBM", "changed"),
        ("GAP", "gap"),
        ("JUMP", "jump"),
        ("STALE", "stale"),
        ("BROKEN", "missing"),
        ("BROKEN", "failed"),
        ("NOSUCH", "dead"),
        ("NOSUCH", "unknown_ticker"),
    }
    assert run("check", "KO", "--days", "30")[1].count("never fetched") == 1


def test_without_a_database_the_commands_say_what_to_set(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_STOCKS_DB")
    monkeypatch.delenv("BELLWETHER_MIGRATION_URL", raising=False)
    for command in (["fetch", "IBM"], ["show", "IBM"], ["check"]):
        status, _, err = run(*command)
        assert status == 1
        assert "AIRFLOW_CONN_STOCKS_DB" in err
