"""The price cache on a real database: what is asked for, what is kept, and that it is what a full fetch would give."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.analysis.analyze import hash_bars
from include.market.adjusting import adjusted
from include.market.cache import CachedPrices
from include.market.sources.question import reach
from include.model.bars import Bars
from include.model.errors import ErrorCode, Refusal, StaleAttemptError
from include.model.prices import Delay, PriceHistory
from include.settings import Settings
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.limits import source_state
from include.storage.prices import lease
from local.postgres import Cluster
from tests.conftest import APP, PASSWORD, drop_database, new_database
from tests.market.histories import (
    FIRST,
    ScriptedSource,
    history,
    part,
    weekdays,
    with_dividend,
    with_split,
)

DAYS = weekdays(300)
WEDNESDAY, THURSDAY, FRIDAY = date(2025, 2, 19), date(2025, 2, 20), date(2025, 2, 21)
BARS = 60
OPTIONS = {"requests_per_minute": 100_000, "fetch_wait_seconds": 0.2, "pause_seconds": 0.1}


@dataclass
class Prices:
    """The cache in front of a scripted source; each `fetch` is by a caller of its own."""

    databases: tuple[Database, Database]
    source: ScriptedSource
    options: dict[str, Any] = field(default_factory=dict)
    beat: Callable[[], None] = lambda: None

    def fetch(self, *tickers: str, session: date | None = FRIDAY, bars: int = BARS) -> dict[str, Any]:
        chosen = Settings(**{**OPTIONS, **self.options})
        cache = CachedPrices(self.source, *self.databases, chosen, self.beat)
        return cache.fetch(dict.fromkeys(tickers or ("IBM",), session), bars)


@contextmanager
def two_databases(url: str) -> Iterator[tuple[Database, Database]]:
    with Database(lambda: connect(url), 5) as database, Database(lambda: connect(url), 5) as pace:
        yield database, pace


@pytest.fixture
def source() -> ScriptedSource:
    return ScriptedSource({"IBM": history(), "KO": history("KO", seed=2)})


@pytest.fixture
def prices(app_url: str, source: ScriptedSource) -> Iterator[Prices]:
    with two_databases(app_url) as databases:
        yield Prices(databases, source)


def same(found: Bars, expected: PriceHistory) -> None:
    """To the last digit: both have the same hash."""
    assert found.sessions.tolist() == expected.sessions.tolist()
    assert hash_bars(found) == hash_bars(adjusted(expected))


def test_the_first_job_fetches_and_the_second_asks_nothing(prices: Prices, source: ScriptedSource) -> None:
    first = prices.fetch("IBM", "KO")
    assert sorted(source.tickers_asked) == ["IBM", "KO"]
    second = prices.fetch("IBM", "KO")
    assert len(source.asked) == 2
    for found in (first, second):
        same(found["IBM"], part(history(), reach(FRIDAY, BARS), FRIDAY))


def test_all_that_the_cache_has_is_one_statement(
    prices: Prices, source: ScriptedSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    source.answers = {f"T{n}": history(f"T{n}") for n in range(30)}
    prices.fetch(*source.answers)
    statements: list[object] = []
    run = Database.run

    def counting(database: Database, work: Any) -> Any:
        statements.append(work)
        return run(database, work)

    monkeypatch.setattr(Database, "run", counting)
    assert len(prices.fetch(*source.answers)) == 30
    assert len(statements) == 1
    assert len(source.asked) == 30


def test_who_asks_nothing_imports_neither_the_client_nor_pandas(app_url: str) -> None:
    program = (
        "import sys; from datetime import date; from include.market.prices import open_prices;"
        "from include.model.bars import DataSource; from include.storage.connection import connect;"
        "from include.storage.database import Database; stocks = Database(lambda: connect(sys.argv[1]), 5);"
        "open_prices(DataSource.YAHOO, stocks, stocks, print).fetch({'IBM': date(2025, 2, 21)}, 60);"
        "print({'pandas', 'yfinance', 'curl_cffi', 'exchange_calendars'} & set(sys.modules))"
    )
    with connect(app_url) as connection:
        connection.execute(
            "INSERT INTO price_series (data_source, ticker, known_from, last_session, currency, asked_at, asked_for)"
            " VALUES ('yahoo', 'IBM', '1900-01-01', '2025-02-21', 'USD', now(), '2025-02-21')"
        )
    done = subprocess.run([sys.executable, "-c", program, app_url], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_next_session_asks_for_what_is_new_alone(prices: Prices, source: ScriptedSource) -> None:
    source.today = THURSDAY
    prices.fetch(session=THURSDAY)
    source.today = FRIDAY
    same(prices.fetch()["IBM"], part(history(), reach(FRIDAY, BARS), FRIDAY))
    assert source.asked[-1].since > FRIDAY - timedelta(days=15)


def test_a_session_of_the_past_is_answered_without_asking(prices: Prices, source: ScriptedSource) -> None:
    prices.fetch(bars=150)
    found = prices.fetch(session=date(2024, 12, 20))["IBM"]
    assert found.last_session == date(2024, 12, 20)
    assert len(source.asked) == 1


def test_a_session_that_has_bars_enough_before_it_needs_no_question_however_far_back_they_reach(
    prices: Prices, source: ScriptedSource
) -> None:
    prices.fetch("IBM")
    weeks_ago = FRIDAY - timedelta(days=28)
    found = prices.fetch("IBM", session=weeks_ago)["IBM"]
    assert len(source.asked) == 1
    expected = part(history(), reach(weeks_ago, BARS), weeks_ago)
    assert hash_bars(found.until(weeks_ago, BARS)) == hash_bars(adjusted(expected).until(weeks_ago, BARS))


def test_bars_from_further_back_are_fetched_once(prices: Prices, source: ScriptedSource) -> None:
    prices.fetch(bars=60)
    for _ in range(2):
        same(prices.fetch(bars=150)["IBM"], part(history(), reach(FRIDAY, 150), FRIDAY))
    assert len(source.asked) == 2


def test_a_source_that_tells_its_first_day_is_never_asked_for_older_ones(
    prices: Prices, source: ScriptedSource
) -> None:
    source.answers = {"IBM": history(begins=FIRST)}
    prices.fetch(bars=300)
    prices.fetch(bars=2000)
    assert len(source.asked) == 1


@pytest.mark.parametrize(
    ("event", "reason"), [(with_dividend, "dividend"), (with_split, "split 2:1")], ids=["dividend", "split"]
)
def test_a_changed_past_is_fetched_anew_and_told(
    prices: Prices, source: ScriptedSource, event: Callable[..., PriceHistory], reason: str
) -> None:
    source.today = THURSDAY
    before = prices.fetch(session=THURSDAY)["IBM"]
    assert before.notes == ()
    changed = event(history(), FRIDAY)
    source.answers, source.today = {"IBM": changed}, FRIDAY
    found = prices.fetch()["IBM"]
    same(found, part(changed, reach(FRIDAY, BARS), FRIDAY))
    assert len(source.asked) == 3  # the new days, then everything
    (note,) = found.notes
    assert "changed the history of IBM, seen on " in note
    assert f"({reason})" in note
    assert prices.fetch()["IBM"].notes == found.notes


def test_a_change_of_long_ago_is_told_no_more(prices: Prices, source: ScriptedSource, connection: Connection) -> None:
    prices.fetch()
    connection.execute("UPDATE price_series SET replaced_at = now() - interval '31 days', replaced_reason = 'dividend'")
    assert prices.fetch()["IBM"].notes == ()


def test_prices_in_pence_are_kept_as_quoted_and_read_in_pounds(
    prices: Prices, source: ScriptedSource, connection: Connection
) -> None:
    source.answers = {"TSCO.L": history("TSCO.L", currency="GBp", timezone="Europe/London")}
    found = prices.fetch("TSCO.L")["TSCO.L"]
    assert found.currency == "GBP"
    assert found.notes == ("prices are quoted in GBp and were divided by 100",)
    kept = connection.execute("SELECT close FROM prices ORDER BY session_date DESC LIMIT 1").fetchone()
    assert kept is not None
    assert kept["close"] == pytest.approx(found.close[-1] * 100)


def test_a_bar_that_is_late_is_not_asked_for_again_at_once(prices: Prices, source: ScriptedSource) -> None:
    source.today = THURSDAY
    for _ in range(3):
        assert prices.fetch()["IBM"].last_session == THURSDAY
    assert len(source.asked) == 1
    source.today = FRIDAY
    prices.options["recheck_minutes"] = 0
    assert prices.fetch()["IBM"].last_session == FRIDAY


def test_an_unknown_ticker_is_refused_and_remembered(prices: Prices, source: ScriptedSource) -> None:
    for _ in range(2):
        refusal = prices.fetch("NOSUCH")["NOSUCH"]
        assert isinstance(refusal, Refusal)
        assert refusal.code is ErrorCode.UNKNOWN_TICKER
    assert source.tickers_asked == ["NOSUCH"]


def test_a_dead_ticker_says_since_when_is_rarely_asked_for_and_comes_back(
    prices: Prices, source: ScriptedSource, connection: Connection
) -> None:
    prices.options["dead_after_sessions"] = 3
    for session in DAYS[-5:-1]:
        refusal = prices.fetch("GONE", session=session)["GONE"]
    assert "dead since" in refusal.message
    assert len(source.asked) == 3  # the fourth session was not asked for
    source.answers = {"GONE": history("GONE")}
    assert isinstance(prices.fetch("GONE", session=DAYS[-1])["GONE"], Refusal)
    connection.execute("UPDATE price_series SET asked_at = asked_at - interval '8 days'")
    assert prices.fetch("GONE", session=DAYS[-1])["GONE"].last_session == DAYS[-1]


def test_a_ticker_that_the_source_does_not_know_any_more_still_answers_for_the_past(
    prices: Prices, source: ScriptedSource
) -> None:
    source.today = THURSDAY
    prices.fetch(session=THURSDAY)
    source.answers = {}
    assert isinstance(prices.fetch()["IBM"], Refusal)
    assert prices.fetch(session=WEDNESDAY)["IBM"].last_session == WEDNESDAY


def test_a_share_without_a_new_bar_keeps_its_old_ones(prices: Prices, source: ScriptedSource) -> None:
    source.answers = {"IBM": part(history(), FIRST, date(2025, 1, 10))}
    prices.fetch(session=date(2025, 1, 10))
    assert prices.fetch()["IBM"].last_session == date(2025, 1, 10)  # the source: "no data" for these days


def test_impossible_prices_are_refused_stored_nowhere_and_remembered(
    prices: Prices, source: ScriptedSource, connection: Connection
) -> None:
    bad = history()
    bad.open[-30] = 0.0
    source.answers = {"IBM": bad, "KO": history("KO")}
    for _ in range(2):
        found = prices.fetch("IBM", "KO")
        assert found["IBM"].code is ErrorCode.BAD_PRICES
        assert "open 0" in found["IBM"].message
        assert isinstance(found["KO"], Bars)
    assert sorted(source.tickers_asked) == ["IBM", "KO"]
    assert connection.execute("SELECT count(*) AS n FROM prices WHERE ticker = 'IBM'").fetchone() == {"n": 0}


def test_no_usable_answer_is_a_delay_and_leaves_what_is_there(
    prices: Prices, source: ScriptedSource, connection: Connection
) -> None:
    source.today = THURSDAY
    prices.fetch(session=THURSDAY)
    failed = Delay("IBM", ErrorCode.SOURCE_UNAVAILABLE, "HTTP 502")
    source.answers, source.today = {"IBM": failed, "KO": history("KO")}, FRIDAY
    found = prices.fetch("IBM", "KO")
    assert found["IBM"] == failed
    assert isinstance(found["KO"], Bars)
    kept = connection.execute("SELECT max(session_date) AS last FROM prices WHERE ticker = 'IBM'").fetchone()
    assert kept == {"last": THURSDAY}


def test_a_replaced_history_that_cannot_be_had_leaves_the_old_one(
    prices: Prices, source: ScriptedSource, connection: Connection
) -> None:
    source.today = THURSDAY
    prices.fetch(session=THURSDAY)
    before = connection.execute("SELECT * FROM prices ORDER BY session_date").fetchall()
    changed, failed = with_split(history(), FRIDAY), Delay("IBM", ErrorCode.SOURCE_UNAVAILABLE, "HTTP 502")
    source.answers, source.today = {"IBM": changed}, FRIDAY

    def fails_when_asked_for_all(question: Any) -> None:
        if question.since < date(2025, 1, 1):
            source.answers = {"IBM": failed}

    source.during = fails_when_asked_for_all
    assert prices.fetch()["IBM"] == failed
    assert connection.execute("SELECT * FROM prices ORDER BY session_date").fetchall() == before


def test_a_ticker_that_another_task_fetches_is_waited_for_and_not_asked_for(
    prices: Prices, source: ScriptedSource, connection: Connection
) -> None:
    lease(connection, source.name, ["IBM"], "another", None)
    found = prices.fetch("IBM", "KO")
    assert isinstance(found["KO"], Bars)
    assert isinstance(found["IBM"], Delay)
    assert found["IBM"].seconds is not None
    assert source.tickers_asked == ["KO"]


def test_while_it_waits_for_another_task_it_holds_nothing_that_another_may_wait_for(
    prices: Prices, source: ScriptedSource, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("include.market.fetching.BEAT_EVERY", 0.0)
    seen: list[list[str]] = []

    def look() -> None:
        leased = connection.execute("SELECT ticker FROM price_series WHERE leased_by IS NOT NULL ORDER BY ticker")
        seen.append([row["ticker"] for row in leased.fetchall()])

    source.answers = {**source.answers, "IBM": Delay("IBM", ErrorCode.RATE_LIMITED, "not now", 30)}
    prices.beat = look
    lease(connection, source.name, ["KO"], "another", None)
    assert set(prices.fetch("IBM", "KO")) == {"IBM", "KO"}
    assert source.tickers_asked == ["IBM"]
    assert seen[0] == ["IBM", "KO"]
    assert seen[-1] == ["KO"]


def test_with_all_seats_taken_a_large_batch_comes_back_and_a_small_one_goes_on(
    prices: Prices, source: ScriptedSource, connection: Connection
) -> None:
    source.answers = {f"T{n}": history(f"T{n}") for n in range(9)}
    prices.options |= {"fetch_tasks": 1, "fetch_threads": 8}
    lease(connection, source.name, ["OTHER"], "another", None)
    delays = prices.fetch(*source.answers)
    assert {type(delay) for delay in delays.values()} == {Delay}
    assert source.asked == []
    assert isinstance(prices.fetch("T1")["T1"], Bars)


def test_a_job_that_has_ended_stops_its_fetching_and_leaves_its_tickers_to_others(
    prices: Prices, source: ScriptedSource, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def over() -> None:
        raise StaleAttemptError("job", 1)

    monkeypatch.setattr("include.market.fetching.BEAT_EVERY", 0.0)
    source.answers = {f"T{n}": history(f"T{n}") for n in range(5)}
    prices.beat = over
    with pytest.raises(StaleAttemptError):
        prices.fetch(*source.answers)
    assert len(source.asked) == 1
    leased = connection.execute("SELECT count(*) AS n FROM price_series WHERE leased_by IS NOT NULL").fetchone()
    assert leased == {"n": 0}


def test_an_answer_ends_the_pause_and_failures_begin_one(
    prices: Prices, source: ScriptedSource, connection: Connection
) -> None:
    limited = Delay("IBM", ErrorCode.RATE_LIMITED, "too many requests")
    source.answers = {"IBM": limited}
    prices.fetch()
    state = source_state(connection, source.name)
    assert state is not None
    assert (state.paused_code, state.failures) == (ErrorCode.RATE_LIMITED, 1)
    source.answers = {"IBM": history()}
    prices.fetch()
    state = source_state(connection, source.name)
    assert state is not None
    assert (state.paused_code, state.failures) == (None, 0)


_numbers = count()
STEPS = st.lists(
    st.tuples(
        st.integers(0, 12),  # sessions that go by
        st.integers(20, 200),  # bars that somebody wants
        st.integers(0, 30),  # sessions back that they want them for
        st.sampled_from(["nothing", "nothing", "nothing", "dividend", "split", "correction"]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(scope="module")
def shared(cluster: Cluster, template: str) -> Iterator[tuple[Database, Database]]:
    name = new_database(cluster, template)
    with two_databases(cluster.url(name, role=APP, password=PASSWORD)) as databases:
        yield databases
    drop_database(cluster, name)


@settings(max_examples=30, deadline=None)
@given(steps=STEPS)
def test_whatever_was_fetched_before_in_whatever_order_it_is_one_full_fetch(
    shared: tuple[Database, Database], steps: list[tuple[int, int, int, str]]
) -> None:
    ticker = f"P{next(_numbers)}"
    told = history(ticker)
    source = ScriptedSource({ticker: told})
    prices = Prices(shared, source, {"recheck_minutes": 0})
    at = 200
    for passed, bars, back, event in steps:
        at = min(at + passed, len(DAYS) - 1)
        today = DAYS[at]
        if passed:  # what happens is known when its session begins
            told = happened(told, event, today)
        source.answers, source.today = {ticker: told}, today
        prices.fetch(ticker, session=today, bars=20)  # somebody looks at today, and so at what has changed
        session = DAYS[at - back]
        found = prices.fetch(ticker, session=session, bars=bars)[ticker]
        expected = adjusted(part(told, reach(session, bars), session))
        assert hash_bars(found.until(session, bars)) == hash_bars(expected.until(session, bars))  # what is looked at
        assert prices.fetch(ticker, session=session, bars=bars)[ticker].sessions.tolist() == found.sessions.tolist()


def happened(told: PriceHistory, event: str, day: date) -> PriceHistory:
    if event == "dividend":
        return with_dividend(told, day)
    if event == "split":
        return with_split(told, day)
    if event == "correction":
        at = int(np.searchsorted(told.sessions, np.datetime64(day))) - 2
        close = told.close.copy()
        close[at] = round(close[at] * 1.004, 4)
        return replace(told, close=close)
    return told
