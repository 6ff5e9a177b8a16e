"""Prices in pence, capital in pounds."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.analysis import load_strategies, outcome_of
from include.market.adjusting import adjusted
from include.market.currencies import major_unit
from include.market.sources.yahoo_answer import history_from
from include.model.analysis import RiskProfile, Side
from include.model.bars import Bars
from include.model.job import Outcome
from include.model.prices import PriceHistory

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
RISING_TO_250 = 250 * 1.003 ** np.arange(-249, 1)


@pytest.mark.parametrize(
    ("quoted", "major"),
    [
        ("USD", ("USD", 1)),
        ("GBP", ("GBP", 1)),
        ("GBp", ("GBP", 100)),
        ("GBX", ("GBP", 100)),
        ("ZAc", ("ZAR", 100)),
        ("ILA", ("ILS", 100)),
        ("USX", ("USD", 100)),
        ("KWF", ("KWD", 1000)),
    ],
)
def test_a_unit_of_quotation_belongs_to_a_currency(quoted: str, major: tuple[str, int]) -> None:
    assert major_unit(quoted) == major


def yahoo_bars(ticker: str, closes: Any, currency: str | None, zone: str) -> Bars:
    """What our code makes of Yahoo's answer."""
    days = pd.bdate_range(end="2026-11-20", periods=len(closes), tz=zone)
    prices = {"Open": closes, "High": closes * 1.004, "Low": closes * 0.996, "Close": closes, "Adj Close": closes}
    history = pd.DataFrame({**prices, "Volume": np.full(len(closes), 1e6)}, index=days)
    period = {"start": days[-1], "end": days[-1] + timedelta(hours=17)}
    metadata = {"exchangeTimezoneName": zone, "currentTradingPeriod": {"regular": period}}
    found = history_from(ticker, history, metadata | ({"currency": currency} if currency else {}), NOW)
    assert isinstance(found, PriceHistory)
    return adjusted(found)


def sized(bars: Bars, capital: float) -> Outcome:
    risk = RiskProfile(capital=capital)
    outcome = outcome_of(bars, load_strategies()["trend_following"], risk, bars.last_session, 750)
    assert isinstance(outcome, Outcome)
    assert outcome.analysis.plan is not None
    assert outcome.analysis.plan.side is Side.LONG
    return outcome


@pytest.mark.parametrize("currency", ["GBp", None])
def test_a_london_stock_at_250_pence_is_bought_with_pounds(currency: str | None) -> None:
    bars = yahoo_bars("TSCO.L", RISING_TO_250, currency, "Europe/London")
    outcome = sized(bars, capital=1000)
    assert (outcome.analysis.currency, outcome.analysis.close) == ("GBP", 2.5)
    assert outcome.position is not None
    # a quarter of 1000 pounds, in shares of 2.50 pounds; taken for pounds, 250 pence would buy no more than one
    assert (outcome.position.shares, outcome.position.cost) == (100, Decimal("250.00"))
    assert "prices are quoted in GBp and were divided by 100" in outcome.analysis.warnings


def test_a_listing_in_pounds_or_dollars_in_london_is_taken_as_it_is() -> None:
    for currency in ("GBP", "USD"):
        bars = yahoo_bars("VUSA.L", RISING_TO_250 / 100, currency, "Europe/London")
        outcome = sized(bars, capital=1000)
        assert (outcome.analysis.currency, outcome.analysis.close) == (currency, 2.5)
        assert outcome.position is not None
        assert outcome.position.shares == 100


@pytest.mark.parametrize(
    ("ticker", "quoted", "currency", "zone"),
    [
        ("NPN.JO", "ZAc", "ZAR", "Africa/Johannesburg"),
        ("TEVA.TA", "ILA", "ILS", "Asia/Jerusalem"),
        ("ZAIN.KW", "KWF", "KWD", "Asia/Kuwait"),
    ],
)
def test_every_minor_unit_buys_as_many_shares_as_its_currency(
    ticker: str, quoted: str, currency: str, zone: str
) -> None:
    units = major_unit(quoted)[1]
    minor = sized(yahoo_bars(ticker, RISING_TO_250 * units, quoted, zone), capital=100_000)
    major = sized(yahoo_bars(ticker, RISING_TO_250, currency, zone), capital=100_000)
    assert minor.position == major.position
    assert minor.position is not None
    assert minor.position.shares == 100
    assert minor.analysis.currency == currency
