"""What a frame of yfinance becomes."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from include.market.adjusting import adjusted
from include.market.sources.question import Question
from include.market.sources.yahoo_answer import history_from
from include.model.prices import PriceHistory

MEANT = [0.1, 189.95, 125000.55]
SENT = np.array(MEANT).astype(np.float32).astype(np.float64)
METADATA = {"exchangeTimezoneName": "America/New_York", "currency": "USD"}


def read(metadata: dict[str, Any] | None = None, **columns: Any) -> PriceHistory:
    days = pd.bdate_range(end="2026-11-18", periods=len(SENT), tz="America/New_York")
    prices = dict.fromkeys(("Open", "High", "Low", "Close", "Adj Close"), SENT)
    frame = pd.DataFrame({**prices, "Volume": 5, **columns}, index=days)
    found = history_from("IBM", frame, METADATA | (metadata or {}), datetime(2026, 11, 21, tzinfo=UTC))
    assert isinstance(found, PriceHistory)
    return found


def test_prices_in_single_precision_become_what_they_stand_for() -> None:
    assert SENT.tolist() != MEANT
    assert read().close.tolist() == MEANT


def test_prices_in_double_precision_stay_as_they_are() -> None:
    precise = np.array([189.95, 1 / 3, 100.5])
    assert read(Close=precise).close.tolist() == precise.tolist()


def test_a_dividend_is_what_a_price_is_multiplied_with() -> None:
    close = np.array([100.0, 50.0, 10.0])
    found = read(Close=close, **{"Adj Close": close * [0.5, 0.75, 1]})
    assert found.adjustment.tolist() == [0.5, 0.75, 1]
    assert adjusted(found).close.tolist() == [50.0, 37.5, 10.0]


def test_a_price_of_zero_stays_to_be_refused_later() -> None:
    found = read(Close=np.array([0.0, 1.0, 2.0]))
    assert found.close[0] == 0
    assert found.adjustment[0] == 1


def test_the_first_trade_of_all_is_a_day_whether_told_in_seconds_or_as_a_time() -> None:
    begins = datetime(1962, 1, 2, 14, 30, tzinfo=UTC)
    assert read().begins is None
    assert read({"firstTradeDate": begins.timestamp()}).begins == date(1962, 1, 2)
    assert read({"firstTradeDate": pd.Timestamp(begins)}).begins == date(1962, 1, 2)


class Away:
    def turn(self) -> None:
        raise psycopg.OperationalError("the server closed the connection")


@pytest.mark.filterwarnings("ignore")  # what yfinance uses is deprecated
def test_a_database_that_is_away_is_no_failure_of_yahoo_s(tmp_path: Path) -> None:
    from include.market.sources.yahoo import YahooClient

    client = YahooClient(Away(), 1.0, str(tmp_path))
    with pytest.raises(psycopg.OperationalError):
        client.ask(Question(ticker="IBM", since=date(2026, 1, 1)), datetime(2026, 11, 21, tzinfo=UTC))
