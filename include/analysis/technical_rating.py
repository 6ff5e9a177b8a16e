"""The public technical rating: 26 votes in two groups."""

from include.analysis.catalog import Atr
from include.analysis.indicator import Indicator

VOTES: tuple[Indicator, ...] = (Atr(),)
