"""The document that Yahoo answers a chart request with."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from local.yahoo.stock import Row, Stock
from local.yahoo.window import RANGES, Window

DECIMALS = 6
UNKNOWN = {"code": "Not Found", "description": "No data found, symbol may be delisted"}


def document(result: list[Any] | None, error: Mapping[str, str] | None = None) -> bytes:
    """An answer in the envelope that all of them have."""
    return json.dumps({"chart": {"result": result, "error": error}}, separators=(",", ":")).encode()


@lru_cache(maxsize=1024)
def answer(ticker: str, stock: Stock, asked: Window, events: frozenset[str]) -> bytes:
    """The answer with these rows of a share; `events` are the words that the request named: div, splits.

    Kept, since many ask for the same: to write a document takes longer than to send it.
    """
    return document([chart(ticker, stock, asked, events)])


def chart(ticker: str, stock: Stock, asked: Window, events: frozenset[str]) -> dict[str, Any]:
    """The share, its rows and what happened to it meanwhile. Without rows Yahoo leaves out the list of times."""
    part = slice(asked.first, asked.stop)
    rows = stock.rows[part]
    meta = _meta(ticker, stock, asked)
    if not rows:
        return {"meta": meta, "indicators": {"quote": [{}], "adjclose": [{}]}}
    quote = {name: [_rounded(getattr(row, name)) for row in rows] for name in ("open", "high", "low", "close")}
    adjusted = [_rounded(price) for price in stock.adjusted[part]]
    happened = _events(stock, rows, events)
    return {
        "meta": meta,
        "timestamp": list(stock.epochs[part]),
        **({"events": happened} if happened else {}),
        "indicators": {
            "quote": [{**quote, "volume": [row.volume for row in rows]}],
            "adjclose": [{"adjclose": adjusted}],
        },
    }


def _rounded(price: float | None) -> float | None:
    return None if price is None else round(price, DECIMALS)


def _meta(ticker: str, stock: Stock, asked: Window) -> dict[str, Any]:
    last = next((row for row in reversed(stock.rows) if row.close is not None), None)
    then = datetime.fromtimestamp(stock.epochs[-1] if stock.rows else 0, ZoneInfo(stock.timezone))
    offset = int((then.utcoffset() or timedelta()).total_seconds())
    return {
        "currency": stock.currency,
        "symbol": ticker,
        "exchangeName": stock.exchange,
        "fullExchangeName": stock.exchange,
        "instrumentType": "EQUITY",
        "firstTradeDate": stock.epochs[0] if stock.rows else None,
        "regularMarketTime": stock.epoch(last.day) if last else None,
        "hasPrePostMarketData": False,
        "gmtoffset": offset,
        "timezone": then.tzname(),
        "exchangeTimezoneName": stock.timezone,
        "regularMarketPrice": last.close if last else None,
        "chartPreviousClose": stock.rows[asked.first - 1].close if asked.first else None,
        "priceHint": 2,
        "longName": f"{ticker} of the local Yahoo: a bar of 2009 or 2010 moved to today",
        "dataGranularity": "1d",
        "range": asked.range,
        "validRanges": list(RANGES),
        **({"currentTradingPeriod": _periods(stock.period, offset, str(then.tzname()))} if stock.period else {}),
    }


def _periods(period: tuple[datetime, datetime], offset: int, zone: str) -> dict[str, Any]:
    start, end = (int(moment.timestamp()) for moment in period)
    moments = {"pre": (start, start), "regular": (start, end), "post": (end, end)}
    return {
        name: {"timezone": zone, "start": first, "end": last, "gmtoffset": offset}
        for name, (first, last) in moments.items()
    }


def _events(stock: Stock, rows: tuple[Row, ...], wanted: frozenset[str]) -> dict[str, Any]:
    """Dividends and splits between the first and the last of these rows, by the moment when they took effect."""
    first, last = rows[0].day, rows[-1].day
    dividends = {stock.epoch(day): amount for day, amount in stock.dividends.items() if first <= day <= last}
    splits = {stock.epoch(day): ratio for day, ratio in stock.splits.items() if first <= day <= last}
    found = {
        "dividends": {str(when): {"amount": amount, "date": when} for when, amount in dividends.items()},
        "splits": {
            str(when): {"date": when, "numerator": new, "denominator": old, "splitRatio": f"{new}:{old}"}
            for when, (new, old) in splits.items()
        },
    }
    asked_for = {"dividends": "div" in wanted, "splits": "splits" in wanted}
    return {name: each for name, each in found.items() if each and asked_for[name]}
