"""The indicators of weighted votes as others compute them: no votes, no explanation, no plan, no checks."""

import pandas as pd
import talib
from ta import momentum, trend, volatility, volume

from include.model.bars import Bars


def bare_talib(bars: Bars) -> None:
    """TA-Lib's functions on whole arrays; it has no Chaikin money flow, accumulation/distribution stands in."""
    high, low, close, shares = bars.high, bars.low, bars.close, bars.volume
    talib.RSI(close, 14)
    talib.STOCH(high, low, close, fastk_period=14, slowk_period=3, slowd_period=3)
    talib.CCI(high, low, close, 20)
    talib.WILLR(high, low, close, 14)
    talib.MACD(close, 12, 26, 9)
    talib.ADX(high, low, close, 14)
    talib.PLUS_DI(high, low, close, 14)
    talib.MINUS_DI(high, low, close, 14)
    talib.EMA(close, 50)
    talib.EMA(close, 200)
    talib.SAR(high, low, 0.02, 0.2)
    talib.BBANDS(close, 20, 2, 2)
    talib.EMA(talib.OBV(close, shares), 20)
    talib.AD(high, low, close, shares)
    talib.ATR(high, low, close, 14)


def library_ta(bars: Bars) -> None:
    """The pandas library `ta`."""
    high, low, close, shares = (pd.Series(x) for x in (bars.high, bars.low, bars.close, bars.volume))
    momentum.RSIIndicator(close, 14).rsi()
    momentum.StochasticOscillator(high, low, close, 14, 3).stoch_signal()
    trend.CCIIndicator(high, low, close, 20).cci()
    momentum.WilliamsRIndicator(high, low, close, 14).williams_r()
    trend.MACD(close, 26, 12, 9).macd_diff()
    directions = trend.ADXIndicator(high, low, close, 14)
    directions.adx(), directions.adx_pos(), directions.adx_neg()
    trend.EMAIndicator(close, 50).ema_indicator()
    trend.EMAIndicator(close, 200).ema_indicator()
    trend.PSARIndicator(high, low, close).psar()
    volatility.BollingerBands(close, 20, 2).bollinger_pband()
    balance = volume.OnBalanceVolumeIndicator(close, shares).on_balance_volume()
    trend.EMAIndicator(balance, 20).ema_indicator()
    volume.ChaikinMoneyFlowIndicator(high, low, close, shares, 20).chaikin_money_flow()
    volatility.AverageTrueRange(high, low, close, 14).average_true_range()
