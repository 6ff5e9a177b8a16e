"""The rows of the price cache: bars as they were given, all or nothing, and one fetcher a ticker."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from include.model.bars import DataSource
from include.model.errors import ErrorCode, Refusal
from include.model.prices import CachedSeries, PriceHistory
from include.storage.connection import Connection
from include.storage.prices import (
    COLUMNS,
    Answer,
    LeaseLostError,
    Span,
    UnstorableError,
    end_leases,
    lease,
    read_series,
    renew_leases,
    store_answer,
    store_failure,
)
from tests.market.histories import FIRST, history, part, with_dividend

YAHOO = DataSource.YAHOO
LAST = date(2030, 1, 1)
BARS = history(count=60)
ALL = Span(since=date(2000, 1, 1))


def stored(connection: Connection, ticker: str = "IBM", span: Span = ALL) -> CachedSeries:
    return read_series(connection, YAHOO, {ticker: span})[ticker]


def store(connection: Connection, bars: PriceHistory | None, ticker: str = "IBM", **said: Any) -> None:
    lease(connection, YAHOO, [ticker], "me", None)
    answer = Answer(
        ticker=ticker, **{"asked_for": LAST, "missed": False, "whole": True, "known_from": FIRST, **said}, bars=bars
    )
    store_answer(connection, YAHOO, answer, "me", dead_after=3)


def rows(series: CachedSeries) -> list[tuple[Any, ...]]:
    assert series.history is not None
    return list(zip(*(getattr(series.history, name).tolist() for name in ("sessions", *COLUMNS)), strict=True))


def plain(bars: PriceHistory) -> list[tuple[Any, ...]]:
    return list(zip(*(getattr(bars, name).tolist() for name in ("sessions", *COLUMNS)), strict=True))


def test_bars_come_back_to_the_last_digit(connection: Connection) -> None:
    odd = replace(BARS, close=BARS.close / 3, adjustment=BARS.adjustment / 7)
    store(connection, odd)
    assert rows(stored(connection)) == plain(odd)
    assert stored(connection).history.currency == "USD"  # type: ignore[union-attr]


def test_only_the_bars_of_the_span_are_read(connection: Connection) -> None:
    store(connection, BARS)
    found = stored(connection, span=Span(since=date(2024, 1, 10), until=date(2024, 1, 12)))
    assert [row[0] for row in rows(found)] == [date(2024, 1, 10), date(2024, 1, 11), date(2024, 1, 12)]


def test_a_ticker_that_nobody_asked_for_has_neither_state_nor_bars(connection: Connection) -> None:
    found = stored(connection, "NOBODY")
    assert found.history is None
    assert (found.state.known_from, found.state.asked_seconds_ago, found.state.misses) == (None, None, 0)


def test_the_state_says_what_was_asked_and_how_far_the_bars_reach(connection: Connection) -> None:
    store(connection, BARS, asked_for=date(2024, 3, 22))
    state = stored(connection).state
    assert (state.known_from, state.last_session, state.asked_for) == (FIRST, date(2024, 3, 22), date(2024, 3, 22))
    assert state.asked_seconds_ago is not None
    assert state.timezone == "America/New_York"


def test_storing_the_same_again_writes_no_row(connection: Connection) -> None:
    store(connection, BARS)
    before = connection.execute("SELECT xmin::text FROM prices ORDER BY session_date").fetchall()
    store(connection, BARS)
    assert connection.execute("SELECT xmin::text FROM prices ORDER BY session_date").fetchall() == before


def test_new_bars_join_those_that_are_there(connection: Connection) -> None:
    store(connection, part(BARS, FIRST, date(2024, 2, 1)))
    store(connection, part(BARS, date(2024, 1, 29), LAST), whole=False, known_from=None)
    assert rows(stored(connection)) == plain(BARS)
    assert stored(connection).state.known_from == FIRST


def test_a_whole_history_takes_the_place_of_another_with_the_reason(connection: Connection) -> None:
    store(connection, BARS)
    shorter = part(with_dividend(BARS, LAST), date(2024, 1, 15), LAST)
    store(connection, shorter, replaced="dividend")
    found = stored(connection)
    assert rows(found) == plain(shorter)
    assert found.state.replaced is not None
    assert found.state.replaced.reason == "dividend"


def test_a_bar_that_cannot_be_one_stores_nothing_of_the_ticker(connection: Connection) -> None:
    store(connection, part(BARS, FIRST, date(2024, 1, 5)))
    bad = BARS.open.copy()
    bad[-1] = 0
    with pytest.raises(UnstorableError, match="prices_open_check"):
        store(connection, replace(BARS, open=bad))
    assert len(rows(stored(connection))) == 5


def test_a_refusal_is_remembered_and_a_success_forgets_it(connection: Connection) -> None:
    refusal = Refusal("IBM", ErrorCode.UNKNOWN_TICKER, "Yahoo does not know IBM")
    store(connection, None, refusal=refusal, missed=True, known_from=None)
    assert stored(connection).state.refusal == (ErrorCode.UNKNOWN_TICKER, "Yahoo does not know IBM")
    store(connection, BARS)
    assert stored(connection).state.refusal is None


def miss(connection: Connection, *days: date) -> None:
    refusal = Refusal("IBM", ErrorCode.UNKNOWN_TICKER, "unknown")
    for day in days:
        store(connection, None, refusal=refusal, missed=True, asked_for=day, known_from=None)


def test_a_session_is_missed_once_however_often_it_is_asked_for(connection: Connection) -> None:
    miss(connection, *[date(2026, 11, 16)] * 5)
    state = stored(connection).state
    assert (state.misses, state.dead_since) == (1, None)


def test_a_ticker_is_dead_after_so_many_sessions_and_one_bar_revives_it(connection: Connection) -> None:
    miss(connection, date(2026, 11, 16), date(2026, 11, 17))
    assert stored(connection).state.dead_since is None
    miss(connection, date(2026, 11, 18))
    died = stored(connection).state.dead_since
    assert died is not None
    miss(connection, date(2026, 11, 19))
    state = stored(connection).state
    assert (state.misses, state.dead_since) == (4, died)
    store(connection, BARS)
    state = stored(connection).state
    assert (state.misses, state.missed_session, state.dead_since) == (0, None, None)


def test_an_older_session_that_is_missed_adds_nothing(connection: Connection) -> None:
    miss(connection, date(2026, 11, 17), date(2026, 11, 16))
    state = stored(connection).state
    assert (state.misses, state.missed_session) == (1, date(2026, 11, 17))


def test_of_two_fetchers_each_ticker_has_one(connection: Connection) -> None:
    assert lease(connection, YAHOO, ["A", "B"], "me", None) == {"A", "B"}
    assert lease(connection, YAHOO, ["B", "C"], "you", None) == {"C"}
    assert lease(connection, YAHOO, ["A", "B"], "me", None) == {"A", "B"}
    end_leases(connection, YAHOO, "me")
    assert lease(connection, YAHOO, ["B", "C"], "you", None) == {"B", "C"}


def test_what_a_fetcher_that_died_has_leased_is_free_after_a_while(connection: Connection) -> None:
    lease(connection, YAHOO, ["A"], "dead", None)
    connection.execute("UPDATE price_series SET leased_until = clock_timestamp()")
    assert lease(connection, YAHOO, ["A"], "me", None) == {"A"}


def test_a_fetcher_that_is_alive_keeps_its_tickers(connection: Connection) -> None:
    lease(connection, YAHOO, ["A"], "me", None)
    connection.execute("UPDATE price_series SET leased_until = clock_timestamp()")
    renew_leases(connection, YAHOO, "me")
    assert lease(connection, YAHOO, ["A"], "you", None) == set()


def test_there_are_so_many_seats_and_no_more(connection: Connection) -> None:
    lease(connection, YAHOO, ["A"], "one", 2)
    lease(connection, YAHOO, ["B"], "two", 2)
    assert lease(connection, YAHOO, ["C"], "three", 2) is None
    assert lease(connection, YAHOO, ["C"], "two", 2) == {"C"}
    assert lease(connection, YAHOO, ["D"], "small", None) == {"D"}
    end_leases(connection, YAHOO, "one")
    end_leases(connection, YAHOO, "small")
    assert lease(connection, YAHOO, ["D"], "three", 2) == {"D"}


def test_who_has_lost_the_lease_writes_nothing(connection: Connection) -> None:
    lease(connection, YAHOO, ["IBM"], "slow", None)
    connection.execute("UPDATE price_series SET leased_until = clock_timestamp()")
    lease(connection, YAHOO, ["IBM"], "quick", None)
    late = Answer(ticker="IBM", asked_for=LAST, missed=False, bars=BARS, whole=True, known_from=FIRST)
    with pytest.raises(LeaseLostError):
        store_answer(connection, YAHOO, late, "slow", dead_after=3)
    assert stored(connection).history is None
    store_failure(connection, YAHOO, Refusal("IBM", ErrorCode.SOURCE_UNAVAILABLE, "away"), "slow")
    assert stored(connection).state.failure is None


def test_a_failure_says_nothing_of_the_ticker(connection: Connection) -> None:
    store(connection, BARS)
    lease(connection, YAHOO, ["IBM"], "me", None)
    store_failure(connection, YAHOO, Refusal("IBM", ErrorCode.SOURCE_UNAVAILABLE, "away"), "me")
    state = stored(connection).state
    assert (state.failure, state.misses, state.refusal) == ("away", 0, None)
    assert lease(connection, YAHOO, ["IBM"], "you", None) == {"IBM"}
