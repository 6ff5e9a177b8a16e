"""Are these bars fit for an analysis? Small faults are mended and told, others refuse the ticker."""

from dataclasses import replace
from datetime import date
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from include.analysis.series import Floats
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
    prices = np.array((used.open, used.high, used.low, used.close))
    high, low = prices.max(axis=0), prices.min(axis=0)
    fault = _fault(used, high, low)
    if fault:
        return Refusal(bars.ticker, ErrorCode.BAD_PRICES, fault)
    return replace(used, high=high, low=low), _warnings(used, high, low)


def _fault(bars: Bars, high: Floats, low: Floats) -> str | None:
    """The first fault of the bars, as a sentence; `high` and `low` are those of all four prices."""
    volume = bars.volume
    faults = {
        "a price is zero, negative, missing or beyond reason": ~((low >= _SMALLEST) & (high <= _LARGEST)),
        "the volume is negative, missing or beyond reason": ~(
            (volume == 0) | ((volume >= _SMALLEST) & (volume <= _LARGEST))
        ),
        "the high is below the low": bars.high < bars.low,
        f"open or close lies more than {TOLERATED_BREAK:.0%} outside high and low": _outside(
            bars, high, low, TOLERATED_BREAK
        ),
    }
    for sentence, rows in faults.items():
        if rows.any():
            first = bars.sessions[int(rows.argmax())]
            return f"{sentence} on {first} ({int(rows.sum())} of {len(bars)} bars)"
    return None


def _outside(bars: Bars, high: Floats, low: Floats, tolerance: float) -> Rows:
    """Which bars have a price outside their high and low by more than that part of them."""
    rows: Rows = (high > bars.high * (1 + tolerance)) | (low < bars.low * (1 - tolerance))
    return rows


def _warnings(bars: Bars, high: Floats, low: Floats) -> tuple[str, ...]:
    """What was mended, and what may be wrong; breaks of high and low as small as rounding are not told."""
    warnings = [*bars.notes]
    count = int(_outside(bars, high, low, 1e-9).sum())
    if count:
        warnings.append(f"open or close up to {TOLERATED_BREAK:.0%} outside high and low on {count} bars: clipped")
    ratio = bars.close[1:] / bars.close[:-1]
    if ratio.max() > 1 / (1 - JUMP) or ratio.min() < 1 - JUMP:
        last = int(np.flatnonzero((ratio > 1 / (1 - JUMP)) | (ratio < 1 - JUMP))[-1])
        where = f"{ratio[last] - 1:+.0%} on {bars.sessions[last + 1]}"
        warnings.append(f"the close jumps by {where}: a split that the prices are not adjusted for?")
    return tuple(warnings)
