"""What counts as a change of the past, and what as the noise of a source."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from include.market.changes import change_of, unfit, without_noise
from tests.market.histories import FIRST, history, part, with_dividend, with_split

LAST = date(2030, 1, 1)
STORED = history(count=40)


def test_the_same_history_has_not_changed() -> None:
    assert change_of(STORED, history(count=45)) is None
    assert change_of(STORED, part(history(count=45), date(2024, 2, 19), LAST)) is None


def test_the_last_digits_of_a_price_are_noise_and_the_stored_ones_stay() -> None:
    flickering = replace(STORED, close=STORED.close * (1 + 1e-7), adjustment=STORED.adjustment - 1e-7)
    assert change_of(STORED, flickering) is None
    kept = without_noise(STORED, flickering)
    assert kept.close.tolist() == STORED.close.tolist()
    assert kept.adjustment.tolist() == STORED.adjustment.tolist()


def test_a_volume_that_was_counted_on_is_taken_over() -> None:
    later = replace(STORED, volume=STORED.volume + 7)
    assert change_of(STORED, later) is None
    assert without_noise(STORED, later).volume.tolist() == (STORED.volume + 7).tolist()


@pytest.mark.parametrize(("new", "words"), [(2, "split 2:1"), (7, "split 7:1")])
def test_a_split_is_named_with_its_shares(new: int, words: str) -> None:
    assert change_of(STORED, with_split(STORED, LAST, new)) == words


def test_a_split_that_makes_fewer_shares_is_named_too() -> None:
    assert change_of(with_split(STORED, LAST, 10), STORED) == "split 1:10"


def test_a_dividend_changes_what_prices_are_multiplied_with() -> None:
    assert change_of(STORED, with_dividend(STORED, LAST, 0.002)) == "dividend"


def test_a_single_other_price_is_a_correction() -> None:
    close = STORED.close.copy()
    close[-2] += 0.5
    assert change_of(STORED, replace(STORED, close=close)) == "correction"


def test_another_unit_is_a_change() -> None:
    assert change_of(STORED, replace(STORED, currency="GBp")) == "quoted in GBp instead of USD"


def test_histories_that_do_not_meet_do_not_agree() -> None:
    assert change_of(part(STORED, FIRST, date(2024, 1, 10)), part(STORED, date(2024, 1, 15), LAST)) is not None


@pytest.mark.parametrize(
    ("column", "figure"), [("open", 0.0), ("close", -1.0), ("high", np.inf), ("volume", -1.0), ("volume", np.nan)]
)
def test_a_bar_that_cannot_be_one_is_named_with_its_day(column: str, figure: float) -> None:
    figures = getattr(STORED, column).copy()
    figures[3] = figure
    said = unfit(replace(STORED, **{column: figures}))
    assert said is not None
    assert "2024-01-04 (1 of 40 bars)" in said


def test_sound_bars_are_fit() -> None:
    assert unfit(STORED) is None
