"""The indicators against another library, `ta`, where it computes the same definition.

Compared is the reference, line by line; test_golden.py proves that our core answers as the reference. Where they do
not agree:

- RSI, ATR, ADX, MACD, EMA, Stochastic RSI, bull/bear power: `ta` starts its averages with the first value, TA-Lib and
  the reference with the mean of the first n. The difference dies out: compared is what comes after 2,500 bars.
- OBV: `ta` adds the volume of a bar whose close did not move, Granville's definition leaves it out. Compared on a
  series whose last such bar lies before what is compared.
- Parabolic SAR: `ta` looks for the reversal before it moves the stop behind the last two bars, and takes the older of
  the two where it should take the farther one. Wilder moves first. Both agree where no such bar is near.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ta import momentum, trend, volatility, volume

from include.market.sources.demo import demo_bars
from tests.analysis import reference

BARS = demo_bars("KO", date(2026, 6, 30), 3000)
AFTER = 2500
LINES = reference.weighted_values(BARS) | reference.technical_values(BARS)

Column = pd.Series
H, L, C, V = (pd.Series(column) for column in (BARS.high, BARS.low, BARS.close, BARS.volume))


def ema(values: Column, n: int) -> Any:
    return trend.EMAIndicator(values, n).ema_indicator()


def ema_cross() -> Any:
    return 100 * (ema(C, 50) - ema(C, 200)) / ema(C, 200)


def obv_lead() -> Any:
    balance = volume.OnBalanceVolumeIndicator(C, V).on_balance_volume()
    return (balance - ema(balance, 20)) / V.rolling(20).mean()


def hull() -> Any:
    raw = 2 * trend.WMAIndicator(C, 4).wma() - trend.WMAIndicator(C, 9).wma()
    return trend.WMAIndicator(raw, 3).wma()


EXACT: dict[str, Callable[[], Any]] = {
    "stochastic": lambda: momentum.StochasticOscillator(H, L, C, 14, 3).stoch_signal(),
    "stochastic_cross": lambda: momentum.StochasticOscillator(H, L, C, 14, 3).stoch_signal(),
    "williams_r": lambda: momentum.WilliamsRIndicator(H, L, C, 14).williams_r(),
    "williams_r_turn": lambda: momentum.WilliamsRIndicator(H, L, C, 14).williams_r(),
    "cci": lambda: trend.CCIIndicator(H, L, C, 20, 0.015).cci(),
    "cci_turn": lambda: trend.CCIIndicator(H, L, C, 20, 0.015).cci(),
    "bollinger": lambda: volatility.BollingerBands(C, 20, 2).bollinger_pband(),
    "cmf": lambda: volume.ChaikinMoneyFlowIndicator(H, L, C, V, 20).chaikin_money_flow(),
    **{f"sma_{n}": lambda n=n: trend.SMAIndicator(C, n).sma_indicator() for n in (10, 20, 30, 50, 100, 200)},  # type: ignore[misc]
    "hull_9": hull,
    "vwma_20": lambda: volume.VolumeWeightedAveragePrice(C, C, C, V, 20).volume_weighted_average_price(),
    "ichimoku_v2": lambda: trend.IchimokuIndicator(H, L, 9, 26, 52).ichimoku_base_line(),
    "awesome": lambda: momentum.AwesomeOscillatorIndicator(H, L, 5, 34).awesome_oscillator(),
    "momentum_10": lambda: momentum.ROCIndicator(C, 10).roc() / 100 * C.shift(10),
    "ultimate": lambda: momentum.UltimateOscillator(H, L, C, 7, 14, 28).ultimate_oscillator(),
}
SEEDED_OTHERWISE: dict[str, Callable[[], Any]] = {
    "rsi": lambda: momentum.RSIIndicator(C, 14).rsi(),
    "rsi_turn": lambda: momentum.RSIIndicator(C, 14).rsi(),
    "macd": lambda: trend.MACD(C, 26, 12, 9).macd_diff(),
    "macd_signal": lambda: trend.MACD(C, 26, 12, 9).macd(),
    "adx": lambda: trend.ADXIndicator(H, L, C, 14).adx(),
    "adx_cross": lambda: trend.ADXIndicator(H, L, C, 14).adx(),
    "ema_cross": ema_cross,
    **{f"ema_{n}": lambda n=n: ema(C, n) for n in (10, 20, 30, 50, 100, 200)},  # type: ignore[misc]
    "atr": lambda: volatility.AverageTrueRange(H, L, C, 14).average_true_range(),
    "obv": obv_lead,
    "stochastic_rsi": lambda: 100 * momentum.StochRSIIndicator(C, 14, 3, 3).stochrsi_k(),
    "bull_bear_power": lambda: H + L - 2 * ema(C, 13),
}


def test_every_indicator_but_one_is_compared() -> None:
    assert EXACT.keys() | SEEDED_OTHERWISE.keys() == LINES.keys() - {"parabolic_sar"}
    assert (np.diff(BARS.close[AFTER - 300 :]) != 0).all()


@pytest.mark.parametrize("name", EXACT)
def test_the_same_definition_gives_the_same_figures_from_the_first_bar(name: str) -> None:
    theirs, first = EXACT[name]().to_numpy(), int(np.isfinite(LINES[name]).argmax())
    np.testing.assert_allclose(theirs[first:], LINES[name][first:], rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", SEEDED_OTHERWISE)
def test_what_is_seeded_otherwise_agrees_after_convergence(name: str) -> None:
    theirs = SEEDED_OTHERWISE[name]().to_numpy()
    np.testing.assert_allclose(theirs[AFTER:], LINES[name][AFTER:], rtol=1e-6, atol=1e-8)


def test_the_parabolic_sar_agrees_where_the_order_of_its_steps_does_not_matter() -> None:
    theirs = trend.PSARIndicator(H, L, C, 0.02, 0.2).psar().to_numpy()
    same = np.isclose(theirs, LINES["parabolic_sar"], rtol=1e-6)[AFTER:]
    assert 0.8 < same.mean() < 1
