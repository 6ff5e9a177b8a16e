"""From Yahoo's answer to a price history: what is not final or not complete is left out."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.market.exchanges import exchange_of
from include.model.bars import DataSource
from include.model.errors import ErrorCode, Refusal
from include.model.prices import Floats, PriceHistory

PRICES = ["Open", "High", "Low", "Close", "Adj Close"]
COLUMNS = [*PRICES, "Volume"]
FEW_DECIMALS = 4  # what has no more stands for itself


def history_from(
    ticker: str, frame: pd.DataFrame, metadata: Mapping[str, Any], final_before: datetime
) -> PriceHistory | Refusal:
    """The bars of sessions that ended before `final_before`, or a refusal when there is none."""
    table, days = frame[COLUMNS].to_numpy(np.float64), _days(frame)
    complete = ~np.isnan(table[:, : len(PRICES)]).any(axis=1)
    final = complete & (days < np.datetime64(_first_open_day(metadata, final_before), "D"))
    if not final.any():
        return Refusal(ticker, ErrorCode.NO_DATA, f"Yahoo has no completed bar of {ticker} for these dates")
    open_, high, low, close, adjusted, volume = table[final].T
    close = _as_meant(close)
    exchange = exchange_of(ticker)
    return PriceHistory(
        ticker=ticker,
        source=DataSource.YAHOO,
        currency=metadata.get("currency") or exchange.minor or exchange.currency,
        timezone=metadata.get("exchangeTimezoneName"),
        sessions=days[final],
        open=_as_meant(open_),
        high=_as_meant(high),
        low=_as_meant(low),
        close=close,
        volume=volume.copy(),
        adjustment=_adjustment(_as_meant(adjusted), close),
        begins=_begins(metadata),
        incomplete=int((~complete).sum()),
    )


def _days(frame: pd.DataFrame) -> NDArray[np.datetime64]:
    """The session of each row: its day where the exchange is."""
    return pd.DatetimeIndex(frame.index).tz_localize(None).to_numpy().astype("M8[D]")


def _as_meant(column: Floats) -> Floats:
    """Yahoo sends many prices in single precision: 189.94999694824219 stands for 189.95, and becomes it."""
    with np.errstate(over="ignore"):
        single = column.astype(np.float32)
    meant = column.copy()
    wide = (single == column) & (np.round(column, FEW_DECIMALS) != column)
    meant[wide] = single[wide].astype("U16").astype(np.float64)  # numpy writes as many digits as the precision has
    return meant


def _adjustment(adjusted: Floats, close: Floats) -> Floats:
    """What dividends make of a price; 1 where there is no price to compare with."""
    sound = (close > 0) & (adjusted > 0)
    return np.divide(adjusted, close, out=np.ones(len(close)), where=sound)


def _begins(metadata: Mapping[str, Any]) -> date | None:
    first = metadata.get("firstTradeDate")
    if isinstance(first, (int, float)):
        return datetime.fromtimestamp(first, UTC).date()
    return first.date() if isinstance(first, datetime) else None


def _first_open_day(metadata: Mapping[str, Any], final_before: datetime) -> date:
    """The first day whose bar is not final: today's while its session is open, else none that has a bar."""
    period = (metadata.get("currentTradingPeriod") or {}).get("regular")
    if not period:
        return final_before.astimezone(ZoneInfo(metadata["exchangeTimezoneName"])).date()
    opened: date = period["start"].date()
    return opened if final_before < period["end"] else date.max
