from decimal import Decimal

import numpy as np
import pytest

from include.analysis import analyze, load_strategies
from include.market.exchanges import EXCHANGES, Exchange, exchange_of
from include.model.analysis import Analysis
from include.model.bars import Bars
from tests.analysis.series_strategies import make_bars


@pytest.mark.parametrize(
    ("ticker", "price", "tick"),
    [
        ("AAPL", 190.0, 0.01),
        ("IDEA.NS", 7.1, 0.01),
        ("WIPRO.NS", 250.0, 0.05),
        ("TCS.NS", 3_500.0, 0.1),
        ("MARUTI.NS", 12_000.0, 1),
        ("MRF.BO", 140_000.0, 5),
        ("0700.HK", 610.0, 0.5),
        ("0005.HK", 99.95, 0.05),
        ("1398.HK", 5.9, 0.01),
        ("7203.T", 2_800.0, 1),
        ("6861.T", 62_000.0, 100),
        ("005930.KS", 71_900.0, 100),
        ("2330.TW", 1_450.0, 5),
        ("ZIP.AX", 1.9, 0.005),
        ("VOD.L", 0.7, 0.01),
    ],
)
def test_the_price_step_is_that_of_the_exchange_at_that_price(ticker: str, price: float, tick: float) -> None:
    assert exchange_of(ticker).ticks.at(price) == tick


@pytest.mark.parametrize("exchange", EXCHANGES.values(), ids=lambda exchange: exchange.name)
def test_steps_grow_with_the_price(exchange: Exchange) -> None:
    starts, steps = zip(*exchange.ticks.steps, strict=True)
    assert starts[0] == 0
    assert list(starts) == sorted(set(starts))
    assert list(steps) == sorted(set(steps))
    assert min(steps) > 0


def rising(last: float) -> Bars:
    """A rise of 300 sessions that ends at that price, in Tokyo."""
    close = last * 1.004 ** np.arange(-299, 1)
    bars = make_bars(close, high=close * 1.004, low=close * 0.996)
    return Bars(
        **{
            name: getattr(bars, name)
            for name in ("ticker", "source", "sessions", "open", "high", "low", "close", "volume")
        },
        currency="JPY",
        ticks=exchange_of("7203.T").ticks,
    )


@pytest.mark.parametrize(("last", "step"), [(2_345.6, 1), (4_567.8, 5), (23_456.7, 10)])
def test_the_levels_of_a_plan_lie_on_the_step_of_its_price(last: float, step: int) -> None:
    analysis = analyze(rising(last), load_strategies()["trend_following"])
    assert isinstance(analysis, Analysis)
    assert analysis.plan is not None
    levels = (analysis.plan.entry, analysis.plan.stop_loss, analysis.plan.target)
    assert [level % step for level in levels] == [Decimal(0)] * 3
    assert any(level % (2 * step) for level in levels)


def test_a_later_price_does_not_change_the_step_of_an_earlier_session() -> None:
    bars = rising(3_100.0)
    session = bars.sessions[250].astype(object)
    strategy = load_strategies()["trend_following"]
    assert bars.tick == 5
    assert bars.until(session).tick == 1
    assert analyze(bars, strategy, session) == analyze(bars.until(session), strategy, session)
