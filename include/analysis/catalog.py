"""The twelve indicators of weighted votes: ids, parameters, thresholds, bars needed, rules. All of it stands here.

The fields of a class are what a strategy may set, with their defaults. The rule that a person reads is built from
the fields that decided the vote.
"""

from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from include.analysis import measures
from include.analysis.indicator import Signal
from include.analysis.series import Series, sign
from include.model.analysis import Category

Period = Annotated[int, Field(ge=2, le=500, strict=True)]
Positive = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
Level = Annotated[float, Field(ge=-1000, le=1000, allow_inf_nan=False)]


class Parameters(BaseModel):
    """Base of all: the class says what the indicator is, its fields what can be set."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: ClassVar[str]
    label: ClassVar[str]
    category: ClassVar[Category]
    votes: ClassVar[str]
    """When it votes and when it is sure, with its fields in braces."""

    @property
    def says(self) -> str:
        """The rule in words, with its parameters."""
        return self.votes.format(label=self.label, **dict(self))

    @property
    def bars(self) -> int:
        """Fewest bars that give a value."""
        raise NotImplementedError

    def read(self, series: Series) -> Signal:
        """Measure and judge the newest bar; raises `UndefinedError` where there is no value."""
        raise NotImplementedError


class Oscillator(Parameters):
    """Votes +1 below `oversold`, -1 above `overbought`; sure when `full` beyond the threshold."""

    votes = "+1 with {label}{period} below {oversold:g}, -1 above {overbought:g}; sure when {full:g} beyond"
    words: ClassVar[tuple[str, str]] = ("oversold", "overbought")
    digits: ClassVar[int] = 1
    oversold: Level
    overbought: Level
    full: Positive

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.oversold >= self.overbought:
            raise ValueError(f"oversold ({self.oversold:g}) must be below overbought ({self.overbought:g})")
        return self

    def judge(self, name: str, value: float) -> Signal:
        """Compare the value with both thresholds."""
        low, high, scale = self.oversold, self.overbought, self.overbought - self.oversold
        shown = f"{value:.{self.digits}f}"
        if sign(low - value, scale) > 0:
            rule = f"{name} {self.words[0]}: {shown} below {low:g}"
            return Signal(value, 1, (low - value) / self.full, rule)
        if sign(value - high, scale) > 0:
            rule = f"{name} {self.words[1]}: {shown} above {high:g}"
            return Signal(value, -1, (value - high) / self.full, rule)
        return Signal(value, 0, 0.0, f"{name} neutral: {shown} between {low:g} and {high:g}")


class Rsi(Oscillator):
    """Relative strength index."""

    id, label, category = "rsi", "RSI", Category.MOMENTUM
    period: Period = 14
    oversold: Level = 30.0
    overbought: Level = 70.0
    full: Positive = 30.0

    @property
    def bars(self) -> int:
        """One change for each of the period."""
        return self.period + 1

    def read(self, series: Series) -> Signal:
        """Judge the RSI."""
        return self.judge(f"RSI{self.period}", measures.rsi(series, self.period)[-1])


class Stochastic(Oscillator):
    """Slow stochastic, judged by its %K."""

    id, label, category = "stochastic", "Stochastic", Category.MOMENTUM
    period: Period = 14
    slow: Period = 3
    oversold: Level = 20.0
    overbought: Level = 80.0
    full: Positive = 20.0

    @property
    def bars(self) -> int:
        """One range for each value that is averaged."""
        return self.period + self.slow - 1

    def read(self, series: Series) -> Signal:
        """Judge slow %K."""
        k, _ = measures.stochastic(series, self.period, self.slow, 1)
        return self.judge(f"Stochastic{self.period}", k[-1])


class Cci(Oscillator):
    """Commodity channel index."""

    id, label, category = "cci", "CCI", Category.MOMENTUM
    period: Period = 20
    oversold: Level = -100.0
    overbought: Level = 100.0
    full: Positive = 100.0

    @property
    def bars(self) -> int:
        """Its window."""
        return self.period

    def read(self, series: Series) -> Signal:
        """Judge the CCI."""
        return self.judge(f"CCI{self.period}", measures.cci(series, self.period)[-1])


class WilliamsR(Oscillator):
    """Williams %R, -100 at the lowest low and 0 at the highest high."""

    id, label, category = "williams_r", "Williams %R", Category.MOMENTUM
    period: Period = 14
    oversold: Level = -80.0
    overbought: Level = -20.0
    full: Positive = 20.0

    @property
    def bars(self) -> int:
        """Its window."""
        return self.period

    def read(self, series: Series) -> Signal:
        """Judge %R."""
        return self.judge(f"Williams %R{self.period}", measures.williams_r(series, self.period)[-1])


class Bollinger(Oscillator):
    """Place of the close in its Bollinger band: below 0 under the lower band, above 1 over the upper."""

    id, label, category = "bollinger", "Bollinger", Category.VOLATILITY
    votes = "+1 with %B({period}, {deviations:g}) below {oversold:g}, -1 above {overbought:g}; sure at {full:g} beyond"
    words = ("below the lower band", "above the upper band")
    digits = 2
    period: Period = 20
    deviations: Positive = 2.0
    oversold: Level = 0.0
    overbought: Level = 1.0
    full: Positive = 1.0

    @property
    def bars(self) -> int:
        """Its window."""
        return self.period

    def read(self, series: Series) -> Signal:
        """Judge %B."""
        return self.judge("Bollinger %B", measures.percent_b(series, self.period, self.deviations))


class Macd(Parameters):
    """MACD histogram: the line above its signal line votes +1."""

    id, label, category = "macd", "MACD", Category.TREND
    votes = "+1 with the histogram of MACD({fast}, {slow}, {signal}) above 0, -1 below; sure at {full:.1%} of the close"
    fast: Period = 12
    slow: Period = 26
    signal: Period = 9
    full: Positive = Field(0.02, description="part of the close at which the vote is sure")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _require_faster(self.fast, self.slow)
        return self

    @property
    def bars(self) -> int:
        """The slow average, then the signal's."""
        return self.slow + self.signal - 1

    def read(self, series: Series) -> Signal:
        """Judge the histogram."""
        line, average = measures.macd(series, self.fast, self.slow, self.signal)
        histogram = line - average
        vote = sign(histogram, series.last)
        rule = f"MACD {_SIDE[vote]} its signal: histogram {series.money(histogram, signed=True)}"
        return _cast(histogram * series.unit, vote, abs(histogram) / (self.full * series.last), rule)


class Adx(Parameters):
    """Direction from +DI and -DI, confidence from the strength of the trend."""

    id, label, category = "adx", "ADX", Category.TREND
    votes = (
        "+1 with +DI above -DI, -1 below; confidence {floor:g} up to ADX{period} {weak:g}, rising to 1 at {strong:g}"
    )
    period: Period = 14
    weak: Level = Field(20.0, description="ADX up to which the confidence is `floor`")
    strong: Level = Field(50.0, description="ADX from which the confidence is 1")
    floor: float = Field(0.3, ge=0, le=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.weak >= self.strong:
            raise ValueError(f"weak ({self.weak:g}) must be below strong ({self.strong:g})")
        return self

    @property
    def bars(self) -> int:
        """Smoothed directions, smoothed again."""
        return 2 * self.period

    def read(self, series: Series) -> Signal:
        """Compare the directions."""
        plus, minus, adx = measures.directional(series, self.period)
        vote = sign(plus[-1] - minus[-1], 100)
        strength = self.floor + (1 - self.floor) * (adx - self.weak) / (self.strong - self.weak)
        rule = f"+DI {_SIDE[vote]} -DI: {plus[-1]:.1f} and {minus[-1]:.1f}, ADX{self.period} {adx:.1f}"
        return _cast(adx, vote, max(self.floor, strength), rule)


class EmaCross(Parameters):
    """Fast EMA against slow EMA; the value is their distance in percent of the slow one."""

    id, label, category = "ema_cross", "EMA cross", Category.TREND
    votes = "+1 with EMA{fast} above EMA{slow}, -1 below; sure when {full:.1%} apart"
    fast: Period = 50
    slow: Period = 200
    full: Positive = Field(0.1, description="part of the slow average at which the vote is sure")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _require_faster(self.fast, self.slow)
        return self

    @property
    def bars(self) -> int:
        """The slow average's."""
        return self.slow

    def read(self, series: Series) -> Signal:
        """Compare the averages."""
        fast, slow = float(series.ema(self.fast)[-1]), float(series.ema(self.slow)[-1])
        distance = (fast - slow) / slow
        vote = sign(distance)
        figures = f"{series.money(fast)} and {series.money(slow)}"
        rule = f"EMA{self.fast} {_SIDE[vote]} EMA{self.slow}: {figures}, {100 * distance:+.1f} %"
        return _cast(100 * distance, vote, abs(distance) / self.full, rule)


class ParabolicSar(Parameters):
    """The close against the parabolic stop."""

    id, label, category = "parabolic_sar", "Parabolic SAR", Category.TREND
    votes = "+1 with the close above SAR({step:g}, {limit:g}), -1 below; sure when {full:.1%} of the close away"
    step: Positive = 0.02
    limit: Positive = 0.2
    full: Positive = Field(0.03, description="part of the close at which the vote is sure")

    @property
    def bars(self) -> int:
        """The first direction needs two."""
        return 2

    def read(self, series: Series) -> Signal:
        """Compare the close with the stop."""
        stop = measures.parabolic_sar(series, self.step, self.limit)
        distance = (series.last - stop) / series.last
        vote = sign(distance)
        rule = f"close {_SIDE[vote]} parabolic SAR: {series.money(series.last)} and {series.money(stop)}"
        return _cast(stop * series.unit, vote, abs(distance) / self.full, rule)


class Obv(Parameters):
    """On-balance volume against its own EMA; the value is the distance in days of mean volume."""

    id, label, category = "obv", "OBV", Category.VOLUME
    votes = "+1 with OBV above its EMA{period}, -1 below; sure when {full:g} days of mean volume away"
    period: Period = 20
    full: Positive = Field(5.0, description="days of mean volume at which the vote is sure")

    @property
    def bars(self) -> int:
        """Its average's."""
        return self.period

    def read(self, series: Series) -> Signal:
        """Compare the balance with its average."""
        lead = measures.obv_lead(series, self.period)
        vote = sign(lead)
        rule = f"OBV {_SIDE[vote]} its EMA{self.period}: by {abs(lead):.1f} days of mean volume"
        return _cast(lead, vote, abs(lead) / self.full, rule)


class Cmf(Parameters):
    """Chaikin money flow: buying above `threshold`, selling below its negative."""

    id, label, category = "cmf", "CMF", Category.VOLUME
    votes = "+1 with CMF{period} above {threshold:g}, -1 below -{threshold:g}; sure at {full:g}"
    period: Period = 20
    threshold: float = Field(0.05, ge=0, lt=1)
    full: Positive = Field(0.25, description="money flow at which the vote is sure")

    @property
    def bars(self) -> int:
        """Its window."""
        return self.period

    def read(self, series: Series) -> Signal:
        """Judge the flow."""
        flow = measures.cmf(series, self.period)
        vote = sign(flow) if sign(abs(flow) - self.threshold) > 0 else 0
        word = ("neutral", "buying", "selling")[vote]
        rule = f"money flow {word}: CMF{self.period} {flow:+.2f}, threshold {self.threshold:g}"
        return _cast(flow, vote, abs(flow) / self.full, rule)


class Atr(Parameters):
    """Average true range. It never votes: it sizes the stop."""

    id, label, category = "atr", "ATR", Category.VOLATILITY
    votes = "ATR{period} never votes: it sizes the stop"
    period: Annotated[int, Field(ge=2, le=59, strict=True)] = 14

    @property
    def bars(self) -> int:
        """One true range for each of the period, from the second bar."""
        return self.period + 1

    def read(self, series: Series) -> Signal:
        """Measure the range."""
        value = measures.atr(series, self.period)
        rule = f"ATR{self.period} sizes the stop: {series.money(value)}, {100 * value / series.last:.1f} % of the close"
        return Signal(value * series.unit, 0, 0.0, rule)


_SIDE = ("level with", "above", "below")  # by vote: 0, 1, -1


def _cast(value: float, vote: int, confidence: float, rule: str) -> Signal:
    """A signal that is sure of nothing when it does not vote."""
    return Signal(value, vote, confidence if vote else 0.0, rule)


def _require_faster(fast: int, slow: int) -> None:
    if fast >= slow:
        raise ValueError(f"fast ({fast}) must be below slow ({slow})")
