"""What an indicator is: an id, how many bars it needs, and a rule that turns prices into a signal."""

from typing import NamedTuple, Protocol

from include.analysis.series import Series
from include.model.analysis import Category


class Signal(NamedTuple):
    """What an indicator says: its figure, a vote of -1, 0 or 1, a confidence of 0..1, and the rule in words.

    The rule reads `phrase: figures`; the phrase alone is a reason in a table.
    """

    value: float
    vote: int
    confidence: float
    rule: str


class Indicator(Protocol):
    """One indicator with its parameters."""

    @property
    def id(self) -> str:
        """Stable name for programs."""

    @property
    def label(self) -> str:
        """Name for people."""

    @property
    def says(self) -> str:
        """The rule in words, with its parameters."""

    @property
    def category(self) -> Category:
        """What it measures."""

    @property
    def bars(self) -> int:
        """Fewest bars that give a value."""

    def read(self, series: Series) -> Signal:
        """Measure and judge the newest bar; raises `UndefinedError` where there is no value."""
