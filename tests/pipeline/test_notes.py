"""What stands in a run's note can never be more than Airflow can store."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.pipeline.notes import MOST_CHARACTERS, fit


@given(st.text(max_size=3000))
def test_every_text_fits(text: str) -> None:
    fitting = fit(text)
    assert len(fitting) <= MOST_CHARACTERS
    fitting.encode()
    assert "\0" not in fitting


def test_a_text_that_is_cut_says_where_the_rest_is() -> None:
    assert fit("x" * 1001).endswith("... (the log of open_job has the rest)")


@pytest.mark.parametrize("text", ["completed: 2 of 2 tickers", "x" * 1000, "Übermäßig, 2 €\nzwei Zeilen"])
def test_a_text_that_fits_stays(text: str) -> None:
    assert fit(text) == text
