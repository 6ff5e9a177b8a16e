"""Results: one row a stock, session, strategy and source, never replaced by an older job's."""

from decimal import Decimal

import psycopg
import pytest

from include.model.analysis import Verdict
from include.model.errors import ErrorCode, Refusal
from include.storage.connection import Connection
from include.storage.results import store_outcomes, verdicts
from tests.storage.demands import SESSION, begun, demand, outcome


def stored(connection: Connection) -> list[tuple[object, ...]]:
    rows = connection.execute(
        "SELECT ticker, job_id, verdict, score::float, stop_loss::float FROM analysis_results ORDER BY ticker"
    ).fetchall()
    return [tuple(row.values()) for row in rows]


def test_outcomes_become_results_details_and_raw_data_in_one_statement(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    refused = Refusal("JPM", ErrorCode.NO_DATA, "no bars")
    assert store_outcomes(connection, batch, [outcome("IBM"), refused]) == 2
    assert stored(connection) == [("IBM", "run-1", "Buy", 67.4, 95.0)]
    raw = connection.execute("SELECT readings -> 0 ->> 'id' AS id FROM analysis_raw_data").fetchall()
    assert raw == [{"id": "rsi"}]
    ibm, jpm = verdicts(connection, "run-1")
    assert (ibm.verdict, ibm.score, ibm.session_date, ibm.reasons) == (
        Verdict.BUY,
        Decimal("67.4"),
        SESSION,
        ("RSI 28.0",),
    )
    assert (ibm.entry, ibm.target, ibm.position_size, ibm.cost) == (
        Decimal("100.00"),
        Decimal("112.50"),
        40,
        Decimal("4000.00"),
    )
    assert (jpm.status, jpm.error_code, jpm.error_message, jpm.verdict) == ("failed", "no_data", "no bars", None)


def test_the_result_keeps_the_plan_and_the_detail_the_position_of_its_request(connection: Connection) -> None:
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM")])
    row = connection.execute(
        "SELECT result.target AS plan, detail.target AS sized FROM analysis_results AS result"
        " JOIN analysis_jobs_details AS detail ON detail.result_id = result.id"
    ).fetchone()
    assert row == {"plan": Decimal("110.00"), "sized": Decimal("112.50")}


def test_hold_has_no_levels(connection: Connection) -> None:
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM", 50.0, Verdict.HOLD)])
    assert stored(connection) == [("IBM", "run-1", "Hold", 50.0, None)]


def test_a_later_job_replaces_the_result_and_the_first_jobs_detail_keeps_what_it_saw(connection: Connection) -> None:
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM")])
    store_outcomes(
        connection, begun(connection, "run-2", demand(force=True)), [outcome("IBM", 81.0, Verdict.STRONG_BUY)]
    )
    assert stored(connection) == [("IBM", "run-2", "Strong Buy", 81.0, 95.0)]
    assert verdicts(connection, "run-1")[0].score == Decimal("67.4")


def test_an_older_job_never_replaces_the_result_of_a_later_one(connection: Connection) -> None:
    older = begun(connection, "run-1")
    store_outcomes(
        connection, begun(connection, "run-2", demand(force=True)), [outcome("IBM", 81.0, Verdict.STRONG_BUY)]
    )
    store_outcomes(connection, older, [outcome("IBM")])
    assert stored(connection) == [("IBM", "run-2", "Strong Buy", 81.0, 95.0)]
    links = connection.execute(
        "SELECT job_id, result_id IS NOT NULL AS linked, score::float FROM analysis_jobs_details"
        " WHERE ticker = 'IBM' ORDER BY job_id"
    ).fetchall()
    assert [tuple(row.values()) for row in links] == [("run-1", True, 67.4), ("run-2", True, 81.0)]


def test_storing_the_same_outcomes_twice_changes_nothing(connection: Connection) -> None:
    batch = begun(connection, "run-1")
    assert store_outcomes(connection, batch, [outcome("IBM")]) == 1
    assert store_outcomes(connection, batch, [outcome("IBM", 99.0, Verdict.STRONG_BUY)]) == 0
    assert stored(connection) == [("IBM", "run-1", "Buy", 67.4, 95.0)]


def test_deleting_a_job_takes_its_details_and_results_and_leaves_other_snapshots(connection: Connection) -> None:
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM")])
    store_outcomes(
        connection, begun(connection, "run-2", demand(force=True)), [outcome("IBM", 81.0, Verdict.STRONG_BUY)]
    )
    connection.execute("DELETE FROM analysis_jobs WHERE job_id = 'run-2'")
    assert stored(connection) == []
    assert verdicts(connection, "run-1")[0].score == Decimal("67.4")


@pytest.mark.parametrize(
    "change",
    [
        "verdict = NULL",
        "score = 100.1",
        "stop_loss = 101",
        "target = NULL",
        "job_id = NULL",
        "job_id = 'no-such-job'",
        "analysis_source = NULL",
        "verdict = 'Hold'",
    ],
)
def test_the_database_refuses_a_result_that_cannot_be(connection: Connection, change: str) -> None:
    store_outcomes(connection, begun(connection, "run-1"), [outcome("IBM")])
    with pytest.raises(psycopg.errors.IntegrityError):
        connection.execute(f"UPDATE analysis_results SET {change}")


def test_a_row_that_cannot_be_stored_is_recorded_and_the_others_are_stored(connection: Connection) -> None:
    impossible = outcome("IBM", score=1000.0)
    assert store_outcomes(connection, begun(connection, "run-1"), [impossible, outcome("JPM")]) == 2
    assert [row[0] for row in stored(connection)] == ["JPM"]
    failed = next(row for row in verdicts(connection, "run-1") if row.ticker == "IBM")
    assert failed.error_code == "internal_error"
    assert failed.error_message is not None
    assert failed.error_message.startswith("its outcome could not be stored: ")


def test_a_message_that_postgresql_refuses_is_replaced_by_one_that_it_takes(connection: Connection) -> None:
    refused = Refusal("IBM", ErrorCode.NO_DATA, "a\0b")
    store_outcomes(connection, begun(connection, "run-1"), [refused, outcome("JPM")])
    assert next(row for row in verdicts(connection, "run-1") if row.ticker == "IBM").error_code == "internal_error"
