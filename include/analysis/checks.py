"""Are these bars fit for an analysis? Small faults are mended and told, others refuse the ticker."""

from dataclasses import replace
from datetime import date

import numpy as np

from include.model.bars import Bars
from include.model.errors import ErrorCode, Refusal

MIN_BARS = 60
TOLERATED_BREAK = 0.01
"""How far open or close may lie outside high and low, as a part of them, and be clipped."""

JUMP = 0.4
"""A fall of the close in one bar, as a part of it, or a rise that makes it good, that a split would explain."""

_SMALLEST, _LARGEST = 1e-9, 1e15  # beyond these a figure is a fault of the source, and would over- or underflow


def check(bars: Bars, session: date | None) -> tuple[Bars, tuple[str, ...]] | Refusal:
    """The bars up to `session` (None: all), mended, and what to warn of; or why there is no analysis."""
    if not (np.diff(bars.sessions) > np.timedelta64(0, "D")).all():
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
    """The first fault of the bars, as a sentence."""
    prices = np.stack((bars.open, bars.high, bars.low, bars.close))
    with np.errstate(invalid="ignore"):
        bad_price = ~((prices >= _SMALLEST) & (prices <= _LARGEST)).all(axis=0)
        bad_volume = ~((bars.volume == 0) | ((bars.volume >= _SMALLEST) & (bars.volume <= _LARGEST)))
        faults = {
            "a price is zero, negative, missing or beyond reason": bad_price,
            "the volume is negative, missing or beyond reason": bad_volume,
            "the high is below the low": bars.high < bars.low,
            f"open or close lies more than {TOLERATED_BREAK:.0%} outside high and low": _outside(bars, TOLERATED_BREAK),
        }
    for sentence, rows in faults.items():
        if rows.any():
            first = bars.sessions[int(rows.argmax())]
            return f"{sentence} on {first} ({int(rows.sum())} of {len(bars)} bars)"
    return None


def _outside(bars: Bars, tolerance: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which bars have open or close outside high and low by more than that part of them."""
    above = np.maximum(bars.open, bars.close) > bars.high * (1 + tolerance)
    below = np.minimum(bars.open, bars.close) < bars.low * (1 - tolerance)
    return above | below


def _mended(bars: Bars) -> tuple[Bars, tuple[str, ...]]:
    """Highs and lows widened to open and close, and what to warn of; breaks as small as rounding are not told."""
    high = np.maximum(bars.high, np.maximum(bars.open, bars.close))
    low = np.minimum(bars.low, np.minimum(bars.open, bars.close))
    warnings = [*bars.notes]
    count = int(_outside(bars, 1e-9).sum())
    if count:
        warnings.append(f"open or close up to {TOLERATED_BREAK:.0%} outside high and low on {count} bars: clipped")
    change = bars.close[1:] / bars.close[:-1] - 1
    jumps = np.flatnonzero((change > 1 / (1 - JUMP) - 1) | (change < -JUMP))
    if len(jumps):
        last = int(jumps[-1])
        where = f"{change[last]:+.0%} on {bars.sessions[last + 1]}"
        warnings.append(f"the close jumps by {where}: a split that the prices are not adjusted for?")
    return replace(bars, high=high, low=low), tuple(warnings)
