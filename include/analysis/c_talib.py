"""TA-Lib's functions without the wrapper that looks among the arguments for columns of pandas and polars.

For the few hundred numbers of one ticker the wrapper costs as much as many of the functions: an eighth of an analysis.
Only for its sake talib imports pandas, which imports pyarrow too: 70 MB and 0.3 s. So the library is imported when the
first function is used: an API server, which knows the strategies and computes nothing, never does.
"""

from inspect import unwrap
from typing import Any


def __getattr__(name: str) -> Any:  # noqa: ANN401
    import talib

    globals()[name] = found = unwrap(getattr(talib, name))
    return found
