"""Later bars change nothing, older ones next to nothing."""

from dataclasses import replace
from datetime import date

import pytest

from include.analysis import Strategy, analyze, history, load_strategies
from include.analysis.history import STEADY, probe
from include.market.sources.demo import demo_bars
from include.model.analysis import Analysis
from include.model.bars import Bars
from include.model.errors import ErrorCode, Refusal
from tests.analysis.samples import complete_tickers, sample_bars

STRATEGIES = pytest.mark.parametrize("strategy", load_strategies().values(), ids=lambda s: s.id)
BALANCED = load_strategies()["balanced"]


def day(bars: Bars, end: int) -> date:
    found: date = bars.sessions[end - 1].astype(object)
    return found


def with_another_future(bars: Bars, end: int) -> Bars:
    """The same bars up to `end`; after it everything is three times as high."""
    columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for column in columns.values():
        column[end:] *= 3
    return replace(bars, **columns)


@STRATEGIES
def test_later_bars_change_nothing_whatever_they_are(strategy: Strategy) -> None:
    for ticker in complete_tickers()[::25]:
        bars = sample_bars()[ticker]
        for end in (60, 111, 178, 200, 239):
            for future in (bars, with_another_future(bars, end)):
                found = probe(future, strategy, day(bars, end), lookback=750, older=300)
                assert found is not None
                assert found.ahead == ()


@STRATEGIES
def test_the_default_look_back_is_long_enough(strategy: Strategy) -> None:
    """On made-up prices over ten years: 300 bars more move hardly any score."""
    moves = []
    for number in range(12):
        bars = demo_bars(f"LONG{number}", date(2026, 6, 30), 2600)
        for end in range(1050, 2600, 150):
            found = probe(bars, strategy, day(bars, end), lookback=750, older=300)
            assert found is not None
            assert found.moved is not None
            moves.append(found.moved)
    assert sum(move < STEADY for move in moves) >= 0.99 * len(moves)


def test_a_look_back_that_is_too_short_is_seen() -> None:
    bars = demo_bars("JPM", date(2026, 6, 30), 1300)
    found = [probe(bars, BALANCED, day(bars, end), lookback=60, older=300) for end in range(1000, 1300, 50)]
    assert any(p is not None and p.moved is not None and p.moved > STEADY for p in found)


def test_without_older_bars_nothing_is_said_about_them() -> None:
    found = probe(sample_bars()["XOM"], BALANCED, date(2010, 8, 19), lookback=200, older=100)
    assert found is not None
    assert found.moved is None


def test_a_session_that_cannot_be_analysed_is_not_probed() -> None:
    assert probe(sample_bars()["XOM"], BALANCED, date(2009, 9, 1), lookback=60, older=1) is None


def test_an_analysis_that_looks_ahead_is_caught_and_what_differs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def peeking(bars: Bars, strategy: Strategy, session: date | None = None) -> Analysis | Refusal:
        return analyze(bars, strategy)  # forgets the session, and so sees the bars after it

    monkeypatch.setattr(history, "analyze", peeking)
    found = probe(sample_bars()["XOM"], BALANCED, date(2010, 8, 10), lookback=60, older=1)
    assert found is not None
    assert {"rsi", "macd", "score", "bars_used", "bars_hash"} <= set(found.ahead)


def test_an_analysis_that_later_bars_prevent_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(bars: Bars, strategy: Strategy, session: date | None = None) -> Analysis | Refusal:
        if session:
            return Refusal(bars.ticker, ErrorCode.BAD_PRICES, "a later bar is wrong")
        return analyze(bars, strategy)

    monkeypatch.setattr(history, "analyze", refusing)
    found = probe(sample_bars()["XOM"], BALANCED, date(2010, 8, 10), lookback=60, older=1)
    assert found is not None
    assert found.ahead == ("bad_prices",)
