import pytest

from include.analysis import Strategy, analyze, load_strategies, size_position, strongest_reasons
from include.model.analysis import Analysis, RiskProfile, Verdict
from tests.analysis.samples import sample_bars


@pytest.mark.parametrize("strategy", load_strategies().values(), ids=lambda s: s.id)
def test_one_ticker_comes_out_as_an_analysis_that_explains_itself(strategy: Strategy) -> None:
    bars = sample_bars()["XOM"]
    analysis = analyze(bars, strategy)
    assert isinstance(analysis, Analysis)
    assert (analysis.ticker, analysis.strategy, analysis.strategy_version) == ("XOM", strategy.id, strategy.version)
    assert (analysis.session, analysis.bars_used) == (bars.last_session, 245)
    assert analysis.summary.startswith(f"{analysis.verdict}, {analysis.score:.1f}: ")
    assert sum(r.contribution for r in analysis.readings) == pytest.approx(analysis.score - 50, abs=1e-9)
    assert (analysis.plan is None) == (analysis.verdict is Verdict.HOLD)


def test_a_plan_is_sized_and_its_reasons_are_short() -> None:
    strategy = load_strategies()["balanced"]
    bars = sample_bars()["XOM"]
    analysis = analyze(bars, strategy)
    assert isinstance(analysis, Analysis)
    assert analysis.plan is not None
    position = size_position(analysis.plan, RiskProfile(), strategy, bars.tick)
    assert position.shares == 339
    assert position.cost == 339 * analysis.plan.entry
    assert strongest_reasons(analysis) == [
        "close below parabolic SAR -11.2",
        "EMA50 below EMA200 -7.6",
        "money flow buying +6.9",
    ]
