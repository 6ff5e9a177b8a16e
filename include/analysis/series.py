"""The prices of one analysis, prepared for computing, and the comparison that all rules use.

Prices become whole numbers: counted in a power of ten that leaves the last close ten digits. Moves of equal ticks are
then equal numbers, as they are not in binary fractions (0.15 - 0.10 < 0.10 - 0.05), and rules that compare two moves,
as the ADX does, answer alike in every currency. TA-Lib's absolute epsilons (1e-14) lie far below 1.
Comparisons allow for `NOISE`, what computing leaves behind.
"""

import math
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from include.analysis import c_talib as talib
from include.model.bars import Bars

Floats: TypeAlias = NDArray[np.float64]

NOISE = 1e-9  # a difference below this part of the close, or of a scale, is none


class UndefinedError(Exception):
    """An indicator has no value here, as RSI when the price never moved; the message says why."""


@dataclass(frozen=True, slots=True)
class Series:
    """High, low, close (counted) and volume (shares), oldest first, shape (n,).

    `unit` turns a counted price back into money, `decimals` is how many of its digits a person needs.
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
        magnitude = math.floor(math.log10(last))
        factor = 10.0 ** (9 - magnitude)
        return cls(
            high=np.rint(bars.high * factor),
            low=np.rint(bars.low * factor),
            close=np.rint(bars.close * factor),
            volume=np.ascontiguousarray(bars.volume, dtype=np.float64),
            unit=1 / factor,
            decimals=max(2, 3 - magnitude),
        )

    def __len__(self) -> int:
        return len(self.close)

    @property
    def last(self) -> float:
        """The last close, counted."""
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

    def money(self, counted: float, *, signed: bool = False) -> str:
        """A price as people write it; a difference of two (`signed`) with its sign and one more digit."""
        amount = counted * self.unit
        return f"{amount:+.{self.decimals + 1}f}" if signed else f"{amount:.{self.decimals}f}"


def sign(difference: float, scale: float = 1.0) -> int:
    """-1, 0 or 1; a difference within the noise of `scale` is 0."""
    noise = NOISE * scale
    return (difference > noise) - (difference < -noise)
