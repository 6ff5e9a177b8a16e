"""Entry, stop and target of a rating, and how many shares of it somebody can afford.

Levels are Decimals on the tick, rounded last. A tick that is coarse for a cheap share (more than 1 % of its price) is
divided by ten until it is not, so that three different levels above zero always exist.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from include.analysis.strategy import Strategy
from include.model.analysis import Position, RiskProfile, Side, TradePlan, Verdict, reward_for_risk

_SIDES = {
    Verdict.STRONG_BUY: Side.LONG,
    Verdict.BUY: Side.LONG,
    Verdict.SELL: Side.SHORT,
    Verdict.STRONG_SELL: Side.SHORT,
}


def plan_trade(verdict: Verdict, close: float, atr: float, strategy: Strategy, tick: float) -> TradePlan | None:
    """Levels from prices and strategy alone; None for Hold.

    Entry is the close; risk = clamp(k * ATR, low % of entry, high % of entry); the target lies a multiple of the risk
    on the other side. Each level is rounded to the nearest tick; stop and target keep at least one tick from the entry.
    """
    side = _SIDES.get(verdict)
    if side is None:
        return None
    stop, up = strategy.stop, 1 if side is Side.LONG else -1
    risk = min(max(stop.atr_multiple * atr, stop.min_percent / 100 * close), stop.max_percent / 100 * close)
    price, step = _decimal(close), _step(_decimal(close), tick)
    entry = _round(price, step)
    stop_loss = _round(price - up * _decimal(risk), step)
    target = _round(price + up * _decimal(risk * strategy.target_multiple), step)
    if side is Side.LONG:
        stop_loss, target = min(stop_loss, entry - step), max(target, entry + step)
    else:
        stop_loss, target = max(stop_loss, entry + step), max(step, min(target, entry - step))
    return TradePlan(side=side, entry=entry, stop_loss=stop_loss, target=target)


def size_position(plan: TradePlan, profile: RiskProfile, strategy: Strategy, tick: float) -> Position:
    """Shares, cost and target of a plan, for one capital and one appetite for risk.

    The target moves out to `min_risk_reward` times the risk where that is further; a short target stays one tick
    above zero. Shares are limited by the risk, and by the smaller of the strategy's and the profile's position limit.
    The notes say what was changed, and why there are no shares.
    """
    target, notes = _target(plan, profile, _step(plan.entry, tick))
    limits = [strategy.position_limit_percent]
    if profile.position_limit_percent is not None:
        limits.append(profile.position_limit_percent)
    risk = abs(plan.entry - plan.stop_loss)
    risked, limit = _percent(profile.capital, profile.risk_percent), _percent(profile.capital, min(limits))
    shares = max(0, int(min(risked // risk, limit // plan.entry)))
    if not shares and risked < risk:
        notes += (
            f"0 shares: one risks {risk:f}, more than the {risked:.2f} ({profile.risk_percent:g} %) to be risked",
        )
    elif not shares:
        notes += (f"0 shares: one costs {plan.entry:f}, more than the position limit {limit:.2f} ({min(limits):g} %)",)
    ratio = reward_for_risk(plan.entry, plan.stop_loss, target)
    return Position(shares=shares, cost=shares * plan.entry, target=target, risk_reward=ratio, notes=notes)


def _target(plan: TradePlan, profile: RiskProfile, step: Decimal) -> tuple[Decimal, tuple[str, ...]]:
    """The plan's target or, where it is further, the one that the least risk/reward asks for."""
    wanted = abs(plan.entry - plan.stop_loss) * _decimal(profile.min_risk_reward)
    if plan.side is Side.LONG:
        target = max(plan.target, _round(plan.entry + wanted, step, ROUND_CEILING))
    else:
        target = min(plan.target, _round(plan.entry - wanted, step, ROUND_FLOOR))
    if target <= 0:
        note = f"target held at {step:f}: a price cannot fall far enough for the least risk/reward"
        return step, (f"{note} {profile.min_risk_reward:g}",)
    if target == plan.target:
        return target, ()
    moved = "raised" if plan.side is Side.LONG else "lowered"
    note = f"target {moved} from {plan.target:f} to {target:f} for the least risk/reward {profile.min_risk_reward:g}"
    return target, (note,)


def _step(price: Decimal, tick: float) -> Decimal:
    """The tick, made finer by tens until it is at most 1 % of the price."""
    step = _decimal(tick)
    while 100 * step > price:
        step /= 10
    return step


def _decimal(number: float) -> Decimal:
    return Decimal(repr(float(number)))


def _round(price: Decimal, step: Decimal, rounding: str = ROUND_HALF_EVEN) -> Decimal:
    return ((price / step).to_integral_value(rounding) * step).quantize(step)


def _percent(capital: float, percent: float) -> Decimal:
    return _decimal(capital) * _decimal(percent) / 100
