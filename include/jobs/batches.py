"""Cuts a job into the batches of its mapped tasks."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from math import ceil

from include.model.job import Batch, PlannedTicker
from include.settings import Settings


def cut_batches(tickers: Sequence[str], batch_size: int | None, limits: Settings) -> list[Sequence[str]]:
    """Cut `tickers` into runs of equal length (they differ by one at most), in order.

    A small job gets one ticker a batch; a large one `batch_size` (default: the setting) tickers a batch, or more
    when there would be more than `max_batches`.
    """
    size = batch_size or (1 if len(tickers) <= limits.single_ticker_tasks else limits.batch_size)
    count = min(ceil(len(tickers) / size), limits.max_batches)
    return list(_split(tickers, count))


def _split(tickers: Sequence[str], count: int) -> Iterator[Sequence[str]]:
    for number in range(count):
        yield tickers[number * len(tickers) // count : (number + 1) * len(tickers) // count]


def plan_tickers(batches: Sequence[Sequence[str]], sessions: Mapping[str, date]) -> list[PlannedTicker]:
    """Every ticker with its session and the number of its batch."""
    return [
        PlannedTicker(ticker=ticker, session=sessions.get(ticker), batch=number)
        for number, tickers in enumerate(batches)
        for ticker in tickers
    ]


def describe_batches(job_id: str, attempt: int, batches: Sequence[Sequence[str]]) -> list[Batch]:
    """The batches as the mapped tasks get them."""
    return [
        Batch(job_id=job_id, attempt=attempt, number=number, label=_label(tickers))
        for number, tickers in enumerate(batches)
    ]


def _label(tickers: Sequence[str]) -> str:
    return tickers[0] if len(tickers) == 1 else f"{tickers[0]} … {tickers[-1]} ({len(tickers)})"
