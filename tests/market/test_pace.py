"""How far apart requests are, and when a fetcher does not wait any longer."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from include.market.limits import SharedPace, pauses
from include.market.pace import GivenUpError, LocalPace, NotNowError, spacing
from include.model.bars import DataSource
from include.model.errors import ErrorCode
from include.settings import Settings
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.limits import note_failure

YAHOO = DataSource.YAHOO


@pytest.mark.parametrize("per_minute", [1, 2, 6, 12, 24, 60, 100, 120, 600, 6000, 100_000])
def test_no_minute_has_more_requests_than_allowed_even_when_some_are_three_seconds_late(per_minute: int) -> None:
    between, burst = spacing(per_minute)
    at_once = round(burst / between) + 1
    assert at_once + int(63 / between) <= per_minute
    assert at_once + int(60 / between) >= 0.9 * per_minute or per_minute < 12


def test_a_pace_of_one_process_spaces_its_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("include.market.pace.time.sleep", slept.append)
    pace = LocalPace(60, clock=lambda: 0.0)
    for _ in range(8):
        pace.turn()
    between, _ = spacing(60)
    assert slept == pytest.approx([0] * 5 + [between, 2 * between, 3 * between])


Make = Callable[..., SharedPace]


@pytest.fixture
def make(app_url: str) -> Iterator[Make]:
    with Database(lambda: connect(app_url), 5) as database:

        def made(**options: Any) -> SharedPace:
            return SharedPace(database, YAHOO, Settings(**options), "me")

        yield made


def fail(connection: Connection, code: ErrorCode = ErrorCode.RATE_LIMITED) -> None:
    note_failure(connection, YAHOO, "IBM", code, "HTTP 429", pauses(Settings()))


def test_a_turn_that_does_not_come_in_time_is_left_to_others(make: Make) -> None:
    pace = make(requests_per_minute=1, fetch_wait_seconds=0.05)
    pace.turn()
    with pytest.raises(NotNowError, match="1 requests a minute") as later:
        pace.turn()
    assert later.value.seconds > 30


def test_a_pause_that_is_longer_than_the_task_waits_is_not_waited_for(make: Make, connection: Connection) -> None:
    pace = make(fetch_wait_seconds=5)
    fail(connection)
    with pytest.raises(NotNowError, match="a pause of") as later:
        pace.turn()
    assert later.value.code is ErrorCode.RATE_LIMITED
    assert later.value.seconds == pytest.approx(60, abs=5)


def test_a_short_pause_is_waited_for(make: Make, connection: Connection) -> None:
    pace = make(requests_per_minute=100_000)
    fail(connection)
    connection.execute("UPDATE source_limits SET paused_until = clock_timestamp() + interval '0.2 seconds'")
    pace.turn()


def test_a_source_that_is_away_for_too_long_is_given_up_with_the_reason(make: Make, connection: Connection) -> None:
    pace = make(away_minutes=30)
    fail(connection)
    connection.execute("UPDATE source_limits SET failing_since = '2026-11-20 10:00Z'")
    with pytest.raises(GivenUpError, match=r"no usable answer since 2026-11-20 10:00 UTC.*HTTP 429"):
        pace.turn()


def test_while_somebody_tries_whether_it_is_back_nobody_gives_up(make: Make, connection: Connection) -> None:
    pace = make(away_minutes=30, fetch_wait_seconds=0.05)
    fail(connection)
    connection.execute(
        "UPDATE source_limits SET failing_since = '2026-11-20 10:00Z', probed_by = 'another',"
        " paused_until = clock_timestamp() + interval '1 hour'"
    )
    with pytest.raises(NotNowError):
        pace.turn()


def test_who_waits_is_woken_up_when_the_fetching_ends(make: Make) -> None:
    pace = make(requests_per_minute=1, fetch_wait_seconds=3600)
    pace.turn()
    threading.Timer(0.1, pace.stop).start()
    with pytest.raises(NotNowError, match="over"):
        pace.turn()
