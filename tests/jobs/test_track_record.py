"""Stored verdicts are followed through the prices at hand, again when more is known, and never further than that."""

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest

from include.analysis import load_strategies, outcome_of
from include.jobs import track_record as room
from include.jobs.track_record import Progress, update_track_record
from include.market.sources.demo import demo_bars
from include.market.sources.sample import SampleSource, sample_sessions
from include.model.analysis import RiskProfile, Verdict
from include.model.bars import Bars, DataSource
from include.model.job import Outcome
from include.model.prices import PriceHistory
from include.model.track_record import TrackRecord
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.prices import Answer, lease, store_answer
from include.storage.results import store_outcomes
from include.storage.track_record import kept_records
from tests.analysis.slow_track_record import Case, records
from tests.analysis.track_records import agree, shape
from tests.market.histories import history, part, with_dividend, with_split
from tests.storage.demands import begun, demand
from tests.storage.said import said

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
BARS = history(count=60)
DAYS: list[date] = BARS.sessions.tolist()
CLOSES: list[float] = BARS.close.tolist()


def buy(at: int = 0, ticker: str = "IBM", **changed: Any) -> Case:
    close = CLOSES[at]
    case = Case(
        ticker=ticker,
        session=DAYS[at],
        verdict=Verdict.BUY,
        score=67.4,
        close=close,
        stop_loss=round(close * 0.97, 2),
        target=round(close * 1.05, 2),
    )
    return replace(case, **changed)


def stored_prices(connection: Connection, bars: PriceHistory) -> None:
    """As the cache stores what its source told last."""
    lease(connection, DataSource.YAHOO, [bars.ticker], "me", None)
    answer = Answer(
        ticker=bars.ticker, asked_for=bars.last_session, missed=False, bars=bars, whole=True, known_from=DAYS[0]
    )
    store_answer(connection, DataSource.YAHOO, answer, "me", dead_after=3)


def upto(at: int, bars: PriceHistory = BARS) -> PriceHistory:
    return part(bars, DAYS[0], DAYS[at])


def update(stocks: Database) -> Progress:
    return update_track_record(stocks, lambda: NOW)


def rows(connection: Connection) -> list[dict[str, Any]]:
    return list(connection.execute("SELECT * FROM follow_ups ORDER BY result_id"))


def states(connection: Connection) -> list[str]:
    return [row["state"] for row in rows(connection)]


def record(connection: Connection) -> TrackRecord:
    (found,) = kept_records(connection, None, None)
    return found


def test_a_verdict_is_followed_as_far_as_prices_go_and_then_once_more(connection: Connection, stocks: Database) -> None:
    said(connection, [buy()])
    stored_prices(connection, upto(3))
    assert update(stocks) == Progress(followed=1, records=1, more=False)
    (row,) = rows(connection)
    assert (row["state"], row["through"], row["return_5"]) == ("pending", DAYS[3], None)
    assert row["return_1"] == pytest.approx(CLOSES[1] / CLOSES[0] - 1)
    assert record(connection).by_verdict[0].pending == 1
    stored_prices(connection, BARS)
    assert update(stocks) == Progress(followed=1, records=1, more=False)
    (row,) = rows(connection)
    assert (row["state"], row["through"], row["session_5"]) == ("complete", DAYS[20], DAYS[5])
    assert row["return_20"] == pytest.approx(CLOSES[20] / CLOSES[0] - 1)
    assert record(connection).by_verdict[0].horizons[2].count == 1


def test_doing_it_again_changes_nothing(connection: Connection, stocks: Database) -> None:
    said(connection, [buy(), buy(ticker="KO")])
    stored_prices(connection, upto(30))
    update(stocks)
    before, kept = rows(connection), record(connection)
    assert update(stocks) == Progress(followed=0, records=0, more=False)
    assert (rows(connection), record(connection)) == (before, kept)
    assert [row["state"] for row in before] == ["complete", "pending"]


def test_a_verdict_that_was_written_anew_is_followed_anew(connection: Connection, stocks: Database) -> None:
    said(connection, [buy()])
    stored_prices(connection, BARS)
    update(stocks)
    said(connection, [buy(verdict=Verdict.SELL, score=30.0, stop_loss=CLOSES[0] * 1.5, target=CLOSES[0] / 2)])
    (row,) = rows(connection)
    assert (row["state"], row["return_1"], row["verdict"]) == ("waiting", None, "Sell")
    assert update(stocks).followed == 1
    assert [group.group for group in record(connection).by_verdict] == ["Sell"]


def test_the_same_verdict_written_again_stays_followed(connection: Connection, stocks: Database) -> None:
    said(connection, [buy()])
    stored_prices(connection, BARS)
    update(stocks)
    said(connection, [buy()])
    assert states(connection) == ["complete"]
    assert update(stocks) == Progress(followed=0, records=0, more=False)


def test_what_was_found_of_a_verdict_that_is_replaced_meanwhile_is_not_stored(
    connection: Connection, stocks: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(connection, [buy()])
    stored_prices(connection, BARS)
    follow = room.follow_up

    def replaced_meanwhile(*of: Any, **how: Any) -> Any:
        found = follow(*of, **how)
        monkeypatch.setattr(room, "follow_up", follow)
        said(connection, [buy(verdict=Verdict.HOLD, score=50.0)])
        return found

    monkeypatch.setattr(room, "follow_up", replaced_meanwhile)
    assert update(stocks).followed == 0
    assert states(connection) == ["waiting"]
    assert update(stocks).followed == 1
    assert [group.group for group in record(connection).by_verdict] == ["Hold"]


def test_a_record_without_a_deleted_job_is_without_its_verdicts(connection: Connection, stocks: Database) -> None:
    first, second = (said(connection, [buy(at)]) for at in (0, 1))
    stored_prices(connection, BARS)
    update(stocks)
    assert record(connection).by_verdict[0].horizons[2].counted == 1
    connection.execute("DELETE FROM analysis_jobs WHERE job_id = %s", (first,))
    assert update(stocks) == Progress(followed=0, records=1, more=False)
    assert (record(connection).since, record(connection).by_verdict[0].horizons[2].counted) == (DAYS[1], 1)
    connection.execute("DELETE FROM analysis_jobs WHERE job_id = %s", (second,))
    assert update(stocks).records == 1
    assert kept_records(connection, None, None) == []


@pytest.mark.parametrize("change", [with_split, with_dividend])
def test_a_split_or_a_dividend_after_the_verdict_changes_neither_return_nor_touch(
    connection: Connection, stocks: Database, change: Callable[[PriceHistory, date], PriceHistory]
) -> None:
    said(connection, [buy(at) for at in (5,)])
    said(connection, [buy(5, ticker="KO")])
    stored_prices(connection, BARS)
    stored_prices(connection, replace(change(BARS, DAYS[40]), ticker="KO"))
    update(stocks)
    plain, changed = rows(connection)
    for name in ("return_1", "return_5", "return_20"):
        assert changed[name] == pytest.approx(plain[name], rel=1e-12)
    for name in ("state", "through", "first_touch", "touched_after"):
        assert changed[name] == plain[name]


def test_prices_that_end_are_said_to_and_go_on_when_they_do(connection: Connection, stocks: Database) -> None:
    said(connection, [buy()])
    stored_prices(connection, upto(3))
    connection.execute("UPDATE price_series SET misses = 5, dead_since = now()")
    assert update(stocks).followed == 1
    assert states(connection) == ["ended"]
    assert record(connection).by_verdict[0].unknown == 1
    assert update(stocks).followed == 0
    stored_prices(connection, BARS)
    assert update(stocks).followed == 1
    assert states(connection) == ["complete"]


def test_a_verdict_without_stored_prices_waits_for_them(connection: Connection, stocks: Database) -> None:
    said(connection, [buy()])
    assert update(stocks).followed == 1
    assert states(connection) == ["pending"]
    assert update(stocks).followed == 0
    stored_prices(connection, BARS)
    assert update(stocks).followed == 1
    assert states(connection) == ["complete"]


def test_a_renamed_ticker_is_followed_under_its_new_name(connection: Connection, stocks: Database) -> None:
    said(connection, [buy(ticker="FB"), buy(ticker="META", at=2)])
    stored_prices(connection, replace(upto(3), ticker="FB"))
    update(stocks)
    assert states(connection) == ["pending", "pending"]
    connection.execute("INSERT INTO ticker_aliases VALUES ('FB', 'META')")
    stored_prices(connection, replace(BARS, ticker="META"))
    assert update(stocks).followed == 2
    assert [(row["state"], row["through"]) for row in rows(connection)] == [
        ("complete", DAYS[20]),
        ("complete", DAYS[22]),
    ]


def test_a_session_that_the_prices_do_not_have_is_said(connection: Connection, stocks: Database) -> None:
    said(connection, [buy(session=DAYS[4].replace(day=6))])  # a Saturday
    stored_prices(connection, BARS)
    update(stocks)
    assert states(connection) == ["no_bar"]


def test_the_demo_is_followed_up_to_the_last_weekday(connection: Connection, stocks: Database) -> None:
    bars = demo_bars("IBM", date(2026, 11, 20), 30)
    said(connection, [buy(session=bars.sessions[at].astype(object)) for at in (5,)], DataSource.DEMO)
    said(connection, [buy(session=bars.sessions[25].astype(object))], DataSource.DEMO)
    update(stocks)
    old, new = rows(connection)
    assert old["return_20"] == pytest.approx(bars.close[25] / bars.close[5] - 1)
    assert (old["state"], new["state"], new["through"]) == ("complete", "pending", date(2026, 11, 20))
    assert update(stocks).followed == 0
    assert update_track_record(stocks, lambda: NOW.replace(day=25)).followed == 1


def test_a_run_without_time_leaves_the_rest_to_the_next_one(
    connection: Connection, stocks: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(connection, [buy(ticker=f"T{number}") for number in range(5)])
    monkeypatch.setattr(room, "MOST_TICKERS", 2)
    hurried = itertools.count(0, room.BUDGET_SECONDS * 0.6).__next__
    first = update_track_record(stocks, lambda: NOW, hurried)
    assert (first.followed, first.more) == (2, True)
    assert first.summary == "verdicts followed: 2 (there are more); records renewed: 1"
    assert update(stocks).followed == 3
    assert "waiting" not in states(connection)


def test_a_portion_that_fails_leaves_nothing_and_is_done_by_the_next_run(
    connection: Connection, stocks: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    said(connection, [buy(), buy(ticker="KO")])
    stored_prices(connection, BARS)
    store = room.store_follow_ups

    def killed(there: Connection, followed: Any) -> int:
        store(there, followed)
        raise KeyboardInterrupt

    monkeypatch.setattr(room, "store_follow_ups", killed)
    with pytest.raises(KeyboardInterrupt):
        update(stocks)
    assert states(connection) == ["waiting", "waiting"]
    monkeypatch.setattr(room, "store_follow_ups", store)
    assert update(stocks).followed == 2


def test_two_runs_at_once_follow_each_verdict_once(connection: Connection, app_url: str) -> None:
    tickers = [f"T{number}" for number in range(20)]
    for at in range(3):
        said(connection, [buy(at, ticker=ticker) for ticker in tickers])
    for ticker in tickers:
        stored_prices(connection, replace(BARS, ticker=ticker))

    def one(_: int) -> int:
        with Database(lambda: connect(app_url), patience_seconds=20) as database:
            return update(database).followed

    with ThreadPoolExecutor(3) as threads:
        assert sum(threads.map(one, range(3))) == 60
    assert set(states(connection)) == {"complete"}


def test_bars_after_the_last_session_change_nothing(connection: Connection, stocks: Database) -> None:
    said(connection, [buy(), buy(ticker="KO")])
    later = BARS.sessions > np.datetime64(DAYS[20])
    other = {name: getattr(BARS, name) * np.where(later, 3.0, 1.0) for name in ("open", "high", "low", "close")}
    stored_prices(connection, BARS)
    stored_prices(connection, replace(BARS, ticker="KO", **other))
    update(stocks)
    one, two = rows(connection)
    own = ("result_id", "ticker", "written_at", "evaluated_at")
    assert {n: v for n, v in one.items() if n not in own} == {n: v for n, v in two.items() if n not in own}


def test_a_portion_is_of_few_verdicts(
    connection: Connection, stocks: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for at in range(3):
        said(connection, [buy(at, ticker=ticker) for ticker in ("IBM", "KO")])
    monkeypatch.setattr(room, "MOST_VERDICTS", 1)
    monkeypatch.setattr(room, "store_follow_ups", counting := Counting(room.store_follow_ups))
    update(stocks)
    assert counting.sizes == [3, 3]


class Counting:
    """Passes on what is stored, and counts it."""

    def __init__(self, store: Callable[[Connection, Any], int]) -> None:
        self._store, self.sizes = store, list[int]()

    def __call__(self, connection: Connection, followed: Any) -> int:
        self.sizes.append(len(followed))
        return self._store(connection, followed)


SAMPLE = SampleSource().fetch(dict.fromkeys(["IBM", "JPM", "KO", "XOM", "WMT"]), 245)


def analysed(strategy: str) -> dict[date, list[Outcome]]:
    """What a strategy said of the sample's stocks, session by session."""
    wanted = load_strategies()[strategy]
    found: dict[date, list[Outcome]] = {}
    for bars in SAMPLE.values():
        assert isinstance(bars, Bars)
        for day in sample_sessions()[80:].tolist():
            one = outcome_of(bars, wanted, RiskProfile(), day, 750)
            if isinstance(one, Outcome):
                found.setdefault(day, []).append(one)
    return found


def case_of(one: Outcome) -> Case:
    said, plan = one.analysis, one.analysis.plan
    return Case(
        ticker=said.ticker,
        session=said.session,
        verdict=said.verdict,
        score=said.score,
        close=said.close,
        stop_loss=None if plan is None else float(plan.stop_loss),
        target=None if plan is None else float(plan.target),
    )


def test_the_record_of_the_sample_is_that_of_the_slow_implementation_number_for_number(
    connection: Connection, stocks: Database
) -> None:
    expected = {}
    for strategy in ("balanced", "technical_rating"):
        said_by = analysed(strategy)
        for number, (_, outcomes) in enumerate(said_by.items()):
            tickers = [one.analysis.ticker for one in outcomes]
            asked = demand(*tickers, strategy=strategy, data_source=DataSource.SAMPLE, force=True)
            store_outcomes(connection, begun(connection, f"{strategy}-{number}", asked), outcomes)
        cases = [case_of(one) for outcomes in said_by.values() for one in outcomes]
        expected[strategy] = records(cases, SAMPLE)  # type: ignore[arg-type] # the sample has them all
    assert update(stocks).followed > 1500
    for found in kept_records(connection, None, None):
        assert found.all.verdicts > 150
        agree(shape(found), expected[found.strategy])  # type: ignore[arg-type]
    assert {found.strategy for found in kept_records(connection, None, None)} == set(expected)
