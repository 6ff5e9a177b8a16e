"""Reads of results and stored prices, which are the same for everybody."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import ServerCursor
from pydantic import TypeAdapter

from include.model.analysis import Reading, Verdict
from include.model.bars import DataSource
from include.model.request import AnalysisSource
from include.model.results import Explanation, PriceBar, Prices, ResultRow, SeriesRow
from include.model.viewer import Viewer
from include.storage.connection import Connection, DatabaseError, queries
from include.storage.viewing import as_seen_by

ROWS_AT_ONCE = 1000

_RESULT = TypeAdapter(ResultRow)
_READINGS = TypeAdapter(tuple[Reading, ...])
_BARS = TypeAdapter(list[PriceBar])
_SERIES = TypeAdapter(list[SeriesRow])


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """Which results: of these series the latest ones (of a session, of a job), and of those the ones that are so."""

    tickers: Sequence[str] | None = None
    prefix: str | None = None
    strategy: str | None = None
    data_source: DataSource | None = None
    session: date | None = None
    job_id: str | None = None
    verdicts: Sequence[Verdict] | None = None
    min_score: float | None = None
    max_score: float | None = None
    analysis_source: AnalysisSource | None = None
    sort: str = "-score"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Results of one ticker, where given by one strategy and from one source."""

    ticker: str
    strategy: str | None = None
    data_source: DataSource | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A result and its place in the order of its list."""

    row: ResultRow
    key: float


def screen(
    connection: Connection, viewer: Viewer, wanted: Screen, after: tuple[float, str] | None, most: int
) -> list[Placed]:
    """One page of the screener: the rows behind the one with this key and ticker."""
    rows = queries().screen(connection, **_page_parameters(viewer, wanted, after, most))
    return [Placed(key=row["key"], row=_result(row)) for row in rows]


def screen_all(connection: Connection, viewer: Viewer, wanted: Screen) -> Generator[ResultRow, None, None]:
    """The whole screener, however long; a part of it in memory at a time. In a transaction.

    To be closed by who does not read it to its end.
    """
    with _server_cursor(connection) as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(queries().screen.sql, _page_parameters(viewer, wanted, None, None))
        for row in cursor:
            yield _result(row)


@contextmanager
def _server_cursor(connection: Connection) -> Iterator[ServerCursor[dict[str, Any]]]:
    cursor = connection.cursor(name="screener")
    try:
        yield cursor
    finally:
        with suppress(DatabaseError):  # the connection is lost, which is noticed here where nothing more was read
            cursor.close()
        cursor.close()


def count_verdicts(connection: Connection, viewer: Viewer, wanted: Screen) -> dict[Verdict, int]:
    """How many rows of the screener have each verdict, whichever of them are wanted."""
    rows = queries().count_verdicts(connection, **_parameters(viewer, wanted))
    found = {row["verdict"]: row["results"] for row in rows}
    return {verdict: found.get(verdict, 0) for verdict in Verdict}


def _page_parameters(
    viewer: Viewer, wanted: Screen, after: tuple[float, str] | None, most: int | None
) -> dict[str, Any]:
    key, ticker = after or (None, None)
    return {
        **_parameters(viewer, wanted),
        "verdicts": None if wanted.verdicts is None else list(wanted.verdicts),
        "sort": wanted.sort,
        "after_key": key,
        "after_ticker": ticker,
        "most": most,
    }


def _parameters(viewer: Viewer, wanted: Screen) -> dict[str, Any]:
    return {
        **as_seen_by(viewer),
        "tickers": None if wanted.tickers is None else list(wanted.tickers),
        "prefix": wanted.prefix,
        "strategy": wanted.strategy,
        "data_source": wanted.data_source,
        "session": wanted.session,
        "job_id": wanted.job_id,
        "min_score": wanted.min_score,
        "max_score": wanted.max_score,
        "analysis_source": wanted.analysis_source,
    }


def _result(row: Mapping[str, Any]) -> ResultRow:
    return _RESULT.validate_python({name: row[name] for name in ResultRow.__dataclass_fields__})


def history(
    connection: Connection, series: Series, before: tuple[date, int] | None, most: int
) -> list[tuple[int, ResultRow]]:
    """Results of a ticker with their ids, the newest session first: those before a session's with this id."""
    before_session, before_id = before or (None, None)
    rows = queries().results_of_ticker(
        connection,
        ticker=series.ticker,
        strategy=series.strategy,
        data_source=series.data_source,
        before_session=before_session,
        before_id=before_id,
        most=most,
    )
    return [(row["id"], _result(row)) for row in rows]


def latest(connection: Connection, series: Series) -> ResultRow | None:
    """The newest result of a ticker, None when there is none."""
    return next((row for _, row in history(connection, series, None, 1)), None)


def explanation(connection: Connection, series: Series, session: date | None) -> Explanation | None:
    """The newest result of a ticker, up to a session where one is given, with what each indicator said."""
    before = None if session is None else (session, 2**63 - 1)
    found = next(iter(history(connection, series, before, 1)), None)
    if found is None or (session is not None and found[1].session_date != session):
        return None
    return _explained(connection, *found)


def explanation_before(connection: Connection, now: ResultRow) -> Explanation | None:
    """The result of the session before, by the same strategy and from the same source; None when it is the first."""
    series = Series(ticker=now.ticker, strategy=now.strategy, data_source=now.data_source)
    found = next(iter(history(connection, series, (now.session_date, 0), 1)), None)
    return None if found is None else _explained(connection, *found)


def _explained(connection: Connection, result_id: int, result: ResultRow) -> Explanation:
    readings = queries().readings_of_result(connection, result_id=result_id)
    return Explanation(result=result, readings=None if readings is None else _READINGS.validate_python(readings))


def series_of(connection: Connection, ticker: str) -> list[SeriesRow]:
    """By which strategies and from which sources a ticker has results, the newest first."""
    return _SERIES.validate_python(list(queries().series_of_ticker(connection, ticker=ticker)))


def stored_prices(
    connection: Connection, ticker: str, source: DataSource, since: date | None, until: date | None
) -> Prices | None:
    """The bars of a ticker that are stored, None when there are none at all."""
    bars = _BARS.validate_python(
        list(queries().stored_bars(connection, ticker=ticker, data_source=source, since=since, until=until))
    )
    if not bars:
        return None
    currency = queries().currency_of_prices(connection, ticker=ticker, data_source=source)
    return Prices(ticker=ticker, data_source=source, currency=currency, bars=bars)
