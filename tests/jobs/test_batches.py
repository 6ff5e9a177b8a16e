"""Batches cover every ticker once, are equally long, and never too many."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.jobs.batches import cut_batches, describe_batches, plan_tickers
from include.settings import Settings

LIMITS = Settings()


@given(count=st.integers(1, 10_000), size=st.none() | st.integers(1, 10_000))
def test_every_ticker_is_in_exactly_one_batch_and_batches_are_equal(count: int, size: int | None) -> None:
    tickers = [f"T{n:05}" for n in range(count)]
    batches = cut_batches(tickers, size, LIMITS)
    assert [ticker for batch in batches for ticker in batch] == tickers
    lengths = {len(batch) for batch in batches}
    assert max(lengths) - min(lengths) <= 1
    assert len(batches) <= LIMITS.max_batches


@pytest.mark.parametrize(
    ("count", "size", "batches"), [(1, None, 1), (8, None, 8), (9, None, 1), (60, None, 2), (100, 10, 10), (3, 2, 2)]
)
def test_small_jobs_get_a_task_a_ticker_and_large_ones_get_batches(count: int, size: int | None, batches: int) -> None:
    assert len(cut_batches([f"T{n}" for n in range(count)], size, LIMITS)) == batches


def test_a_plan_gives_each_ticker_its_session_and_batch() -> None:
    planned = plan_tickers([["A", "B"], ["C"]], {"A": date(2010, 8, 20), "C": date(2010, 8, 19)})
    assert [(p.ticker, p.session, p.batch) for p in planned] == [
        ("A", date(2010, 8, 20), 0),
        ("B", None, 0),
        ("C", date(2010, 8, 19), 1),
    ]


def test_a_batch_is_labelled_by_its_tickers() -> None:
    assert [b.label for b in describe_batches("run", 1, [["A"], ["B", "C", "D"]])] == ["A", "B … D (3)"]
