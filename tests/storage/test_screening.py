"""The latest results, however they were written or removed, and the orders in which they are read."""

import threading
from datetime import date
from itertools import product
from typing import Any

import pytest

from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.viewer import Viewer
from include.storage.connection import Connection, connect
from include.storage.jobs import finalize_job
from include.storage.results import store_outcomes
from include.storage.screening import (
    Screen,
    Series,
    count_verdicts,
    explanation,
    explanation_before,
    history,
    latest,
    screen,
    screen_all,
    series_of,
)
from tests.storage.demands import begun, demand, outcome
from tests.storage.turns import turns

ANN, BOB = (Viewer(name=name, sees_all=False) for name in ("ann", "bob"))
DAYS = [date(2010, 8, day) for day in (17, 18, 19, 20)]

WRITE = """
INSERT INTO analysis_results (
    ticker, session_date, strategy, strategy_version, data_source, job_id, job_seq, analysis_source, verdict, score,
    close, tick, currency, bars_used, bars_hash, summary, started_at, completed_at
)
SELECT %(ticker)s, %(day)s, %(strategy)s, 'v1', 'sample', %(job_id)s, 1, 'selected', 'Hold', %(score)s,
    100, 0.01, 'USD', 245, 'abc', '', clock_timestamp(), clock_timestamp()
"""
DISAGREEMENTS = """
SELECT ticker, strategy, data_source, id, session_date, verdict, score, analysis_source, completed_at
FROM (SELECT DISTINCT ON (ticker, strategy, data_source) * FROM analysis_results
      ORDER BY ticker, strategy, data_source, session_date DESC) AS newest
EXCEPT
SELECT ticker, strategy, data_source, result_id, session_date, verdict, score, analysis_source, completed_at
FROM latest_results
"""


def write(connection: Connection, ticker: str, day: date, score: float = 50, **more: Any) -> None:
    job_id = more.get("job_id", "run-0")
    if connection.execute("SELECT FROM analysis_jobs WHERE job_id = %s", [job_id]).fetchone() is None:
        begun(connection, job_id, demand(f"OF{job_id.replace('-', '')}"))
    row = {"ticker": ticker, "day": day, "score": score, "job_id": job_id, "strategy": more.get("strategy", "balanced")}
    connection.execute(WRITE, row)


def check(connection: Connection) -> None:
    """The latest results are those that there are, no others and none missing."""
    assert connection.execute(DISAGREEMENTS).fetchall() == []
    counts = connection.execute(
        "SELECT (SELECT count(*) FROM latest_results)"
        " - (SELECT count(DISTINCT (ticker, strategy, data_source)) FROM analysis_results) AS more"
    ).fetchone()
    assert counts == {"more": 0}


def tickers(connection: Connection, **wanted: Any) -> list[str]:
    return [one.row.ticker for one in screen(connection, ANN, Screen(**wanted), None, 100)]


def test_the_latest_result_is_the_one_of_the_newest_session_in_whatever_order_they_come(connection: Connection) -> None:
    for day, score in ((DAYS[1], 10), (DAYS[3], 30), (DAYS[0], 20), (DAYS[2], 40)):
        write(connection, "IBM", day, score)
        check(connection)
    (found,) = screen(connection, ANN, Screen(), None, 10)
    assert (found.row.session_date, found.row.score) == (DAYS[3], 30)


def test_a_result_that_is_computed_anew_changes_in_the_screener_too(connection: Connection) -> None:
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM")])
    store_outcomes(
        connection, begun(connection, "run-2", demand(force=True)), [outcome("IBM", 81.0, Verdict.STRONG_BUY)]
    )
    check(connection)
    assert tickers(connection, verdicts=[Verdict.STRONG_BUY]) == ["IBM"]
    assert tickers(connection, verdicts=[Verdict.BUY]) == []


def test_when_a_job_goes_with_its_results_the_ones_before_are_the_latest_again(connection: Connection) -> None:
    for ticker in ("IBM", "KO"):
        write(connection, ticker, DAYS[0], job_id="old")
        write(connection, ticker, DAYS[1], job_id="new")
    write(connection, "T", DAYS[1], job_id="new")
    connection.execute("DELETE FROM analysis_jobs WHERE job_id = 'new'")
    check(connection)
    assert tickers(connection) == ["IBM", "KO"]
    connection.execute("DELETE FROM analysis_results")
    check(connection)


def test_many_who_write_sessions_of_the_same_tickers_at_once_agree_on_the_latest(app_url: str) -> None:
    with connect(app_url) as connection:
        write(connection, "T0", DAYS[0])
    gate = threading.Barrier(4)

    def work(day: date) -> None:
        with connect(app_url) as own:
            gate.wait(timeout=30)
            for number in range(40):
                write(own, f"W{number}", day, float(number))
            own.execute("DELETE FROM analysis_results WHERE session_date = %s AND score < 5", [day])

    threads = [threading.Thread(target=work, args=(day,)) for day in DAYS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with connect(app_url) as connection:
        check(connection)


def test_two_who_delete_what_the_other_one_restores_do_not_wait_for_each_other_for_ever(app_url: str) -> None:
    delete = "DELETE FROM analysis_results WHERE ticker = %s AND session_date = %s"

    def second(own: Connection) -> None:
        with own.transaction():
            own.execute(delete, ["IBM", DAYS[1]])
            own.execute(delete, ["KO", DAYS[0]])

    with turns(app_url) as turn, connect(app_url) as one, connect(app_url) as other:
        for ticker, day in product(["IBM", "KO"], DAYS[:2]):
            write(one, ticker, day)
        with one.transaction():
            one.execute(delete, ["KO", DAYS[1]])
            waiting = turn.start(other, second)
            one.execute(delete, ["IBM", DAYS[0]])
        waiting.result(timeout=30)
        check(one)
        assert tickers(one) == []


def test_a_ticker_of_several_strategies_has_one_row_the_newest_unless_one_is_asked_for(connection: Connection) -> None:
    write(connection, "IBM", DAYS[3], 10, strategy="balanced")
    write(connection, "IBM", DAYS[2], 90, strategy="momentum")
    assert [one.row.strategy for one in screen(connection, ANN, Screen(), None, 10)] == ["balanced"]
    assert [one.row.strategy for one in screen(connection, ANN, Screen(strategy="momentum"), None, 10)] == ["momentum"]


def test_an_old_verdict_is_not_shown_for_the_latest_one(connection: Connection) -> None:
    write(connection, "IBM", DAYS[2], 90)
    write(connection, "IBM", DAYS[3], 10)
    assert tickers(connection, min_score=80) == []
    assert tickers(connection, session=DAYS[2], min_score=80) == ["IBM"]


@pytest.mark.parametrize("sort", ["score", "-score", "ticker", "-ticker", "session", "-session", "-completed_at"])
def test_pages_of_every_order_have_every_row_once(connection: Connection, sort: str) -> None:
    for number in range(9):
        write(connection, f"T{number}", DAYS[number % 3], 10 * (number % 4))
    wanted = Screen(sort=sort)
    whole = screen(connection, ANN, wanted, None, 100)
    paged, after = [], None
    while rows := screen(connection, ANN, wanted, after, 2):
        paged += rows
        after = (rows[-1].key, rows[-1].row.ticker)
    assert paged == whole
    assert len({one.row.ticker for one in whole}) == 9
    column = sort.strip("-").replace("session", "session_date")
    values = [getattr(one.row, column) for one in whole]
    assert values == sorted(values, reverse=sort.startswith("-"))


def test_a_jobs_results_are_also_those_that_it_reused_and_only_for_who_sees_the_job(connection: Connection) -> None:
    write(connection, "KO", DAYS[3])
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM")])
    finalize_job(connection, "run-1")
    assert tickers(connection, job_id="run-1") == ["IBM"]
    assert screen(connection, BOB, Screen(job_id="run-1"), None, 10) == []


def test_the_whole_screener_is_read_in_parts(connection: Connection) -> None:
    for number in range(7):
        write(connection, f"T{number}", DAYS[0], number)
    with connection.transaction():
        whole = [row.ticker for row in screen_all(connection, ANN, Screen())]
    assert whole == tickers(connection)


def test_history_is_every_session_newest_first_in_pages(connection: Connection) -> None:
    for day in DAYS:
        write(connection, "IBM", day)
    first = history(connection, Series(ticker="IBM"), None, 3)
    rest = history(connection, Series(ticker="IBM"), (first[-1][1].session_date, first[-1][0]), 3)
    assert [row.session_date for _, row in first + rest] == DAYS[::-1]
    assert latest(connection, Series(ticker="IBM")) == first[0][1]
    assert latest(connection, Series(ticker="IBM", data_source=DataSource.DEMO)) is None


def test_an_explanation_has_the_readings_until_they_are_trimmed(connection: Connection) -> None:
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM")])
    found = explanation(connection, Series(ticker="IBM"), None)
    assert found is not None
    assert found.readings is not None
    assert [reading.id for reading in found.readings] == ["rsi"]
    connection.execute("DELETE FROM analysis_raw_data")
    trimmed = explanation(connection, Series(ticker="IBM"), DAYS[3])
    assert trimmed is not None
    assert trimmed.readings is None
    assert explanation(connection, Series(ticker="IBM"), DAYS[2]) is None


def test_a_prefix_finds_the_tickers_that_begin_so_and_means_no_pattern(connection: Connection) -> None:
    for ticker in ("IBM", "IBN", "KO", "I-B"):
        write(connection, ticker, DAYS[0])
    assert tickers(connection, prefix="IB", sort="ticker") == ["IBM", "IBN"]
    assert tickers(connection, prefix="I_") == tickers(connection, prefix="%") == []


def test_the_counts_are_those_of_the_rows_that_each_verdict_has(connection: Connection) -> None:
    for number, verdict in enumerate([Verdict.STRONG_BUY, Verdict.BUY, Verdict.HOLD, Verdict.BUY]):
        found = outcome(f"T{number}", 10.0 * number, verdict)
        store_outcomes(connection, begun(connection, f"run-{number}", demand(f"T{number}")), [found])
    filters: tuple[dict[str, Any], ...] = (
        {},
        {"min_score": 10},
        {"tickers": ["T1", "T3"]},
        {"prefix": "T3"},
        {"job_id": "run-1"},
        {"session": DAYS[3]},
        {"session": DAYS[0]},
        {"strategy": "momentum"},
    )
    for wanted in filters:
        counted = count_verdicts(connection, ANN, Screen(**wanted))
        assert counted == {verdict: len(tickers(connection, verdicts=[verdict], **wanted)) for verdict in Verdict}
    assert count_verdicts(connection, ANN, Screen())[Verdict.BUY] == 2
    assert sum(count_verdicts(connection, BOB, Screen(job_id="run-1")).values()) == 0


def test_the_series_of_a_ticker_are_what_it_was_analysed_by_and_from_the_newest_first(connection: Connection) -> None:
    write(connection, "IBM", DAYS[0], 10)
    write(connection, "IBM", DAYS[1], 20)
    write(connection, "IBM", DAYS[3], 30, strategy="momentum")
    found = series_of(connection, "IBM")
    assert [(one.strategy, one.session_date, one.score) for one in found] == [
        ("momentum", DAYS[3], 30),
        ("balanced", DAYS[1], 20),
    ]
    assert series_of(connection, "KO") == []


def test_the_result_before_is_of_the_same_series_whatever_lies_between(connection: Connection) -> None:
    write(connection, "IBM", DAYS[0], 10)
    write(connection, "IBM", DAYS[1], 20, strategy="momentum")
    write(connection, "IBM", DAYS[3], 30)
    now = latest(connection, Series(ticker="IBM"))
    assert now is not None
    before = explanation_before(connection, now)
    assert before is not None
    assert (before.result.session_date, before.result.score, before.readings) == (DAYS[0], 10, None)
    assert explanation_before(connection, before.result) is None
