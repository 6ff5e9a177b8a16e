"""Levels on the tick, and what somebody can afford of them."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.analysis import Strategy, load_strategies, size_position
from include.analysis.plan import plan_trade
from include.model.analysis import RiskProfile, Side, TradePlan, Verdict

BALANCED = load_strategies()["balanced"]
ANY_STRATEGY = st.sampled_from(sorted(load_strategies().values(), key=lambda s: s.id))
TRADED = st.sampled_from([v for v in Verdict if v is not Verdict.HOLD])


def planned(verdict: Verdict, close: float, atr: float, tick: float = 0.01, strategy: Strategy = BALANCED) -> TradePlan:
    plan = plan_trade(verdict, close, atr, strategy, tick)
    assert plan is not None
    return plan


def levels(plan: TradePlan) -> tuple[str, str, str, str]:
    return str(plan.entry), str(plan.stop_loss), str(plan.target), str(plan.risk_reward)


def test_a_long_plan_worked_out_by_hand() -> None:
    # risk = 1.5 * 2 = 3, within 1 and 4; target = 100 + 2 * 3
    assert levels(planned(Verdict.BUY, 100.0, 2.0)) == ("100.00", "97.00", "106.00", "2.00")


def test_a_short_plan_is_its_mirror() -> None:
    plan = planned(Verdict.STRONG_SELL, 100.0, 2.0)
    assert plan.side is Side.SHORT
    assert levels(plan) == ("100.00", "103.00", "94.00", "2.00")


@pytest.mark.parametrize(("atr", "stop"), [(0.0, "99.00"), (0.1, "99.00"), (10.0, "96.00")])
def test_the_risk_is_clamped(atr: float, stop: str) -> None:
    assert str(planned(Verdict.BUY, 100.0, atr).stop_loss) == stop


def test_hold_has_no_plan() -> None:
    assert plan_trade(Verdict.HOLD, 100.0, 2.0, BALANCED, 0.01) is None


def test_levels_lie_on_a_tick_of_five_cents() -> None:
    assert levels(planned(Verdict.BUY, 1234.57, 20.13, 0.05)) == ("1234.55", "1204.40", "1294.95", "2.00")


def test_the_tick_of_a_very_cheap_share_is_made_finer() -> None:
    assert levels(planned(Verdict.BUY, 0.0001, 0.000003)) == ("0.000100", "0.000096", "0.000108", "2.00")


def test_risk_reward_is_that_of_the_rounded_levels() -> None:
    plan = planned(Verdict.BUY, 1.034, 0.0)  # the risk of 0.01034 becomes one tick
    assert levels(plan) == ("1.03", "1.02", "1.05", "2.00")
    plan = planned(Verdict.BUY, 1.036, 0.01)
    assert levels(plan) == ("1.04", "1.02", "1.07", "1.50")


@settings(max_examples=400, deadline=None, derandomize=True)
@given(TRADED, st.floats(1e-4, 1e6), st.floats(0, 1), st.sampled_from([0.0001, 0.01, 0.05, 1.0, 5.0]), ANY_STRATEGY)
def test_levels_stay_apart_above_zero_and_on_the_tick(
    verdict: Verdict, close: float, share: float, tick: float, strategy: Strategy
) -> None:
    plan = planned(verdict, close, close * share, tick, strategy)
    order = [plan.stop_loss, plan.entry, plan.target]
    low, middle, high = order if plan.side is Side.LONG else order[::-1]
    assert Decimal(0) < low < middle < high
    step = Decimal(repr(tick))
    while 100 * step > Decimal(repr(close)):
        step /= 10
    assert all(level % step == 0 for level in order)
    assert plan.risk_reward == (abs(plan.target - plan.entry) / abs(plan.entry - plan.stop_loss)).quantize(
        Decimal("0.01")
    )


@pytest.mark.parametrize(
    ("profile", "shares"),
    [
        (RiskProfile(), 200),  # risk allows 2000 / 3 = 666, the limit 20000 / 100
        (RiskProfile(risk_percent=0.1), 33),  # 100 / 3
        (RiskProfile(position_limit_percent=5), 50),
        (RiskProfile(position_limit_percent=90), 200),  # the strategy's limit is the smaller
    ],
)
def test_shares_are_limited_by_risk_and_by_position(profile: RiskProfile, shares: int) -> None:
    position = size_position(planned(Verdict.BUY, 100.0, 2.0), profile, BALANCED, 0.01)
    assert (position.shares, position.cost) == (shares, Decimal(100 * shares))
    assert (position.target, position.risk_reward, position.notes) == (Decimal("106.00"), Decimal("2.00"), ())


def test_the_target_is_raised_for_the_least_risk_reward_and_says_so() -> None:
    position = size_position(planned(Verdict.BUY, 100.0, 2.0), RiskProfile(min_risk_reward=2.5), BALANCED, 0.01)
    assert (position.target, position.risk_reward) == (Decimal("107.50"), Decimal("2.50"))
    assert position.notes == ("target raised from 106.00 to 107.50 for the least risk/reward 2.5",)


def test_a_short_target_is_lowered_and_says_so() -> None:
    position = size_position(planned(Verdict.SELL, 100.0, 2.0), RiskProfile(min_risk_reward=2.5), BALANCED, 0.01)
    assert (position.target, position.risk_reward) == (Decimal("92.50"), Decimal("2.50"))
    assert position.notes == ("target lowered from 94.00 to 92.50 for the least risk/reward 2.5",)


def test_a_short_target_never_reaches_zero() -> None:
    position = size_position(planned(Verdict.SELL, 100.0, 2.0), RiskProfile(min_risk_reward=40), BALANCED, 0.01)
    assert (position.target, position.risk_reward) == (Decimal("0.01"), Decimal("33.33"))
    assert position.notes == ("target held at 0.01: a price cannot fall far enough for the least risk/reward 40",)


def test_no_share_says_that_the_limit_is_too_small() -> None:
    position = size_position(planned(Verdict.BUY, 100.0, 2.0), RiskProfile(capital=400), BALANCED, 0.01)
    assert (position.shares, position.cost) == (0, Decimal(0))
    assert position.notes == ("0 shares: one costs 100.00, more than the position limit 80.00 (20 %)",)


def test_no_share_says_that_the_risk_is_too_small() -> None:
    profile = RiskProfile(capital=10_000, risk_percent=0.01)
    position = size_position(planned(Verdict.BUY, 100.0, 2.0), profile, BALANCED, 0.01)
    assert position.notes == ("0 shares: one risks 3.00, more than the 1.00 (0.01 %) to be risked",)
