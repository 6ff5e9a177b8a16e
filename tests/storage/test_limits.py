"""The rate that all keep together, and the pauses of a source that is away."""

import threading
import time

import psycopg
import pytest

from include.model.bars import DataSource
from include.model.errors import ErrorCode, Refusal
from include.storage.connection import Connection, connect
from include.storage.limits import (
    Pauses,
    Rate,
    SourceState,
    add_source,
    note_failure,
    note_success,
    source_state,
    take_turn,
    waiting_tickers,
)
from include.storage.prices import lease, store_failure
from tests.storage.demands import begun, demand

YAHOO = DataSource.YAHOO
RATE = Rate(between=10, burst=0)
PAUSES = Pauses(most_failures=3, first=60, longest=900)
FAR = 10_000.0
AWAY, LIMITED = ErrorCode.SOURCE_UNAVAILABLE, ErrorCode.RATE_LIMITED


@pytest.fixture(autouse=True)
def source(connection: Connection) -> None:
    add_source(connection, YAHOO)
    add_source(connection, YAHOO)


def turn(connection: Connection, holder: str = "me", rate: Rate = RATE, horizon: float = FAR) -> float | None:
    return take_turn(connection, YAHOO, rate, holder, horizon, probe=40)


def state(connection: Connection) -> SourceState:
    found = source_state(connection, YAHOO)
    assert found is not None
    return found


def fail(connection: Connection, ticker: str = "IBM", code: ErrorCode = AWAY, times: int = 1) -> None:
    for _ in range(times):
        note_failure(connection, YAHOO, ticker, code, f"{ticker}: {code}", PAUSES)


def end_pause(connection: Connection) -> None:
    connection.execute("UPDATE source_limits SET paused_until = clock_timestamp()")


def is_left_of(seconds: float, found: float | None, begun: float) -> bool:
    """Whether so much is left of what took so many seconds, and began after `begun`, however slow this machine is."""
    return found is not None and seconds - (time.monotonic() - begun) <= found <= seconds


def test_turns_are_as_far_apart_as_the_rate_says(connection: Connection) -> None:
    begun = time.monotonic()
    turns = [turn(connection) for _ in range(4)]
    assert turns[0] == 0
    assert [is_left_of(10 * n, found, begun) for n, found in enumerate(turns)] == [True] * 4


def test_after_a_rest_some_may_leave_at_once(connection: Connection) -> None:
    begun = time.monotonic()
    turns = [turn(connection, rate=Rate(between=10, burst=20)) for _ in range(5)]
    assert turns[:3] == [0, 0, 0]
    assert is_left_of(10, turns[3], begun)
    assert is_left_of(20, turns[4], begun)


def test_a_rest_is_not_saved_up(connection: Connection) -> None:
    connection.execute("UPDATE source_limits SET due_at = due_at - interval '1 day'")
    begun = time.monotonic()
    assert turn(connection) == 0
    assert is_left_of(10, turn(connection), begun)


def test_a_turn_that_is_too_far_off_is_not_taken(connection: Connection) -> None:
    turn(connection)
    before = state(connection).due_seconds
    assert turn(connection, horizon=2) is None
    assert state(connection).due_seconds <= before


def test_many_at_once_never_get_the_same_turn(app_url: str, connection: Connection) -> None:
    turns: list[float | None] = []

    def take() -> None:
        with connect(app_url) as own:
            turns.extend(turn(own) for _ in range(10))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(turns) == 80
    assert state(connection).due_seconds == pytest.approx(800, abs=30)  # each one counted, by the server's clock


def test_too_many_requests_are_a_pause_for_everybody_at_once(connection: Connection) -> None:
    begun = time.monotonic()
    fail(connection, code=LIMITED)
    assert turn(connection) is None
    found = state(connection)
    assert (found.paused_code, found.paused_message) == (LIMITED, "IBM: rate_limited")
    assert is_left_of(60, found.paused_seconds, begun)


def test_other_failures_are_a_pause_when_there_are_several_in_a_row(connection: Connection) -> None:
    fail(connection, times=2)
    assert turn(connection) == 0
    fail(connection)
    assert turn(connection) is None
    assert state(connection).failures == 3


def test_an_answer_in_between_makes_it_a_new_row(connection: Connection) -> None:
    fail(connection, times=2)
    note_success(connection, YAHOO)
    fail(connection, times=2)
    assert state(connection).paused_seconds == 0


def test_what_was_on_its_way_does_not_lengthen_a_pause(connection: Connection) -> None:
    begun = time.monotonic()
    fail(connection, code=LIMITED, times=8)
    assert is_left_of(60, state(connection).paused_seconds, begun)


def test_after_a_pause_one_tries_for_all(connection: Connection) -> None:
    fail(connection, code=LIMITED)
    end_pause(connection)
    assert turn(connection, "prober") is not None
    assert turn(connection, "prober") is not None  # a cookie, then the prices
    assert turn(connection, "other") is None
    assert state(connection).probed
    note_success(connection, YAHOO)
    assert turn(connection, "other") is not None
    assert (state(connection).paused_seconds, state(connection).failing_since) == (0, None)


def test_each_pause_in_a_row_is_twice_as_long_up_to_the_longest(connection: Connection) -> None:
    for length in (60, 120, 240, 480, 900, 900):
        begun = time.monotonic()
        fail(connection, code=LIMITED)
        assert is_left_of(length, state(connection).paused_seconds, begun)
        end_pause(connection)
        turn(connection)


def test_a_prober_that_died_is_followed_by_another(connection: Connection) -> None:
    fail(connection, code=LIMITED)
    end_pause(connection)
    turn(connection, "dies")
    end_pause(connection)
    assert turn(connection, "next") is not None
    assert turn(connection, "dies") is None


def broken(connection: Connection, ticker: str) -> None:
    lease(connection, YAHOO, [ticker], "me", None)
    store_failure(connection, YAHOO, Refusal(ticker, AWAY, "HTTP 502"), "me")


def test_a_ticker_that_alone_is_broken_pauses_nobody(connection: Connection) -> None:
    broken(connection, "BROKEN")
    note_success(connection, YAHOO)  # of another one
    fail(connection, "BROKEN", times=10)
    assert (state(connection).failures, state(connection).paused_seconds) == (0, 0)
    fail(connection, "BROKEN", LIMITED)
    assert turn(connection) is None


def test_a_broken_ticker_as_a_probe_lets_the_next_one_try(connection: Connection) -> None:
    broken(connection, "BROKEN")
    note_success(connection, YAHOO)
    fail(connection, code=LIMITED)
    end_pause(connection)
    turn(connection, "prober")
    fail(connection, "BROKEN")
    assert turn(connection, "next") is not None


def test_the_tickers_that_active_jobs_wait_for_are_counted(connection: Connection) -> None:
    begun(connection, "live", demand("A", "B", "C", data_source=YAHOO))
    begun(connection, "offline", demand("D"))
    assert waiting_tickers(connection, YAHOO) == 3


def test_a_pause_without_a_reason_cannot_be_written(connection: Connection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute("UPDATE source_limits SET paused_until = now()")
