"""TA-Lib's functions without the wrapper that looks among the arguments for columns of pandas and polars.

For the few hundred numbers of one ticker the wrapper costs as much as many of the functions: an eighth of an analysis.
"""

from inspect import unwrap

import talib

_FUNCTIONS = (
    *(talib.ADX, talib.ATR, talib.BBANDS, talib.CCI, talib.EMA, talib.MACD, talib.MAX, talib.MIN, talib.MINUS_DI),
    *(talib.OBV, talib.PLUS_DI, talib.RSI, talib.SAR, talib.SMA, talib.STOCH, talib.ULTOSC, talib.WILLR, talib.WMA),
)
ADX, ATR, BBANDS, CCI, EMA, MACD, MAX, MIN, MINUS_DI, OBV, PLUS_DI, RSI, SAR, SMA, STOCH, ULTOSC, WILLR, WMA = (
    unwrap(function) for function in _FUNCTIONS
)
