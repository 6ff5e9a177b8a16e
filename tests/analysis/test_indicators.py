"""Every indicator and every vote against independent implementations, on real prices."""

import pytest

from include.analysis import analyze, load_strategies
from include.model.analysis import Analysis, Reading
from include.model.bars import Bars
from tests.analysis import reference
from tests.analysis.samples import complete_tickers, sample_bars

TICKERS = complete_tickers()[::12]
ENDS = (60, 77, 150, 199, 200, 245)


def first(bars: Bars, count: int) -> Bars:
    return bars.until(bars.sessions[count - 1].astype(object))


def readings(bars: Bars, strategy: str) -> dict[str, Reading]:
    analysis = analyze(bars, load_strategies()[strategy])
    assert isinstance(analysis, Analysis)
    return {reading.id: reading for reading in analysis.readings}


@pytest.mark.parametrize("end", ENDS)
def test_weighted_indicators_equal_the_reference(end: int) -> None:
    for ticker in TICKERS:
        bars = first(sample_bars()[ticker], end)
        expected, found = reference.weighted_values(bars), readings(bars, "balanced")
        assert expected.keys() == found.keys()
        for name, reading in found.items():
            if name == "ema_cross" and end < 200:
                assert reading.absent == f"{end} of 200 bars"
            else:
                assert reading.value == pytest.approx(expected[name][-1], rel=1e-6, abs=1e-8), (ticker, name)


@pytest.mark.parametrize("end", ENDS)
def test_weighted_votes_and_confidences_equal_the_reference(end: int) -> None:
    for ticker in TICKERS:
        bars = first(sample_bars()[ticker], end)
        found = readings(bars, "balanced")
        for name, (vote, confidence) in reference.weighted_votes(bars).items():
            assert found[name].vote == vote, (ticker, name)
            assert found[name].confidence == pytest.approx(confidence, abs=1e-6), (ticker, name)


@pytest.mark.parametrize("end", ENDS)
def test_technical_indicators_and_votes_equal_the_reference(end: int) -> None:
    for ticker in TICKERS:
        bars = first(sample_bars()[ticker], end)
        expected, votes = reference.technical_values(bars), reference.technical_votes(bars)
        found = {name: r for name, r in readings(bars, "technical_rating").items() if not r.absent and name != "atr"}
        assert expected.keys() == found.keys() == votes.keys()
        for name, reading in found.items():
            assert reading.value == pytest.approx(expected[name][-1], rel=1e-6, abs=1e-8), (ticker, name)
            assert reading.vote == votes[name], (ticker, name, reading.rule)


def test_every_technical_vote_is_cast_in_both_directions_somewhere() -> None:
    cast: set[tuple[str, int]] = set()
    for ticker in complete_tickers()[::3]:
        for end in (118, 170, 190, 205, 222, 245):
            cast |= {(r.id, r.vote) for r in readings(first(sample_bars()[ticker], end), "technical_rating").values()}
    names = {name for name, _ in cast} - {"atr"}
    assert len(names) == 26
    assert {(name, vote) for name in names for vote in (-1, 1)} <= cast
