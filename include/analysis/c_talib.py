"""TA-Lib's functions without the wrapper that looks among the arguments for columns of pandas and polars.

For the few hundred numbers of one ticker the wrapper costs as much as many of the functions: an eighth of an analysis.
Only for its sake talib imports pandas, and pandas imports pyarrow where that is installed. A process that has neither
yet goes without them: they are 70 MB and 0.3 s of every API server.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from inspect import unwrap


@contextmanager
def _without_pandas() -> Iterator[None]:
    """Let an import find no pandas, unless it is there already. What imports it afterwards gets it."""
    if "pandas" in sys.modules:
        yield
        return
    sys.modules["pandas"] = None  # type: ignore[assignment]  # Python's own way to say that there is none
    try:
        yield
    finally:
        del sys.modules["pandas"]


with _without_pandas():
    import talib
    from talib._ta_lib import MA_Type as MA_Type

_FUNCTIONS = (
    *(talib.ADX, talib.ATR, talib.BBANDS, talib.CCI, talib.EMA, talib.MACD, talib.MAX, talib.MIN, talib.MINUS_DI),
    *(talib.OBV, talib.PLUS_DI, talib.RSI, talib.SAR, talib.SMA, talib.STOCH, talib.ULTOSC, talib.WILLR, talib.WMA),
)
ADX, ATR, BBANDS, CCI, EMA, MACD, MAX, MIN, MINUS_DI, OBV, PLUS_DI, RSI, SAR, SMA, STOCH, ULTOSC, WILLR, WMA = (
    unwrap(function) for function in _FUNCTIONS
)
