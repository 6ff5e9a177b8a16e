"""What a list says of its tickers: the last job, the last sessions, and in which order."""

from datetime import date
from typing import Any

import pytest

from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.errors import ErrorCode, Refusal
from include.model.job import DetailStatus
from include.model.watchlist import WatchlistEntry
from include.storage.connection import Connection
from include.storage.jobs import finalize_job
from include.storage.results import store_outcomes
from include.storage.watchlist import RECENT_SESSIONS, EntriesWanted, add_to_watchlist, watchlist_entries, watchlists
from tests.storage.demands import SESSION, begun, demand, outcome
from tests.storage.test_screening import write


def entries(connection: Connection, **wanted: Any) -> dict[str, WatchlistEntry]:
    """The entries of ann's list, in its order."""
    placed = watchlist_entries(connection, "ann", "default", EntriesWanted(**wanted), None, 100)
    return {one.entry.ticker: one.entry for one in placed}


def analysed(connection: Connection, job_id: str, *outcomes: Any, **request: Any) -> None:
    tickers = [one.ticker if isinstance(one, Refusal) else one.analysis.ticker for one in outcomes]
    store_outcomes(connection, begun(connection, job_id, demand(*tickers, **request)), outcomes)
    finalize_job(connection, job_id)


def test_an_entry_has_the_scores_of_its_last_sessions_oldest_first(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["IBM", "KO"])
    for day in range(1, 29):
        write(connection, "IBM", date(2010, 7, day), day)
    analysed(connection, "run-1", outcome("IBM", 70.0))
    found = entries(connection)
    recent = found["IBM"].recent
    assert (len(recent), recent[-1].session_date, recent[-1].score) == (RECENT_SESSIONS, SESSION, 70.0)
    assert [one.score for one in recent[:-1]] == list(range(10, 29))
    assert recent[-1].verdict is Verdict.BUY
    assert (found["IBM"].last_session, found["IBM"].strategy, found["IBM"].data_source) == (
        SESSION,
        "balanced",
        DataSource.SAMPLE,
    )
    assert (found["KO"].recent, found["KO"].last_session, found["KO"].data_source) == ((), None, None)


def test_scores_by_another_strategy_or_from_another_source_are_not_among_them(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])
    write(connection, "IBM", date(2010, 8, 18), 90, strategy="momentum")
    analysed(connection, "run-0", outcome("IBM", 91.0), data_source=DataSource.DEMO)
    analysed(connection, "run-1", outcome("IBM", 70.0))
    assert [one.score for one in entries(connection)["IBM"].recent] == [70.0]


def test_a_ticker_that_failed_says_why_and_keeps_what_was_said_before(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])
    analysed(connection, "run-1", outcome("IBM", 70.0))
    analysed(connection, "run-2", Refusal("IBM", ErrorCode.NO_DATA, "IBM has no prices"), strategy_version="v2")
    entry = entries(connection)["IBM"]
    assert (entry.last_job_id, entry.last_status, entry.last_session) == ("run-2", DetailStatus.FAILED, SESSION)
    assert (entry.last_error_code, entry.last_error_message) == ("no_data", "IBM has no prices")
    assert (entry.last_verdict, [one.score for one in entry.recent]) == (Verdict.BUY, [70.0])
    assert [(one.count, one.failed) for one in watchlists(connection, "ann")] == [(1, 1)]


def test_a_renamed_ticker_has_what_was_said_of_its_new_name(connection: Connection) -> None:
    connection.execute("INSERT INTO ticker_aliases VALUES ('FB', 'FACE', '2022-01-01', NULL)")
    connection.execute("INSERT INTO ticker_aliases VALUES ('FACE', 'META', '2022-06-09', NULL)")
    add_to_watchlist(connection, "ann", ["FB"])
    analysed(connection, "run-1", outcome("META", 70.0), data_source=DataSource.YAHOO)
    entry = entries(connection)["FB"]
    assert (entry.last_session, [one.score for one in entry.recent]) == (SESSION, [70.0])


def test_when_the_job_is_gone_the_verdict_stays_without_its_sessions(connection: Connection) -> None:
    add_to_watchlist(connection, "ann", ["IBM"])
    analysed(connection, "run-1", outcome("IBM", 70.0))
    connection.execute("DELETE FROM analysis_jobs")
    entry = entries(connection)["IBM"]
    assert (entry.last_verdict, entry.last_job_id, entry.recent) == (Verdict.BUY, None, ())


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("ticker", "A B C D"),
        ("-ticker", "D C B A"),
        ("score", "B A C D"),
        ("-score", "C A B D"),
        ("last_analyzed_at", "A B C D"),
        ("-last_analyzed_at", "C B A D"),
    ],
)
def test_pages_of_every_order_have_every_entry_once_and_those_without_a_value_last(
    connection: Connection, sort: str, order: str
) -> None:
    add_to_watchlist(connection, "ann", ["A", "B", "C", "D"])
    for number, (ticker, score) in enumerate([("A", 50.0), ("B", 40.0), ("C", 60.0)]):
        analysed(connection, f"run-{number}", outcome(ticker, score, Verdict.HOLD))
    wanted, after, seen = EntriesWanted(sort=sort), None, []
    while rows := watchlist_entries(connection, "ann", "default", wanted, after, 1):
        seen += [one.entry.ticker for one in rows]
        after = (rows[-1].key, rows[-1].entry.ticker)
    assert " ".join(seen) == order


@pytest.mark.parametrize(
    ("search", "found"), [("b", ["BAC", "IBM"]), ("BIG", ["IBM"]), ("50%", ["BAC"]), ("%", ["BAC"]), ("zz", [])]
)
def test_entries_are_found_by_a_part_of_ticker_name_or_notes(
    connection: Connection, search: str, found: list[str]
) -> None:
    add_to_watchlist(connection, "ann", ["IBM", "JPM", "BAC"])
    connection.execute("UPDATE watchlist SET name = 'Big Blue' WHERE ticker = 'IBM'")
    connection.execute("UPDATE watchlist SET notes = 'down 50%' WHERE ticker = 'BAC'")
    assert list(entries(connection, search=search)) == found
