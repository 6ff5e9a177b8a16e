"""A strategy as a value: how it rates, what counts how much, where the stop and the target lie."""

import hashlib
import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from include.analysis import catalog
from include.analysis.indicator import Indicator
from include.analysis.technical_rating import VOTES
from include.model.analysis import Category

Weight = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Percent = Annotated[float, Field(gt=0, le=50, allow_inf_nan=False)]


_GROUPS = (Category.TREND, Category.MOMENTUM)  # of the technical rating: moving averages and oscillators


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Stop(_Value):
    """Distance of the stop from the entry: a multiple of the ATR, within percents of the entry."""

    atr_multiple: float = Field(gt=0, le=20)
    min_percent: Percent
    max_percent: Percent

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_percent > self.max_percent:
            raise ValueError(f"min_percent ({self.min_percent:g}) must not be above max_percent ({self.max_percent:g})")
        return self


class Categories(_Value):
    """Weight of each category."""

    trend: Weight = 1.0
    momentum: Weight = 1.0
    volatility: Weight = 1.0
    volume: Weight = 1.0


class Weights(_Value):
    """Weight of each indicator that the strategy uses."""

    macd: Weight | None = None
    adx: Weight | None = None
    ema_cross: Weight | None = None
    parabolic_sar: Weight | None = None
    rsi: Weight | None = None
    stochastic: Weight | None = None
    cci: Weight | None = None
    williams_r: Weight | None = None
    bollinger: Weight | None = None
    obv: Weight | None = None
    cmf: Weight | None = None


class ParameterSet(_Value):
    """The parameters of every indicator; what a strategy does not set is the usual."""

    macd: catalog.Macd = catalog.Macd()
    adx: catalog.Adx = catalog.Adx()
    ema_cross: catalog.EmaCross = catalog.EmaCross()
    parabolic_sar: catalog.ParabolicSar = catalog.ParabolicSar()
    rsi: catalog.Rsi = catalog.Rsi()
    stochastic: catalog.Stochastic = catalog.Stochastic()
    cci: catalog.Cci = catalog.Cci()
    williams_r: catalog.WilliamsR = catalog.WilliamsR()
    bollinger: catalog.Bollinger = catalog.Bollinger()
    obv: catalog.Obv = catalog.Obv()
    cmf: catalog.Cmf = catalog.Cmf()
    atr: catalog.Atr = catalog.Atr()


class Strategy(_Value):
    """What every strategy has. `version` identifies all that is applied: title and description are not.

    `strong` and `plain` are the least distances of the score from 50, in tenths of a point, of a strong and of a
    plain verdict.
    """

    strong: ClassVar[int]
    plain: ClassVar[int]
    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    title: str = Field(min_length=1, max_length=60)
    description: str = Field("", max_length=400)
    stop: Stop
    target_multiple: float = Field(ge=1, le=50)
    position_limit_percent: float = Field(gt=0, le=100)

    @model_validator(mode="after")
    def _short_target_above_zero(self) -> Self:
        if self.stop.max_percent * self.target_multiple >= 100:
            raise ValueError("stop.max_percent times target_multiple must be below 100: a short target would be <= 0")
        return self

    @cached_property
    def version(self) -> str:
        """Hash of the content, 12 hexadecimal digits."""
        content = self.model_dump(mode="json", exclude={"id", "title", "description"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]

    @property
    @abstractmethod
    def indicators(self) -> Sequence[Indicator]:
        """What is measured, in the order in which it is shown; the ATR among it."""

    @abstractmethod
    def weights(self, present: Sequence[Indicator]) -> Mapping[str, float]:
        """Weight by id of the indicators that have a value; what is not named has none."""


class WeightedVotes(Strategy):
    """Votes of up to eleven indicators, weighted by confidence, category and indicator."""

    strong = 300
    plain = 100
    rating: Literal["weighted_votes"] = "weighted_votes"
    categories: Categories = Categories()
    weights_: Weights = Field(alias="weights")
    parameters: ParameterSet = ParameterSet()

    @model_validator(mode="after")
    def _applied(self) -> Self:
        used = {name for name, weight in self.weights_ if weight is not None}
        unused = self.parameters.model_fields_set - used - {"atr"}
        if unused:
            raise ValueError(f"parameters.{min(unused)} is not applied: give the indicator a weight, or leave this out")
        if not sum(self._weight.values()) > 0:
            raise ValueError("the weights sum to nothing: give one indicator and its category a weight above 0")
        return self

    @cached_property
    def indicators(self) -> Sequence[Indicator]:
        """Those with a weight, and the ATR."""
        return tuple(indicator for name, indicator in self.parameters if name in self._weight or name == "atr")

    @cached_property
    def _weight(self) -> dict[str, float]:
        categories = dict(self.categories)
        return {
            name: weight * categories[getattr(self.parameters, name).category]
            for name, weight in self.weights_
            if weight is not None
        }

    def weights(self, present: Sequence[Indicator]) -> Mapping[str, float]:
        """Category weight times indicator weight."""
        return self._weight


class TechnicalRating(Strategy):
    """The public rating: the mean of the moving averages' mean vote and the oscillators' mean vote."""

    strong = 251
    plain = 51
    rating: Literal["technical_rating"] = "technical_rating"

    @property
    def indicators(self) -> Sequence[Indicator]:
        """The 26, and the ATR."""
        return VOTES

    def weights(self, present: Sequence[Indicator]) -> Mapping[str, float]:
        """Half of the rating for each of the two groups, shared equally by its members that have a value."""
        groups = Counter(indicator.category for indicator in present)
        return {i.id: 0.5 / groups[i.category] for i in present if i.category in _GROUPS}
