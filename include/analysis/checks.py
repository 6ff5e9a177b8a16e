"""Are these bars fit for an analysis? Small faults are mended and told, others refuse the ticker."""

from dataclasses import replace
from datetime import date
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from include.model.bars import Bars
from include.model.errors import ErrorCode, Refusal

Rows: TypeAlias = NDArray[np.bool_]

MIN_BARS = 60
TOLERATED_BREAK = 0.01
"""How far open or close may lie outside high and low, as a part of them, and be clipped."""

JUMP = 0.4
"""A fall of the close in one bar, as a part of it, or a rise that makes it good, that a split would explain."""

_SMALLEST, _LARGEST = 1e-9, 1e15  # beyond these a figure is a fault of the source, and would over- or underflow


def check(bars: Bars, session: date | None) -> tuple[Bars, tuple[str, ...]] | Refusal:
    """The bars up to `session` (None: all), mended, and what to warn of; or why there is no analysis."""
    if not (bars.sessions[1:] > bars.sessions[:-1]).all():
        return Refusal(bars.ticker, ErrorCode.BAD_PRICES, "sessions are not in order or not unique: oldest first, once")
    used = bars if session is None else bars.until(session)
    if len(used) < MIN_BARS:
        message = f"{len(used)} of the {MIN_BARS} completed daily bars that an analysis needs"
        return Refusal(bars.ticker, ErrorCode.INSUFFICIENT_HISTORY, message)
    if session is not None and used.last_session != session:
        message = f"the last bar is of {used.last_session}, older than the session {session}: suspended or delisted?"
        return Refusal(bars.ticker, ErrorCode.STALE_PRICES, message)
    fault = _fault(used)
    if fault:
        return Refusal(bars.ticker, ErrorCode.BAD_PRICES, fault)
    return _mended(used)


def _fault(bars: Bars) -> str | None:
    """The first fault of the bars, as a sentence. What is never the case is found out by the extremes alone."""
    prices = np.array((bars.open, bars.high, bars.low, bars.close))
    if not (prices.min() >= _SMALLEST and prices.max() <= _LARGEST):
        rows: Rows = ~np.all((prices >= _SMALLEST) & (prices <= _LARGEST), axis=0)
        return _told("a price is zero, negative, missing or beyond reason", rows, bars)
    volume = bars.volume
    faults = {
        "the volume is negative, missing or beyond reason": ~(
            (volume == 0) | ((volume >= _SMALLEST) & (volume <= _LARGEST))
        ),
        "the high is below the low": bars.high < bars.low,
        f"open or close lies more than {TOLERATED_BREAK:.0%} outside high and low": _outside(bars, TOLERATED_BREAK),
    }
    return next((_told(sentence, rows, bars) for sentence, rows in faults.items() if rows.any()), None)


def _told(sentence: str, rows: Rows, bars: Bars) -> str:
    return f"{sentence} on {bars.sessions[int(rows.argmax())]} ({int(rows.sum())} of {len(bars)} bars)"


def _outside(bars: Bars, tolerance: float) -> Rows:
    """Which bars have open or close outside high and low by more than that part of them."""
    above = np.maximum(bars.open, bars.close) > bars.high * (1 + tolerance)
    below = np.minimum(bars.open, bars.close) < bars.low * (1 - tolerance)
    rows: Rows = above | below
    return rows


def _mended(bars: Bars) -> tuple[Bars, tuple[str, ...]]:
    """Highs and lows widened to open and close, and what to warn of; breaks as small as rounding are not told."""
    warnings = [*bars.notes]
    high = np.maximum(bars.high, np.maximum(bars.open, bars.close))
    low = np.minimum(bars.low, np.minimum(bars.open, bars.close))
    count = int(_outside(bars, 1e-9).sum())
    if count:
        warnings.append(f"open or close up to {TOLERATED_BREAK:.0%} outside high and low on {count} bars: clipped")
    ratio = bars.close[1:] / bars.close[:-1]
    if ratio.max() > 1 / (1 - JUMP) or ratio.min() < 1 - JUMP:
        last = int(np.flatnonzero((ratio > 1 / (1 - JUMP)) | (ratio < 1 - JUMP))[-1])
        where = f"{ratio[last] - 1:+.0%} on {bars.sessions[last + 1]}"
        warnings.append(f"the close jumps by {where}: a split that the prices are not adjusted for?")
    return replace(bars, high=high, low=low), tuple(warnings)
