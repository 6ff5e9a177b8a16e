"""Bars that allow no analysis, and the sentences that say so."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from include.analysis import analyze, load_strategies
from include.model.analysis import Analysis
from include.model.bars import Bars
from include.model.errors import ErrorCode, Refusal
from tests.analysis.samples import sample_bars

BALANCED = load_strategies()["balanced"]


def xom() -> Bars:
    return sample_bars()["XOM"]


def changed(column: str, index: int, value: float) -> Bars:
    values = getattr(xom(), column).copy()
    values[index] = value
    return replace(xom(), **{column: values})


def refusal(bars: Bars, session: date | None = None) -> Refusal:
    found = analyze(bars, BALANCED, session)
    assert isinstance(found, Refusal), found
    return found


def test_fewer_than_sixty_bars_are_too_few() -> None:
    bars = xom().until(xom().sessions[58].astype(object))
    assert refusal(bars) == Refusal(
        "XOM", ErrorCode.INSUFFICIENT_HISTORY, "59 of the 60 completed daily bars that an analysis needs"
    )
    assert isinstance(analyze(xom().until(xom().sessions[59].astype(object)), BALANCED), Analysis)


def test_no_bars_are_too_few() -> None:
    assert refusal(xom(), date(2000, 1, 3)).message.startswith("0 of the 60")


def test_a_last_bar_before_the_session_is_stale() -> None:
    assert refusal(xom(), date(2010, 8, 23)) == Refusal(
        "XOM",
        ErrorCode.STALE_PRICES,
        "the last bar is of 2010-08-20, older than the session 2010-08-23: suspended or delisted?",
    )


def test_a_bar_missing_inside_is_accepted() -> None:
    keep = np.arange(len(xom())) != 200
    columns = {name: getattr(xom(), name)[keep] for name in ("sessions", "open", "high", "low", "close", "volume")}
    assert isinstance(analyze(replace(xom(), **columns), BALANCED, xom().last_session), Analysis)


@pytest.mark.parametrize(
    ("bars", "message"),
    [
        (lambda: changed("close", 7, 0.0), "a price is zero, negative, missing or beyond reason on 2009-09-01"),
        (lambda: changed("open", 7, -1.0), "a price is zero, negative, missing or beyond reason on 2009-09-01"),
        (lambda: changed("low", 7, float("nan")), "a price is zero, negative, missing or beyond reason on 2009-09-01"),
        (lambda: changed("high", 7, float("inf")), "a price is zero, negative, missing or beyond reason on 2009-09-01"),
        (lambda: changed("high", 7, 1e300), "a price is zero, negative, missing or beyond reason on 2009-09-01"),
        (lambda: changed("volume", 7, -1.0), "the volume is negative, missing or beyond reason on 2009-09-01"),
        (lambda: changed("volume", 7, 1e-300), "the volume is negative, missing or beyond reason on 2009-09-01"),
        (lambda: changed("volume", 7, float("nan")), "the volume is negative, missing or beyond reason on 2009-09-01"),
        (lambda: changed("high", 7, 60.0), "the high is below the low on 2009-09-01"),
        (lambda: changed("open", 7, 80.0), "open or close lies more than 1% outside high and low on 2009-09-01"),
        (lambda: changed("close", 7, 60.0), "open or close lies more than 1% outside high and low on 2009-09-01"),
    ],
)
def test_impossible_figures_are_bad_prices(bars: Callable[[], Bars], message: str) -> None:
    found = refusal(bars())
    assert (found.code, found.message) == (ErrorCode.BAD_PRICES, f"{message} (1 of 245 bars)")


@pytest.mark.parametrize("change", [lambda s: s[::-1], lambda s: np.where(s == s[9], s[8], s)])
def test_sessions_out_of_order_or_twice_are_bad_prices(change: Callable[[np.ndarray], np.ndarray]) -> None:
    found = refusal(replace(xom(), sessions=change(xom().sessions)))
    assert found.code is ErrorCode.BAD_PRICES
    assert found.message == "sessions are not in order or not unique: oldest first, once"


def test_a_fault_after_the_session_does_not_matter() -> None:
    session = xom().sessions[200].astype(object)
    assert analyze(changed("close", 230, -1.0), BALANCED, session) == analyze(xom(), BALANCED, session)


def test_a_small_break_of_high_and_low_is_clipped_and_counted() -> None:
    bars = changed("high", 7, float(max(xom().open[7], xom().close[7])) * 0.995)
    found = analyze(bars, BALANCED)
    assert isinstance(found, Analysis)
    assert found.warnings == ("open or close up to 1% outside high and low on 1 bars: clipped",)


@pytest.mark.parametrize(
    ("ticker", "jump"),
    [("DHR", "-50% on 2010-06-14"), ("ESRX", "-49% on 2010-06-08"), ("GIS", "-50% on 2010-06-09")],
)
def test_a_jump_that_looks_like_a_split_is_warned_of(ticker: str, jump: str) -> None:
    """The sample's prices are as they were paid: these three were split two for one."""
    found = analyze(sample_bars()[ticker], BALANCED)
    assert isinstance(found, Analysis)
    assert found.warnings == (f"the close jumps by {jump}: a split that the prices are not adjusted for?",)


def test_what_the_source_mended_is_among_the_warnings() -> None:
    found = analyze(replace(xom(), notes=("divided by 100: quoted in pence",)), BALANCED)
    assert isinstance(found, Analysis)
    assert found.warnings == ("divided by 100: quoted in pence",)


def test_the_hash_identifies_the_bars_that_were_used() -> None:
    def used(bars: Bars, session: date | None = None) -> str:
        found = analyze(bars, BALANCED, session)
        assert isinstance(found, Analysis)
        return found.bars_hash

    assert used(xom()) == "dab35b077fb5f98cfbb801a808b5d8e8"
    session = xom().sessions[200].astype(object)
    assert used(xom(), session) == used(xom().until(session)) != used(xom())
    assert used(changed("volume", 100, 1.0)) != used(xom())
    assert used(replace(xom(), close=xom().close.astype(">f8"))) == used(xom())
