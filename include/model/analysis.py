"""What one analysis says: score, verdict, trade plan, and why."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Verdict(StrEnum):
    """What to do, from the score."""

    STRONG_BUY = "Strong Buy"
    BUY = "Buy"
    HOLD = "Hold"
    SELL = "Sell"
    STRONG_SELL = "Strong Sell"


class Category(StrEnum):
    """What an indicator measures."""

    TREND = "trend"
    MOMENTUM = "momentum"
    VOLATILITY = "volatility"
    VOLUME = "volume"


class Side(StrEnum):
    """Direction of a trade plan."""

    LONG = "long"
    SHORT = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One indicator in one analysis: its value, what the rule says, and what that did to the score.

    `vote` is -1, 0 or 1; `confidence` 0..1; `weight` what the strategy gives the indicator, before confidence;
    `contribution` in score points: those of all readings add up to score - 50. `absent` is the reason why the
    indicator has no value; then it has no vote and no weight. `value` is the figure that the rule looks at (None when
    absent), `rule` the rule in words with the value: `phrase: figures`, of which the phrase alone is a short reason.
    """

    id: str
    category: Category
    value: float | None
    rule: str
    vote: int
    confidence: float
    weight: float
    contribution: float
    absent: str | None = None


def reward_for_risk(entry: Decimal, stop_loss: Decimal, target: Decimal) -> Decimal:
    """Distance of the target from the entry, as a multiple of the stop's; two decimals."""
    return (abs(target - entry) / abs(entry - stop_loss)).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePlan:
    """Levels that follow from prices and strategy alone, rounded to the tick.

    Long: stop_loss < entry < target. Short: target < entry < stop_loss.
    """

    side: Side
    entry: Decimal
    stop_loss: Decimal
    target: Decimal

    @property
    def risk_reward(self) -> Decimal:
        """Distance of the target from the entry, as a multiple of the stop's; two decimals."""
        return reward_for_risk(self.entry, self.stop_loss, self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskProfile:
    """How much somebody wants to risk: capital in the listing's currency, the others as said by their names.

    `position_limit_percent` None means: the strategy's own limit.
    """

    capital: float = 100_000.0
    risk_percent: float = 2.0
    position_limit_percent: float | None = None
    min_risk_reward: float = 1.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A trade plan sized for one request. 0 shares is an answer, with a note that says why."""

    shares: int
    cost: Decimal
    target: Decimal
    risk_reward: Decimal
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """One ticker analysed for one session with one strategy.

    `score` is 0..100 with one decimal, 50 is neutral. `plan` is None for Hold. `bars_hash` identifies the
    prices that were used, `strategy_version` the content of the strategy.
    """

    ticker: str
    strategy: str
    strategy_version: str
    session: date
    close: float
    currency: str
    bars_used: int
    bars_hash: str
    score: float
    verdict: Verdict
    plan: TradePlan | None
    readings: tuple[Reading, ...]
    summary: str
    warnings: tuple[str, ...] = ()
