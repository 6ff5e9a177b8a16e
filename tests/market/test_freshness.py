"""When the cache answers, and what is asked for when it does not."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from include.market.freshness import Gap, Patience, gap
from include.model.errors import ErrorCode
from include.model.prices import SeriesState

SINCE, OLDER = date(2023, 11, 20), date(2020, 1, 1)
MONDAY, TUESDAY, WEDNESDAY = date(2026, 11, 16), date(2026, 11, 17), date(2026, 11, 18)
PATIENCE = Patience(recheck=3600, dead=7 * 86_400)
FRESH = SeriesState(known_from=SINCE, last_session=TUESDAY, asked_seconds_ago=7200, asked_for=TUESDAY)
NEVER = SeriesState()
UNKNOWN = SeriesState(asked_seconds_ago=60, asked_for=TUESDAY, refusal=(ErrorCode.UNKNOWN_TICKER, "unknown"), misses=1)


@pytest.mark.parametrize("session", [MONDAY, TUESDAY])
def test_sessions_that_are_there_are_never_asked_for(session: date) -> None:
    assert gap(replace(FRESH, asked_seconds_ago=10**9), session, SINCE, PATIENCE) is None


def test_a_later_session_is_asked_for_from_before_the_newest_bar() -> None:
    assert gap(FRESH, WEDNESDAY, SINCE, PATIENCE) == Gap(since=date(2026, 11, 7), whole=False)


def test_a_session_that_was_not_there_is_not_asked_for_again_at_once() -> None:
    asked = replace(FRESH, asked_for=WEDNESDAY, asked_seconds_ago=3599)
    assert gap(asked, WEDNESDAY, SINCE, PATIENCE) is None
    assert gap(replace(asked, asked_seconds_ago=3601), WEDNESDAY, SINCE, PATIENCE) is not None


def test_an_answer_of_before_the_session_says_nothing_of_it() -> None:
    assert gap(replace(FRESH, asked_seconds_ago=60), WEDNESDAY, SINCE, PATIENCE) is not None


def test_bars_from_further_back_are_asked_for_with_all_others() -> None:
    assert gap(FRESH, TUESDAY, OLDER, PATIENCE) == Gap(since=OLDER, whole=True)


def test_a_cache_that_reaches_further_back_than_wanted_is_not_cut_when_it_is_replaced() -> None:
    assert gap(replace(FRESH, last_session=None), TUESDAY, date(2024, 1, 1), PATIENCE) == Gap(since=SINCE, whole=True)


def test_a_ticker_that_nobody_knows_is_asked_for_as_a_whole() -> None:
    assert gap(NEVER, TUESDAY, SINCE, PATIENCE) == Gap(since=SINCE, whole=True)


def test_what_the_source_said_a_moment_ago_stands_for_the_same_session_alone() -> None:
    assert gap(UNKNOWN, TUESDAY, SINCE, PATIENCE) is None
    assert gap(UNKNOWN, WEDNESDAY, SINCE, PATIENCE) is not None
    assert gap(replace(UNKNOWN, asked_seconds_ago=3601), TUESDAY, SINCE, PATIENCE) is not None


def test_a_dead_ticker_is_asked_for_after_days_only_whatever_session_is_wanted() -> None:
    dead = replace(UNKNOWN, dead_since=datetime(2026, 11, 1, tzinfo=UTC), misses=5, asked_seconds_ago=6 * 86_400)
    assert gap(dead, WEDNESDAY, SINCE, PATIENCE) is None
    assert gap(replace(dead, asked_seconds_ago=8 * 86_400), WEDNESDAY, SINCE, PATIENCE) is not None


def test_the_newest_prices_are_asked_for_unless_that_was_a_moment_ago() -> None:
    assert gap(FRESH, None, SINCE, PATIENCE) is not None
    assert gap(replace(FRESH, asked_seconds_ago=10), None, SINCE, PATIENCE) is None
