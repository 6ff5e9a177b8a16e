"""Series that break careless indicators."""

from dataclasses import replace

import numpy as np
import pytest

from include.analysis import Strategy, analyze, load_strategies
from include.model.analysis import Analysis, Reading, Verdict
from include.model.bars import Bars
from tests.analysis.series_strategies import make_bars

ALL = pytest.mark.parametrize("strategy", load_strategies().values(), ids=lambda s: s.id)
RISING = np.arange(100.0, 350.0)


def analysed(bars: Bars, strategy: str | Strategy = "balanced") -> Analysis:
    found = analyze(bars, load_strategies()[strategy] if isinstance(strategy, str) else strategy)
    assert isinstance(found, Analysis), found
    return found


def readings(bars: Bars, strategy: str = "balanced") -> dict[str, Reading]:
    return {r.id: r for r in analysed(bars, strategy).readings}


def absent(bars: Bars, strategy: str = "balanced") -> dict[str, str]:
    return {name: r.absent for name, r in readings(bars, strategy).items() if r.absent}


@pytest.mark.parametrize("price", [0.0001, 0.1, 100.0, 1e6])
@ALL
def test_a_flat_price_is_a_hold_of_fifty(strategy: Strategy, price: float) -> None:
    found = analysed(make_bars(np.full(250, price)), strategy)
    assert (found.score, found.verdict, found.plan) == (50.0, Verdict.HOLD, None)
    assert all(r.vote == 0 for r in found.readings)


@pytest.mark.parametrize("price", [0.0001, 0.1, 100.0, 1e6])
def test_a_flat_price_leaves_undefined_what_it_leaves_undefined(price: float) -> None:
    assert absent(make_bars(np.full(250, price))) == {
        "adx": "no range in 14 bars",
        "rsi": "close unchanged for 14 bars",
        "stochastic": "no range in 14 bars",
        "cci": "no deviation in 20 bars",
        "williams_r": "no range in 14 bars",
        "bollinger": "no deviation in 20 bars",
        "cmf": "no range in 20 bars",
    }
    assert absent(make_bars(np.full(250, price)), "technical_rating") == {
        "rsi_turn": "close unchanged for 14 bars",
        "stochastic_cross": "no range in 14 bars",
        "cci_turn": "no deviation in 20 bars",
        "adx_cross": "no range in 14 bars",
        "stochastic_rsi": "close unchanged for 14 bars",
        "williams_r_turn": "no range in 14 bars",
        "ultimate": "no range in 7 bars",
    }


def test_a_standstill_after_moves_is_undefined_however_long_it_lasts() -> None:
    for still in (20, 190, 600):
        bars = make_bars(np.concatenate((RISING, np.full(still, 349.0))))
        assert absent(bars)["rsi"] == "close unchanged for 14 bars"
        assert absent(bars)["adx"] == "no range in 14 bars"


def test_one_tick_in_an_otherwise_flat_price_is_seen() -> None:
    close = np.full(250, 100.0)
    close[-1] = 100.01
    found = readings(make_bars(close))
    assert found["rsi"].value == 100
    assert found["bollinger"].vote == -1
    assert found["ema_cross"].vote == 1
    assert found["ema_cross"].confidence < 0.001


def test_one_tick_of_a_price_of_a_million_is_seen() -> None:
    close = np.full(250, 1e6)
    close[-1] += 0.01
    found = readings(make_bars(close))
    assert found["rsi"].value == 100
    assert found["bollinger"].value == pytest.approx((19**0.5 + 2) / 4)


def test_equal_ticks_up_and_down_are_equal_in_any_currency() -> None:
    close = 10 + np.tile([0.05, -0.05, -0.05, 0.05], 50).cumsum()

    def direction(factor: float) -> tuple[float | None, int]:
        found = readings(make_bars(close * factor, high=(close + 0.05) * factor, low=(close - 0.05) * factor))["adx"]
        return found.value, found.vote

    assert {direction(factor) for factor in (0.1, 1, 3, 10)} == {direction(1)}


def test_an_inside_and_outside_bar_of_equal_moves_has_no_direction() -> None:
    # Each high is 0.05 higher and each low 0.05 lower than before: equal moves, so neither +DM nor -DM.
    wide = 0.05 * np.arange(1, 101)
    bars = make_bars(np.full(100, 20.0), high=20.0 + wide, low=20.0 - wide)
    assert readings(bars)["adx"].rule.startswith("+DI level with -DI: 0.0 and 0.0")
    assert readings(bars)["adx"].vote == 0


def test_no_volume_leaves_volume_indicators_absent_and_the_rest_alone() -> None:
    bars = make_bars(RISING, high=RISING + 1, low=RISING - 1)
    silent = replace(bars, volume=np.zeros(250))
    assert absent(silent) == {"obv": "no volume in 20 bars", "cmf": "no volume in 20 bars"}
    assert absent(silent, "technical_rating") == {"vwma_20": "no volume in 20 bars"} | absent(bars, "technical_rating")


def test_a_steady_rise_is_overbought_and_an_uptrend() -> None:
    found = readings(make_bars(RISING, high=RISING + 1, low=RISING - 1))
    assert found["rsi"].value == 100
    assert {name for name, r in found.items() if r.vote < 0} >= {"rsi", "stochastic", "williams_r", "cci"}
    assert all(found[name].vote == 1 for name in ("adx", "ema_cross", "parabolic_sar", "obv"))


def test_an_rsi_without_range_leaves_its_stochastic_absent() -> None:
    found = readings(make_bars(RISING, high=RISING + 1, low=RISING - 1), "technical_rating")
    assert found["stochastic_rsi"].absent == "no range of the RSI in 14 bars"


def test_sixty_bars_are_enough_and_tell_what_they_are_too_few_for() -> None:
    bars = make_bars(RISING[:60], high=RISING[:60] + 1, low=RISING[:60] - 1)
    assert absent(bars) == {"ema_cross": "60 of 200 bars"}
    assert absent(bars, "technical_rating") == {
        "sma_100": "60 of 100 bars",
        "sma_200": "60 of 200 bars",
        "ema_100": "60 of 100 bars",
        "ema_200": "60 of 200 bars",
        "ichimoku_v2": "60 of 77 bars",
        "stochastic_rsi": "no range of the RSI in 14 bars",
    }


@pytest.mark.parametrize("factor", [0.1, 0.5, 2.0, 10.0])
@pytest.mark.parametrize("after", [1, 5, 100])
@ALL
def test_a_jump_like_a_split_is_survived(strategy: Strategy, after: int, factor: float) -> None:
    close = 100 + np.sin(np.arange(250.0))
    close[-after:] *= factor
    found = analysed(make_bars(close, high=close * 1.01, low=close * 0.99), strategy)
    assert 0 <= found.score <= 100
    assert sum(r.contribution for r in found.readings) == pytest.approx(found.score - 50, abs=1e-9)


@pytest.mark.parametrize("level", [1e-4, 1.0, 1e6])
@ALL
def test_any_price_level_gives_the_same_opinion(strategy: Strategy, level: float) -> None:
    close = np.round(1000 + 100 * np.sin(np.arange(250) / 9) + np.arange(250) % 7)

    def opinion(factor: float) -> tuple[object, ...]:
        found = analysed(make_bars(close * factor, high=(close + 3) * factor, low=(close - 4) * factor), strategy)
        return found.score, found.verdict, [(r.vote, r.absent) for r in found.readings]

    assert opinion(level / 1000) == opinion(1.0)


def test_gaps_at_the_open_are_part_of_the_range() -> None:
    close = np.where(np.arange(100) % 2, 110.0, 100.0)  # every bar is a single price, ten away from the one before
    found = readings(make_bars(close))
    assert found["atr"].value == pytest.approx(10)
    assert found["cmf"].absent == "no range in 20 bars"


def test_prices_of_a_penny_fraction_are_written_with_their_digits() -> None:
    close = 0.0001 + 0.000001 * (np.arange(250) % 5)
    assert readings(make_bars(close))["ema_cross"].rule.startswith("EMA50 ")
    assert "0.000102" in readings(make_bars(close))["ema_cross"].rule
