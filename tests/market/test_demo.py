from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.market.exchanges import INDIA, NEW_YORK
from include.market.sources import open_source
from include.market.sources.demo import FIRST_SESSION, demo_bars
from include.model.bars import Bars, DataSource

TICKERS = st.from_regex(r"\A[A-Z]{1,5}(\.NS)?\Z")
DAYS = st.dates(FIRST_SESSION, date(2060, 12, 31))


@given(ticker=TICKERS, until=DAYS, count=st.integers(1, 3000))
def test_bars_are_valid_and_there_are_as_many_as_asked_for(ticker: str, until: date, count: int) -> None:
    bars = demo_bars(ticker, until, count)
    assert len(bars) == min(count, int(np.busday_count(FIRST_SESSION, until + timedelta(days=1))))
    assert np.is_busday(bars.sessions).all()
    assert (np.diff(bars.sessions) > np.timedelta64(0, "D")).all()
    assert bars.last_session is not None
    assert timedelta(0) <= until - bars.last_session <= timedelta(days=2)
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert (bars.low > 5).all()
    assert (bars.high < 1000).all()
    assert (bars.volume > 0).all()
    assert np.isfinite([bars.open, bars.high, bars.low, bars.close, bars.volume]).all()


@given(ticker=TICKERS, until=DAYS, later=st.integers(0, 2000), count=st.integers(1, 500))
def test_the_date_asked_for_never_changes_earlier_bars(ticker: str, until: date, later: int, count: int) -> None:
    short = demo_bars(ticker, until, count)
    long = demo_bars(ticker, until + timedelta(days=later), 100_000).until(until, count)
    for column in ("sessions", "open", "high", "low", "close", "volume"):
        assert getattr(short, column).tobytes() == getattr(long, column).tobytes()


@settings(max_examples=20)
@given(ticker=TICKERS)
def test_prices_move_like_a_stock_s_and_come_back_to_their_level(ticker: str) -> None:
    close = demo_bars(ticker, date(2050, 1, 3), 20_000).close
    moves = np.diff(close) / close[:-1]
    assert 0.005 < moves.std() < 0.04
    assert abs(moves).max() < 0.25
    assert close.max() / close.min() < 8


def test_a_ticker_has_the_same_prices_for_ever() -> None:
    bars = demo_bars("ACME", date(2026, 11, 20), 2)
    assert bars.open.tolist() == [170.51, 167.83]
    assert bars.high.tolist() == [171.2, 168.06]
    assert bars.low.tolist() == [165.77, 162.74]
    assert bars.close.tolist() == [167.77, 163.64]
    assert bars.volume.tolist() == [1755925, 1730853]


def test_tickers_differ_and_have_the_currency_of_their_exchange() -> None:
    acme, tcs = (demo_bars(ticker, date(2026, 11, 20), 100) for ticker in ("ACME", "TCS.NS"))
    assert abs(np.corrcoef(np.diff(acme.close), np.diff(tcs.close))[0, 1]) < 0.5
    assert (acme.currency, tcs.currency) == ("USD", "INR")
    assert (acme.ticks, tcs.ticks) == (NEW_YORK.ticks, INDIA.ticks)


def test_without_a_session_the_newest_bar_is_of_the_last_weekday_that_is_over() -> None:
    source = open_source(DataSource.DEMO, clock=lambda: datetime(2026, 11, 23, 0, 5, tzinfo=UTC))
    answer = source.fetch({"ACME": None, "BTC-USD": date(2026, 11, 3)}, 60)
    sessions = [bars.last_session for bars in answer.values() if isinstance(bars, Bars)]
    assert sessions == [date(2026, 11, 20), date(2026, 11, 3)]


@pytest.mark.parametrize("until", [date.min, FIRST_SESSION - timedelta(days=1), FIRST_SESSION, date.max])
def test_any_date_may_be_asked_for(until: date) -> None:
    bars = demo_bars("ACME", until, 10)
    assert len(bars) == (0 if until < FIRST_SESSION else 1 if until == FIRST_SESSION else 10)


@pytest.mark.parametrize("asked", [date(2026, 11, 21), date(2027, 11, 20), date.max])
def test_there_are_no_bars_of_the_future(asked: date) -> None:
    source = open_source(DataSource.DEMO, lambda: datetime(2026, 11, 20, 12, tzinfo=UTC))
    bars = source.fetch({"ACME": asked}, 5)["ACME"]
    assert isinstance(bars, Bars)
    assert bars.last_session == date(2026, 11, 20)
