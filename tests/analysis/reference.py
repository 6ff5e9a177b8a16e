"""Independent implementations of every indicator, from their definitions: plain loops, no TA-Lib, nothing of ours.

Each answers one value a bar, NaN before the first that is defined.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from include.model.bars import Bars

Line = NDArray[np.float64]


def window(values: Line, n: int, reduce: Callable[[Line], Line]) -> Line:
    """`reduce` turns the windows, one a row, into one value each."""
    rows = np.lib.stride_tricks.sliding_window_view(values, n)
    return np.concatenate((np.full(n - 1, np.nan), reduce(rows)))


def highest(values: Line, n: int) -> Line:
    return window(values, n, lambda rows: rows.max(axis=1))


def lowest(values: Line, n: int) -> Line:
    return window(values, n, lambda rows: rows.min(axis=1))


def smoothed(values: Line, n: int, weight: float) -> Line:
    """A running average that starts with the mean of the first n defined values."""
    out = np.full(len(values), np.nan)
    first = int(np.isnan(values).sum()) + n - 1
    out[first] = values[first - n + 1 : first + 1].mean()
    for i in range(first + 1, len(values)):
        out[i] = out[i - 1] + weight * (values[i] - out[i - 1])
    return out


def ema(values: Line, n: int) -> Line:
    return smoothed(values, n, 2 / (n + 1))


def wilder(values: Line, n: int) -> Line:
    return smoothed(values, n, 1 / n)


def sma(values: Line, n: int) -> Line:
    return window(values, n, lambda rows: rows.mean(axis=1))


def wma(values: Line, n: int) -> Line:
    weights = np.arange(1, n + 1)
    return window(values, n, lambda rows: rows @ weights / weights.sum())


def rsi(b: Bars, n: int) -> Line:
    change = np.diff(b.close, prepend=np.nan)
    gain, loss = np.where(change > 0, change, 0 * change), np.where(change < 0, -change, 0 * change)
    up, down = wilder(gain, n), wilder(loss, n)
    return 100 * up / (up + down)


def raw_k(b: Bars, n: int) -> Line:
    top, bottom = highest(b.high, n), lowest(b.low, n)
    return 100 * (b.close - bottom) / (top - bottom)


def stochastic(b: Bars, n: int, slow: int, signal: int) -> tuple[Line, Line]:
    k = sma(raw_k(b, n), slow)
    return k, sma(k, signal)


def williams_r(b: Bars, n: int) -> Line:
    return raw_k(b, n) - 100


def cci(b: Bars, n: int) -> Line:
    typical = (b.high + b.low + b.close) / 3
    mean = sma(typical, n)
    deviation = window(typical, n, lambda rows: np.abs(rows - rows.mean(axis=1, keepdims=True)).mean(axis=1))
    return (typical - mean) / (0.015 * deviation)


def macd(b: Bars, fast: int, slow: int, signal: int) -> tuple[Line, Line]:
    """Both averages begin at the same bar, each with the mean of the closes up to there (TA-Lib does so)."""
    late = b.close.copy()
    late[: slow - fast] = np.nan
    line = ema(late, fast) - ema(b.close, slow)
    return line, ema(line, signal)


def true_range(b: Bars) -> Line:
    before = np.concatenate(([np.nan], b.close[:-1]))
    return np.maximum(b.high - b.low, np.maximum(np.abs(b.high - before), np.abs(b.low - before)))


def atr(b: Bars, n: int) -> Line:
    return wilder(true_range(b), n)


def wilder_sum(values: Line, n: int) -> Line:
    """Wilder's running sum: begins with n - 1 values, and answers from the n-th."""
    out = np.full(len(values), np.nan)
    total = values[1:n].sum()
    for i in range(n, len(values)):
        total += values[i] - total / n
        out[i] = total
    return out


def directional(b: Bars, n: int) -> tuple[Line, Line, Line]:
    """+DI, -DI and ADX. Prices have cents: moves that are equal in cents are equal, whatever binary fractions say."""
    up, down = np.diff(b.high, prepend=np.nan).round(6), -np.diff(b.low, prepend=np.nan).round(6)
    plus = wilder_sum(np.where((up > down) & (up > 0), up, 0.0), n)
    minus = wilder_sum(np.where((down > up) & (down > 0), down, 0.0), n)
    total = wilder_sum(true_range(b), n)
    dx = 100 * np.abs(plus - minus) / (plus + minus)
    return 100 * plus / total, 100 * minus / total, wilder(dx, n)


def parabolic_sar(b: Bars, step: float, limit: float) -> Line:
    out = np.full(len(b), np.nan)
    rising = not (b.low[0] - b.low[1] > max(0.0, b.high[1] - b.high[0]))
    flip = 1.0 if rising else -1.0
    # A falling market is a rising one seen in a mirror.
    high, low = (b.high, b.low) if rising else (-b.low, -b.high)
    stop, extreme, speed = low[0], high[1], step
    for i in range(1, len(b)):
        before = max(1, i - 1)
        if low[i] <= stop:
            stop = max(extreme, high[before], high[i])
            out[i] = flip * stop
            flip, high, low = -flip, -low, -high
            stop, extreme, speed = -stop, high[i], step
        else:
            out[i] = flip * stop
            if high[i] > extreme:
                extreme, speed = high[i], min(limit, speed + step)
        stop = min(stop + speed * (extreme - stop), low[before], low[i])
    return out


def percent_b(b: Bars, n: int, deviations: float) -> Line:
    middle = sma(b.close, n)
    spread = deviations * window(b.close, n, lambda rows: rows.std(axis=1))
    return (b.close - middle + spread) / (2 * spread)


def obv_lead(b: Bars, n: int) -> Line:
    balance = np.concatenate(([0.0], np.cumsum(np.sign(np.diff(b.close)) * b.volume[1:])))
    return (balance - ema(balance, n)) / sma(b.volume, n)


def cmf(b: Bars, n: int) -> Line:
    span = b.high - b.low
    place = np.zeros(len(b))
    place[span > 0] = ((b.close - b.low - (b.high - b.close))[span > 0]) / span[span > 0]
    return sma(place * b.volume, n) / sma(b.volume, n)


def hull(b: Bars, n: int) -> Line:
    raw = 2 * wma(b.close, n // 2) - wma(b.close, n)
    return wma(raw, math.isqrt(n))


def vwma(b: Bars, n: int) -> Line:
    return sma(b.close * b.volume, n) / sma(b.volume, n)


def middle(b: Bars, n: int) -> Line:
    return (highest(b.high, n) + lowest(b.low, n)) / 2


def awesome(b: Bars) -> Line:
    price = (b.high + b.low) / 2
    return sma(price, 5) - sma(price, 34)


def stochastic_rsi(b: Bars) -> tuple[Line, Line]:
    values = rsi(b, 14)
    top, bottom = highest(values, 14), lowest(values, 14)
    k = sma(100 * (values - bottom) / (top - bottom), 3)
    return k, sma(k, 3)


def ultimate(b: Bars) -> Line:
    before = np.concatenate(([np.nan], b.close[:-1]))
    pressure = b.close - np.minimum(b.low, before)
    parts = [sma(pressure, n) / sma(true_range(b), n) for n in (7, 14, 28)]
    return 100 * (4 * parts[0] + 2 * parts[1] + parts[2]) / 7


def weighted_values(b: Bars) -> dict[str, Line]:
    """The figure of each indicator of weighted votes, by id."""
    line, signal = macd(b, 12, 26, 9)
    fast, slow = ema(b.close, 50), ema(b.close, 200) if len(b) >= 200 else np.full(len(b), np.nan)
    return {
        "macd": line - signal,
        "adx": directional(b, 14)[2],
        "ema_cross": 100 * (fast - slow) / slow,
        "parabolic_sar": parabolic_sar(b, 0.02, 0.2),
        "rsi": rsi(b, 14),
        "stochastic": stochastic(b, 14, 3, 3)[0],
        "cci": cci(b, 20),
        "williams_r": williams_r(b, 14),
        "bollinger": percent_b(b, 20, 2),
        "obv": obv_lead(b, 20),
        "cmf": cmf(b, 20),
        "atr": atr(b, 14),
    }


def weighted_votes(b: Bars) -> dict[str, tuple[int, float]]:
    """Vote and confidence of each at the newest bar."""
    v = {name: float(line[-1]) for name, line in weighted_values(b).items()}
    close, (plus, minus, _) = b.close[-1], (line[-1] for line in directional(b, 14))
    sides = {
        "rsi": ((30 - v["rsi"]) / 30, (v["rsi"] - 70) / 30),
        "stochastic": ((20 - v["stochastic"]) / 20, (v["stochastic"] - 80) / 20),
        "cci": ((-v["cci"] - 100) / 100, (v["cci"] - 100) / 100),
        "williams_r": ((-v["williams_r"] - 80) / 20, (20 + v["williams_r"]) / 20),
        "bollinger": (-v["bollinger"], v["bollinger"] - 1),
    }
    strength = 0.3 if v["adx"] <= 20 else 0.3 + 0.7 * (v["adx"] - 20) / 30
    leads = {
        "macd": (v["macd"], abs(v["macd"]) / (0.02 * close)),
        "adx": (plus - minus, strength),
        "ema_cross": (v["ema_cross"], 10 * abs(v["ema_cross"]) / 100),
        "parabolic_sar": (close - v["parabolic_sar"], abs(close - v["parabolic_sar"]) / (0.03 * close)),
        "obv": (v["obv"], abs(v["obv"]) / 5),
        "cmf": (v["cmf"] if abs(v["cmf"]) > 0.05 else 0, abs(v["cmf"]) / 0.25),
    }
    votes = {name: (1, min(1.0, up)) if up > 0 else (-1, min(1.0, down)) for name, (up, down) in sides.items()}
    votes |= {name: (0, 0.0) for name, pair in sides.items() if max(pair) <= 0}
    leads = {name: lead for name, lead in leads.items() if np.isfinite(lead[0])}
    return votes | {name: (int(np.sign(x)), min(1.0, sure) if x else 0.0) for name, (x, sure) in leads.items()}


def technical_values(b: Bars) -> dict[str, Line]:
    """The figure of each of the 26 votes, by id; those that need more bars than there are, are left out."""
    lengths = [n for n in (10, 20, 30, 50, 100, 200) if n <= len(b)]
    line, _ = macd(b, 12, 26, 9)
    average = ema(b.close, 13)
    return {
        **{f"sma_{n}": sma(b.close, n) for n in lengths},
        **{f"ema_{n}": ema(b.close, n) for n in lengths},
        "hull_9": hull(b, 9),
        "vwma_20": vwma(b, 20),
        **({"ichimoku_v2": middle(b, 26)} if len(b) >= 77 else {}),
        "rsi_turn": rsi(b, 14),
        "stochastic_cross": stochastic(b, 14, 3, 3)[0],
        "cci_turn": cci(b, 20),
        "adx_cross": directional(b, 14)[2],
        "awesome": awesome(b),
        "momentum_10": b.close - np.concatenate((np.full(10, np.nan), b.close[:-10])),
        "macd_signal": line,
        "stochastic_rsi": stochastic_rsi(b)[0],
        "williams_r_turn": williams_r(b, 14),
        "bull_bear_power": b.high + b.low - 2 * average,
        "ultimate": ultimate(b),
    }


def technical_votes(b: Bars) -> dict[str, int]:
    """The 26 votes at the newest bar, as the public table says them; lines that differ by rounding alone are level."""
    values = technical_values(b)
    now = {name: line[-1] for name, line in values.items()}
    before = {name: line[-2] for name, line in values.items()}
    close = b.close[-1]
    votes = {name: int(np.sign(close - x)) for name, x in now.items() if name[:4] in ("sma_", "ema_", "hull", "vwma")}
    if len(b) >= 77:
        conversion, base = middle(b, 9)[-1], middle(b, 26)[-1]
        lead_a, lead_b = (middle(b, 9)[-26] + middle(b, 26)[-26]) / 2, middle(b, 52)[-26]
        up = lead_a > lead_b and base > lead_a and conversion > base and close > conversion
        down = lead_a < lead_b and base < lead_a and conversion < base and close < conversion
        votes["ichimoku_v2"] = int(up) - int(down)
    for name, low, high in (("rsi_turn", 30, 70), ("cci_turn", -100, 100), ("williams_r_turn", -80, -20)):
        buy, sell = now[name] < low and now[name] > before[name], now[name] > high and now[name] < before[name]
        votes[name] = int(buy) - int(sell)
    ema50 = ema(b.close, 50)[-1]
    for name, (k, d) in (("stochastic_cross", stochastic(b, 14, 3, 3)), ("stochastic_rsi", stochastic_rsi(b))):
        k, d, free = k.round(9), d.round(9), name == "stochastic_cross"
        buy = max(k[-1], d[-1]) < 20 and k[-2] <= d[-2] and k[-1] > d[-1] and (free or close < ema50)
        sell = min(k[-1], d[-1]) > 80 and k[-2] >= d[-2] and k[-1] < d[-1] and (free or close > ema50)
        votes[name] = int(buy) - int(sell)
    plus, minus, adx = directional(b, 14)
    crossed_up, crossed_down = (
        plus[-2] <= minus[-2] and plus[-1] > minus[-1],
        plus[-2] >= minus[-2] and plus[-1] < minus[-1],
    )
    votes["adx_cross"] = (int(crossed_up) - int(crossed_down)) * int(adx[-1] > 20)
    a, b_, c = values["awesome"][-3:]
    votes["awesome"] = int(c > 0 and (b_ <= 0 or a > b_ < c)) - int(c < 0 and (b_ >= 0 or a < b_ > c))
    votes["momentum_10"] = int(np.sign(now["momentum_10"] - before["momentum_10"]))
    votes["macd_signal"] = int(np.sign(now["macd_signal"] - macd(b, 12, 26, 9)[1][-1]))
    bull, bear = b.high - ema(b.close, 13), b.low - ema(b.close, 13)
    buy, sell = close > ema50 and 0 > bear[-1] > bear[-2], close < ema50 and 0 < bull[-1] < bull[-2]
    votes["bull_bear_power"] = int(buy) - int(sell)
    votes["ultimate"] = int(now["ultimate"] > 70) - int(now["ultimate"] < 30)
    return votes
