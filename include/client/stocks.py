"""What is known of stocks, as methods: results, what came of them, and prices. The same for everybody."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Unpack

from pydantic import TypeAdapter

from include.client.answers import Difference, Page, VerdictCounts
from include.client.calls import Calls, segment
from include.client.exporting import export
from include.client.fields import PriceFilters, ResultFilters, SeriesFilters, StockFilters, TrackRecordFilters
from include.model.results import Explanation, Prices, ResultRow, SeriesRow
from include.model.track_record import FollowUpRow, TrackRecord

_RESULT, _RESULTS, _SERIES = TypeAdapter(ResultRow), TypeAdapter(Page[ResultRow]), TypeAdapter(Page[SeriesRow])
_COUNTS, _EXPLANATION, _DIFFERENCE = TypeAdapter(VerdictCounts), TypeAdapter(Explanation), TypeAdapter(Difference)
_RECORDS, _FOLLOW_UPS = TypeAdapter(Page[TrackRecord]), TypeAdapter(Page[FollowUpRow])
_PRICES = TypeAdapter(Prices)


class Stocks:
    """The part of a client that reads what is known of stocks."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def results(self, limit: int | None = None, **filters: Unpack[ResultFilters]) -> Iterator[ResultRow]:
        """The screener: the latest result of each ticker."""
        return self._calls.items("/results", _RESULTS, limit, **filters)

    def verdicts(self, **filters: Unpack[StockFilters]) -> VerdictCounts:
        """How many results the screener has of each verdict."""
        return self._calls.get("/verdicts", _COUNTS, **filters)

    def export(self, file: Path, **filters: Unpack[ResultFilters]) -> int:
        """Write the whole screener, however long, to a file that ends in `.csv` or `.parquet`; returns its bytes.

        The file is there when it is whole, and not before.
        """
        return export(self._calls, file, filters)

    def result(self, ticker: str, **series: Unpack[SeriesFilters]) -> ResultRow:
        """The latest result of a ticker."""
        return self._calls.get(f"/results/{segment(ticker)}", _RESULT, **series)

    def history(self, ticker: str, limit: int | None = None, **series: Unpack[SeriesFilters]) -> Iterator[ResultRow]:
        """All results of a ticker, the newest session first."""
        return self._calls.items(f"/results/{segment(ticker)}/history", _RESULTS, limit, **series)

    def series(self, ticker: str) -> tuple[SeriesRow, ...]:
        """By which strategies and from which sources a ticker has results, with the latest of each."""
        return tuple(self._calls.get(f"/results/{segment(ticker)}/series", _SERIES).items)

    def explanation(
        self, ticker: str, *, session: date | str | None = None, **series: Unpack[SeriesFilters]
    ) -> Explanation:
        """What each indicator said, and what that did to the score."""
        return self._calls.get(f"/results/{segment(ticker)}/explanation", _EXPLANATION, session=session, **series)

    def difference(
        self, ticker: str, *, session: date | str | None = None, **series: Unpack[SeriesFilters]
    ) -> Difference:
        """What changed since the session before, by the same strategy and from the same source."""
        return self._calls.get(f"/results/{segment(ticker)}/difference", _DIFFERENCE, session=session, **series)

    def track_records(self, **filters: Unpack[TrackRecordFilters]) -> tuple[TrackRecord, ...]:
        """What came of verdicts, by strategy and source; computed anew where `since` or `until` is given."""
        return tuple(self._calls.get("/track-record", _RECORDS, **filters).items)

    def follow_ups(
        self, ticker: str, limit: int | None = None, **series: Unpack[SeriesFilters]
    ) -> Iterator[FollowUpRow]:
        """What came of each verdict on a ticker, the newest session first."""
        return self._calls.items(f"/results/{segment(ticker)}/follow-ups", _FOLLOW_UPS, limit, **series)

    def prices(self, ticker: str, **filters: Unpack[PriceFilters]) -> Prices:
        """The bars of a ticker that are at hand, oldest first."""
        return self._calls.get(f"/prices/{segment(ticker)}", _PRICES, **filters)
