"""From Yahoo's answer to bars: what is not final or not complete is left out, pence become pounds."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from include.market.currencies import major_unit
from include.market.exchanges import exchange_of
from include.model.bars import Bars, DataSource
from include.model.errors import ErrorCode, Refusal

PRICES = ["Open", "High", "Low", "Close"]


def bars_from(ticker: str, history: pd.DataFrame, metadata: Mapping[str, Any], now: datetime) -> Bars | Refusal:
    """The completed bars of `history` at `now`, or a refusal when there is none."""
    complete = history[history[PRICES].notna().all(axis=1)]
    final = complete[_days(complete) < np.datetime64(_first_open_day(metadata, now), "D")]
    if final.empty:
        return Refusal(ticker, ErrorCode.NO_DATA, f"Yahoo has no completed bar of {ticker} for these dates")
    exchange = exchange_of(ticker)
    quoted = metadata.get("currency") or exchange.minor or exchange.currency
    currency, units = major_unit(quoted)
    return Bars(
        ticker=ticker,
        source=DataSource.YAHOO,
        currency=currency,
        sessions=_days(final),
        open=final["Open"].to_numpy(np.float64) / units,
        high=final["High"].to_numpy(np.float64) / units,
        low=final["Low"].to_numpy(np.float64) / units,
        close=final["Close"].to_numpy(np.float64) / units,
        volume=final["Volume"].to_numpy(np.float64),
        ticks=exchange.ticks,
        notes=_notes(len(history) - len(complete), quoted, units),
    )


def _days(history: pd.DataFrame) -> NDArray[np.datetime64]:
    """The session of each row: its day where the exchange is."""
    return pd.DatetimeIndex(history.index).tz_localize(None).to_numpy().astype("M8[D]")


def _first_open_day(metadata: Mapping[str, Any], now: datetime) -> date:
    """The first day whose bar is not final: today's while its session is open, else none that has a bar."""
    period = (metadata.get("currentTradingPeriod") or {}).get("regular")
    if not period:
        return now.astimezone(ZoneInfo(metadata["exchangeTimezoneName"])).date()
    opened: date = period["start"].date()
    return opened if now < period["end"] else date.max


def _notes(incomplete: int, quoted: str, units: int) -> tuple[str, ...]:
    notes = []
    if incomplete:
        notes.append(f"rows without a complete price, left out: {incomplete}")
    if units != 1:
        notes.append(f"prices are quoted in {quoted} and were divided by {units}")
    return tuple(notes)
