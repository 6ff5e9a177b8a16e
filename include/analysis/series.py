"""The prices of one analysis, prepared for computing, and the comparison that all rules use.

Prices are scaled by a power of two so that the last close lies in 0.5..1. Such a scaling is exact: it changes no
digit, and it puts TA-Lib's absolute epsilons (1e-14) far below any price step, whatever the currency.
Comparisons allow for `NOISE`: 0.1 + 0.2 is not above 0.3. So multiplying all prices by ten changes no vote.
"""

import math
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import talib
from numpy.typing import NDArray

from include.model.bars import Bars

Floats: TypeAlias = NDArray[np.float64]

NOISE = 1e-9  # a difference below this part of the close, or of a scale, is none


class UndefinedError(Exception):
    """An indicator has no value here, as RSI when the price never moved; the message says why."""


@dataclass(frozen=True, slots=True)
class Series:
    """High, low, close (scaled, last close in 0.5..1) and volume (shares), oldest first, shape (n,).

    `unit` turns a scaled price back into money, `decimals` is how many of its digits a person needs.
    """

    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    unit: float
    decimals: int
    _kept: dict[tuple[str, int], Floats] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, bars: Bars) -> "Series":
        """Prepare checked bars."""
        last = float(bars.close[-1])
        unit = math.ldexp(1.0, math.frexp(last)[1])
        return cls(
            high=bars.high / unit,
            low=bars.low / unit,
            close=bars.close / unit,
            volume=np.ascontiguousarray(bars.volume, dtype=np.float64),
            unit=unit,
            decimals=max(2, 3 - math.floor(math.log10(last))),
        )

    def __len__(self) -> int:
        return len(self.close)

    @property
    def last(self) -> float:
        """The last close, scaled."""
        return float(self.close[-1])

    def ema(self, period: int) -> Floats:
        """Exponential average of the closes, seeded with the mean of its first `period`; computed once."""
        key = ("ema", period)
        if key not in self._kept:
            self._kept[key] = talib.EMA(self.close, period)
        return self._kept[key]

    def rsi(self, period: int) -> Floats:
        """Wilder's RSI of the closes; computed once."""
        key = ("rsi", period)
        if key not in self._kept:
            self._kept[key] = talib.RSI(self.close, period)
        return self._kept[key]

    def money(self, scaled: float, *, signed: bool = False) -> str:
        """A scaled price, or a difference of two (`signed`: with its sign and one more digit), as people write it."""
        return f"{scaled * self.unit:+.{self.decimals + 1}f}" if signed else f"{scaled * self.unit:.{self.decimals}f}"


def sign(difference: float, scale: float = 1.0) -> int:
    """-1, 0 or 1; a difference within the noise of `scale` is 0."""
    noise = NOISE * scale
    return (difference > noise) - (difference < -noise)
