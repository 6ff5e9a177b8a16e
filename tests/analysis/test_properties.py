"""What must be true of every analysis, whatever the prices."""

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from include.analysis import Strategy, analyze, load_strategies, size_position, strongest_reasons
from include.model.analysis import Analysis, RiskProfile, Side, Verdict
from include.model.bars import Bars, Ticks
from tests.analysis.samples import complete_tickers, sample_bars
from tests.analysis.series_strategies import any_bars, walks

STRATEGIES = st.sampled_from(sorted(load_strategies().values(), key=lambda s: s.id))
PROPERTY = settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def analysis_of(bars: Bars, strategy: Strategy) -> Analysis:
    found = analyze(bars, strategy)
    assert isinstance(found, Analysis), found
    return found


def scaled(bars: Bars, price: float = 1, volume: float = 1) -> Bars:
    return replace(
        bars,
        open=bars.open * price,
        high=bars.high * price,
        low=bars.low * price,
        close=bars.close * price,
        volume=bars.volume * volume,
        ticks=Ticks(((0, bars.tick * price),)),
    )


def opinion(analysis: Analysis) -> tuple[object, ...]:
    return analysis.score, analysis.verdict, [(r.id, r.vote, r.absent) for r in analysis.readings]


@PROPERTY
@given(any_bars(), STRATEGIES)
def test_an_analysis_is_bounded_and_finite(bars: Bars, strategy: Strategy) -> None:
    a = analysis_of(bars, strategy)
    assert 0 <= a.score <= 100
    assert round(a.score, 1) == a.score
    for r in a.readings:
        assert (r.value is None) == (r.absent is not None)
        assert r.value is None or math.isfinite(r.value)
        assert r.vote in (-1, 0, 1)
        assert 0 <= r.confidence <= 1
        assert math.isfinite(r.contribution)
        assert r.contribution * r.vote >= 0
        assert not (r.absent and (r.vote or r.weight or r.contribution or r.confidence))
        assert r.rule
        assert "nan" not in r.rule
        assert "inf" not in r.rule
    assert len(strongest_reasons(a)) <= 3


@PROPERTY
@given(any_bars(), STRATEGIES)
def test_contributions_add_up_to_the_score(bars: Bars, strategy: Strategy) -> None:
    a = analysis_of(bars, strategy)
    assert sum(r.contribution for r in a.readings) == pytest.approx(a.score - 50, abs=1e-9)
    power = sum(r.confidence * r.weight for r in a.readings)
    s = sum(r.vote * r.confidence * r.weight for r in a.readings) / power if power else 0.0
    assert a.score == pytest.approx(50 + 50 * s, abs=0.05 + 1e-9)


@PROPERTY
@given(any_bars(), STRATEGIES)
def test_the_verdict_follows_from_the_score_that_is_shown(bars: Bars, strategy: Strategy) -> None:
    a = analysis_of(bars, strategy)
    if strategy.id == "technical_rating":
        expected = [Verdict.STRONG_SELL, Verdict.SELL, Verdict.HOLD, Verdict.BUY, Verdict.STRONG_BUY][
            (a.score >= 25) + (a.score >= 45) + (a.score > 55) + (a.score > 75)
        ]
    else:
        expected = [Verdict.STRONG_SELL, Verdict.SELL, Verdict.HOLD, Verdict.BUY, Verdict.STRONG_BUY][
            (a.score > 20) + (a.score > 40) + (a.score >= 60) + (a.score >= 80)
        ]
    assert a.verdict is expected


@PROPERTY
@given(walks(min_size=61), STRATEGIES, st.data())
def test_a_future_bar_never_changes_an_earlier_analysis(bars: Bars, strategy: Strategy, data: st.DataObject) -> None:
    end = data.draw(st.integers(60, len(bars) - 1))
    session = bars.sessions[end - 1].astype(object)
    assert analyze(bars, strategy, session) == analyze(bars.until(session), strategy)


@pytest.mark.parametrize("strategy", load_strategies().values(), ids=lambda s: s.id)
def test_no_look_ahead_on_real_prices(strategy: Strategy) -> None:
    for ticker in complete_tickers()[::40]:
        bars = sample_bars()[ticker]
        for end in (60, 130, 200, 244):
            session = bars.sessions[end - 1].astype(object)
            assert analyze(bars, strategy, session) == analyze(bars.until(session), strategy)


@PROPERTY
@given(any_bars(), STRATEGIES)
def test_ten_times_the_prices_change_no_vote_and_no_score(bars: Bars, strategy: Strategy) -> None:
    assert opinion(analysis_of(scaled(bars, price=10), strategy)) == opinion(analysis_of(bars, strategy))


@PROPERTY
@given(any_bars(), STRATEGIES)
def test_ten_times_the_volume_changes_no_vote_and_no_score(bars: Bars, strategy: Strategy) -> None:
    assert opinion(analysis_of(scaled(bars, volume=10), strategy)) == opinion(analysis_of(bars, strategy))


@pytest.mark.parametrize("factor", [0.01, 0.1, 3.0, 10.0, 1000.0])
def test_another_currency_changes_no_vote_and_no_score_of_real_prices(factor: float) -> None:
    for ticker in complete_tickers()[::12]:
        for strategy in load_strategies().values():
            bars = sample_bars()[ticker]
            assert opinion(analysis_of(scaled(bars, price=factor), strategy)) == opinion(analysis_of(bars, strategy))


def test_tickers_together_alone_or_in_another_order_give_equal_results() -> None:
    strategy = load_strategies()["balanced"]
    tickers = complete_tickers()[::25]
    together = {t: analyze(sample_bars()[t], strategy) for t in tickers}
    backwards = {t: analyze(sample_bars()[t], strategy) for t in reversed(tickers)}
    assert together == backwards
    assert len({a.bars_hash for a in together.values() if isinstance(a, Analysis)}) == len(tickers)


def test_an_analysis_leaves_its_bars_as_they_were() -> None:
    bars = sample_bars()["XOM"]
    before = [column.tobytes() for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)]
    analyze(bars, load_strategies()["technical_rating"])
    assert before == [column.tobytes() for column in (bars.open, bars.high, bars.low, bars.close, bars.volume)]


@PROPERTY
@given(any_bars(), STRATEGIES)
def test_a_plan_keeps_its_levels_apart_and_hold_has_none(bars: Bars, strategy: Strategy) -> None:
    a = analysis_of(bars, strategy)
    assert (a.plan is None) == (a.verdict is Verdict.HOLD)
    if a.plan is None:
        return
    assert (a.plan.side is Side.LONG) == (a.verdict in (Verdict.BUY, Verdict.STRONG_BUY))
    levels = [a.plan.stop_loss, a.plan.entry, a.plan.target]
    levels = levels if a.plan.side is Side.LONG else levels[::-1]
    assert Decimal(0) < levels[0] < levels[1] < levels[2]
    assert float(a.plan.entry) == pytest.approx(a.close, rel=0.006)


@PROPERTY
@given(
    any_bars(),
    STRATEGIES,
    st.builds(
        RiskProfile,
        capital=st.floats(0, 1e9),
        risk_percent=st.floats(0.01, 100),
        position_limit_percent=st.none() | st.floats(0, 100),
        min_risk_reward=st.floats(0, 100),
    ),
)
def test_a_position_never_costs_or_risks_more_than_allowed(
    bars: Bars, strategy: Strategy, profile: RiskProfile
) -> None:
    plan = analysis_of(bars, strategy).plan
    if plan is None:
        return
    position = size_position(plan, profile, strategy, bars.tick)
    limits = [strategy.position_limit_percent, profile.position_limit_percent]
    limit = min(x for x in limits if x is not None)
    risk = abs(plan.entry - plan.stop_loss)
    assert position.shares >= 0
    assert position.cost == position.shares * plan.entry
    assert float(position.cost) <= profile.capital * limit / 100 * (1 + 1e-12)
    assert float(position.shares * risk) <= profile.capital * profile.risk_percent / 100 * (1 + 1e-12)
    assert position.shares > 0 or any("0 shares" in note for note in position.notes)
    assert (position.target > plan.entry) == (plan.side is Side.LONG)
    assert 0 < position.target != plan.entry
    ratio = abs(position.target - plan.entry) / risk
    assert abs(ratio - position.risk_reward) <= Decimal("0.005")
    held = any("held" in note for note in position.notes)
    assert held or float(ratio) >= profile.min_risk_reward * (1 - 1e-12)
    assert (position.target == plan.target) == (not any("target" in note for note in position.notes))
