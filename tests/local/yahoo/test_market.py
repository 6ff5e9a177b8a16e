"""The sample's year on today's calendar: one bar more each session, splits as Yahoo shows them."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from include.market.sources.sample import SampleSource
from include.model.bars import Bars
from local.yahoo.listings import ANCHOR
from local.yahoo.market import OpenBar, SampleMarket
from local.yahoo.stock import Stock

FRIDAY_NIGHT = datetime(2026, 11, 20, 22, tzinfo=UTC)  # the sessions of New York, London and Mumbai are over
MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)
MONDAY_NOON, MONDAY_NIGHT = datetime(2026, 11, 23, 17, tzinfo=UTC), datetime(2026, 11, 23, 22, tzinfo=UTC)


def shares(ticker: str, now: datetime, market: SampleMarket | None = None) -> Stock:
    found = (market or SampleMarket()).stock(ticker, now)
    assert found is not None
    return found


def sample(ticker: str) -> Bars:
    bars = SampleSource().fetch({ticker: None}, 0)[ticker]
    assert isinstance(bars, Bars)
    return bars


@pytest.mark.parametrize("ticker", ["IBM", "GE", "AAPL", "BRK-B"])
def test_the_year_of_the_sample_ends_with_the_anchor(ticker: str) -> None:
    year, rows = sample(ticker), shares(ticker, FRIDAY_NIGHT).rows
    assert rows[-1].day == ANCHOR
    assert [row.close for row in rows[-len(year) :]] == pytest.approx(year.close.tolist())
    assert [row.volume for row in rows[-len(year) :]] == year.volume.tolist()


def test_tomorrow_adds_one_bar_and_changes_none() -> None:
    friday, monday = shares("IBM", FRIDAY_NIGHT), shares("IBM", MONDAY_NIGHT)
    assert monday.rows[:-1] == friday.rows
    assert monday.rows[-1].day == MONDAY


def test_ten_years_are_there_for_some_tickers_without_a_jump() -> None:
    rows = shares("IBM", FRIDAY_NIGHT).rows
    assert rows[0].day <= date(2016, 11, 20)
    closes = [row.close or 0 for row in rows]
    assert max(abs(after / before - 1) for before, after in pairwise(closes)) < 0.1


def test_bars_lie_on_the_sessions_of_each_exchange() -> None:
    days = {ticker: {row.day for row in shares(ticker, FRIDAY_NIGHT).rows} for ticker in ("IBM", "TCS.NS", "VOD.L")}
    thanksgiving, republic_day, boxing_day = date(2025, 11, 27), date(2026, 1, 26), date(2025, 12, 26)
    assert [thanksgiving in days[ticker] for ticker in days] == [False, True, True]
    assert [republic_day in days[ticker] for ticker in days] == [True, False, True]
    assert [boxing_day in days[ticker] for ticker in days] == [True, True, False]
    assert all(day.weekday() < 5 for day in days["IBM"])


def test_every_bar_is_possible() -> None:
    for ticker in ("ADP", "DHR", "TCS.NS", "VOD.L"):
        for row in shares(ticker, FRIDAY_NIGHT).rows:
            low, high = row.low or 0, row.high or 0
            assert 0 < low <= min(row.open or 0, row.close or 0) <= max(row.open or 0, row.close or 0) <= high
            assert row.volume is not None


@pytest.mark.parametrize(
    ("ticker", "currency", "zone", "opens"),
    [
        ("IBM", "USD", "America/New_York", "14:30"),
        ("TCS.NS", "INR", "Asia/Kolkata", "03:45"),
        ("VOD.L", "GBp", "Europe/London", "08:00"),
    ],
)
def test_currency_zone_and_opening_are_those_of_the_exchange(ticker: str, currency: str, zone: str, opens: str) -> None:
    stock = shares(ticker, FRIDAY_NIGHT)
    assert (stock.currency, stock.timezone) == (currency, zone)
    assert datetime.fromtimestamp(stock.epochs[-1], UTC).strftime("%H:%M") == opens


def test_indian_prices_lie_on_the_ticks_of_mumbai() -> None:
    for row in shares("TCS.NS", FRIDAY_NIGHT).rows[-245:]:
        assert row.close is not None
        assert row.close * 20 == pytest.approx(round(row.close * 20))


@pytest.mark.parametrize(
    ("open_bar", "close_is"), [(OpenBar.LIVE, "a price"), (OpenBar.HALF, "null"), (OpenBar.NONE, "no row")]
)
def test_a_session_that_is_open_has_the_bar_that_was_chosen(open_bar: OpenBar, close_is: str) -> None:
    stock = shares("IBM", MONDAY_NOON, SampleMarket(open_bar=open_bar))
    final = shares("IBM", MONDAY_NIGHT).rows[-1]
    last = stock.rows[-1]
    is_there = last.day == MONDAY
    assert (("a price" if last.close else "null") if is_there else "no row") == close_is
    assert not is_there or (last.volume, last.close) != (final.volume, final.close)
    assert stock.period == (datetime(2026, 11, 23, 14, 30, tzinfo=UTC), datetime(2026, 11, 23, 21, tzinfo=UTC))


def test_on_a_day_without_a_session_the_last_one_is_the_current_one() -> None:
    saturday = shares("IBM", FRIDAY_NIGHT + timedelta(days=1))
    assert saturday.period == (datetime(2026, 11, 20, 14, 30, tzinfo=UTC), datetime(2026, 11, 20, 21, tzinfo=UTC))
    assert saturday.rows == shares("IBM", FRIDAY_NIGHT).rows


def test_the_splits_of_the_sample_are_adjusted_once_their_day_has_come() -> None:
    ((day, ratio),) = shares("DHR", FRIDAY_NIGHT).splits.items()
    before, after = shares("DHR", datetime(2026, 9, 15, 22, tzinfo=UTC)), shares("DHR", FRIDAY_NIGHT)
    assert (day, ratio) == (date(2026, 9, 16), (2, 1))
    assert before.splits == {}
    closes = {row.day: row.close or 0 for row in after.rows}
    assert [row.close for row in before.rows] == pytest.approx([2 * closes[row.day] for row in before.rows])
    closes_around = [closes[row.day] for row in after.rows if date(2026, 9, 10) < row.day < date(2026, 9, 22)]
    assert max(abs(b / a - 1) for a, b in pairwise(closes_around)) < 0.05


def test_an_announced_split_changes_the_history_when_its_session_begins() -> None:
    market = SampleMarket()
    before = shares("IBM", FRIDAY_NIGHT, market)
    market.announce_split("IBM", MONDAY, 4)
    assert shares("IBM", FRIDAY_NIGHT, market).rows == before.rows
    after = shares("IBM", MONDAY_NIGHT, market)
    assert after.splits == {MONDAY: (4, 1)}
    assert [4 * (row.close or 0) for row in after.rows[:-1]] == pytest.approx([row.close for row in before.rows])
    assert [row.volume for row in after.rows[:-1]] == [4 * (row.volume or 0) for row in before.rows]
    assert after.rows[-1].close == pytest.approx((shares("IBM", MONDAY_NIGHT).rows[-1].close or 0) / 4)


def test_a_dividend_before_a_split_is_told_for_the_shares_of_today() -> None:
    market = SampleMarket()
    market.announce_dividend("KO", MONDAY, 0.5)
    market.announce_split("KO", TUESDAY, 2)
    assert shares("KO", FRIDAY_NIGHT, market).dividends == {}
    assert shares("KO", MONDAY_NIGHT, market).dividends == {MONDAY: 0.5}
    assert shares("KO", MONDAY_NIGHT + timedelta(days=1), market).dividends == {MONDAY: 0.25}


def test_a_dividend_lowers_the_adjusted_closes_before_it_alone() -> None:
    market = SampleMarket()
    market.announce_dividend("KO", MONDAY, 0.5)
    stock = shares("KO", MONDAY_NIGHT, market)
    before = stock.rows[-2].close or 0
    assert stock.adjusted[-1] == stock.rows[-1].close
    assert stock.adjusted[-2] == pytest.approx(before - 0.5)
    assert stock.adjusted[0] == pytest.approx((stock.rows[0].close or 0) * (before - 0.5) / before)


def test_the_real_dividends_of_ibm_are_there() -> None:
    assert sorted(shares("IBM", FRIDAY_NIGHT).dividends.values()) == [0.55, 0.55, 0.65, 0.65]


def test_other_tickers_are_there_only_when_all_are_wanted() -> None:
    assert SampleMarket().stock("NVDA.NS", FRIDAY_NIGHT) is None
    everything = SampleMarket(lists_all=True)
    stood_in = shares("WIPRO.NS", FRIDAY_NIGHT, everything)
    assert (stood_in.currency, stood_in.rows[-1].day) == ("INR", ANCHOR)
    assert everything.stock("not a ticker", FRIDAY_NIGHT) is None
    assert [row.close for row in stood_in.rows] == [
        row.close for row in shares("WIPRO.NS", FRIDAY_NIGHT, SampleMarket(lists_all=True)).rows
    ]
