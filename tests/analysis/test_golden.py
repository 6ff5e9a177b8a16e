"""Every indicator over all complete tickers of the sample, from its first defined bar, against the reference.

The reference computes its lines once over the whole year; ours is asked with the prices up to one bar. So equality
proves both the figure and that no later bar was looked at.
"""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from include.analysis import load_strategies
from include.analysis.indicator import Indicator
from include.analysis.series import Series
from include.model.bars import Bars
from tests.analysis import reference
from tests.analysis.samples import COMPLETE, complete_tickers, sample_bars

STRIDE = 24
"""Of each ticker the first defined bar, the last, and every 24th between; the next ticker begins one bar later."""

LINES: dict[str, Callable[[Bars], dict[str, reference.Line]]] = {
    "balanced": reference.weighted_values,
    "technical_rating": reference.technical_values,
}


def ends(indicator: Indicator, number: int) -> Iterator[int]:
    """How many bars of the ticker with that number are looked at, for every look."""
    yield indicator.bars
    yield from range(indicator.bars + 1 + number % STRIDE, COMPLETE, STRIDE)
    yield COMPLETE


def upto(series: Series, end: int) -> Series:
    """The series as it was after `end` bars, in the same counted prices."""
    return Series(
        high=series.high[:end],
        low=series.low[:end],
        close=series.close[:end],
        volume=series.volume[:end],
        unit=series.unit,
        decimals=series.decimals,
    )


def test_the_looks_cover_every_bar_of_the_year() -> None:
    for strategy in LINES:
        for indicator in load_strategies()[strategy].indicators:
            seen = {end for number in range(STRIDE) for end in ends(indicator, number)}
            assert seen == set(range(indicator.bars, COMPLETE + 1)), indicator.id


@pytest.mark.parametrize("strategy", LINES)
def test_every_indicator_equals_the_reference_on_every_complete_ticker(strategy: str) -> None:
    indicators = load_strategies()[strategy].indicators
    tickers = complete_tickers()
    assert len(tickers) == 379
    for number, ticker in enumerate(tickers):
        bars = sample_bars()[ticker]
        series, lines = Series.of(bars), LINES[strategy](bars)
        for indicator in indicators:
            if indicator.id not in lines:
                continue  # the ATR, which the reference names among the weighted ones alone
            looks = list(ends(indicator, number))
            found = [indicator.read(upto(series, end)).value for end in looks]
            expected = lines[indicator.id][np.array(looks) - 1]
            close = bars.close[np.array(looks) - 1]
            np.testing.assert_allclose(
                found, expected, rtol=1e-6, atol=1e-9 * close.max(), err_msg=f"{ticker} {indicator.id}"
            )


@pytest.mark.parametrize("strategy", LINES)
def test_the_reference_has_no_value_before_the_bars_that_an_indicator_asks_for(strategy: str) -> None:
    """So the first defined bar is the first that there can be; votes that need the bar before ask for one more."""
    bars = sample_bars()["XOM"]
    lines = LINES[strategy](bars)
    for indicator in load_strategies()[strategy].indicators:
        if indicator.id in lines:
            first = int(np.isfinite(lines[indicator.id]).argmax()) + 1
            assert first <= indicator.bars, indicator.id
            if strategy == "balanced":
                assert first == indicator.bars, indicator.id
