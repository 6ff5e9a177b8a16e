"""Reads and writes of the price cache: bars, what is known beside them, and who fetches what now."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import psycopg

from include.model.bars import DataSource
from include.model.errors import ErrorCode, Refusal
from include.model.prices import CachedSeries, Change, PriceHistory, SeriesState
from include.storage import arrays
from include.storage.connection import Connection, queries

LEASE_SECONDS = 60.0
"""How long a ticker stays with a fetcher that has died; a living one renews it."""

COLUMNS = ("open", "high", "low", "close", "volume", "adjustment")


class UnstorableError(Exception):
    """PostgreSQL refuses a bar: a price of zero, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Which bars of a ticker: from `since` on, up to `until` (None: the newest)."""

    since: date
    until: date | None = None


def read_series(connection: Connection, source: DataSource, spans: Mapping[str, Span]) -> dict[str, CachedSeries]:
    """Every ticker of `spans` with what is known of it and its bars; one statement, however many tickers."""
    parameters = {
        "data_source": source,
        "tickers": list(spans),
        "sinces": [span.since for span in spans.values()],
        "untils": [span.until for span in spans.values()],
    }
    with connection.cursor(binary=True) as cursor:  # binary: the columns come as they are, not as text
        rows = cursor.execute(queries().read_series.sql, parameters).fetchall()
    return {row["ticker"]: _series(source, row) for row in rows}


def _series(source: DataSource, row: Mapping[str, Any]) -> CachedSeries:
    return CachedSeries(ticker=row["ticker"], state=_state(row), history=_history(source, row))


def _state(row: Mapping[str, Any]) -> SeriesState:
    return SeriesState(
        known_from=row["known_from"],
        last_session=row["last_session"],
        timezone=row["timezone"],
        asked_seconds_ago=row["asked_seconds_ago"],
        asked_for=row["asked_for"],
        refusal=(ErrorCode(row["said_code"]), row["said_message"]) if row["said_code"] else None,
        misses=row["misses"] or 0,
        missed_session=row["missed_session"],
        dead_since=row["dead_since"],
        failure=row["failed_message"],
        replaced=Change(at=row["replaced_at"], reason=row["replaced_reason"]) if row["replaced_at"] else None,
    )


def _history(source: DataSource, row: Mapping[str, Any]) -> PriceHistory | None:
    if row["sessions"] is None:
        return None
    return PriceHistory(
        ticker=row["ticker"],
        source=source,
        currency=row["currency"],
        timezone=row["timezone"],
        sessions=arrays.read_days(row["sessions"]),
        open=arrays.read_floats(row["open"]),
        high=arrays.read_floats(row["high"]),
        low=arrays.read_floats(row["low"]),
        close=arrays.read_floats(row["close"]),
        volume=arrays.read_floats(row["volume"]),
        adjustment=arrays.read_floats(row["adjustment"]),
    )


def lease(
    connection: Connection, source: DataSource, tickers: Iterable[str], holder: str, most_holders: int | None
) -> set[str] | None:
    """Take the tickers that nobody else is fetching; None when `most_holders` others are at work already."""
    with connection.transaction():
        queries().lock_source(connection, data_source=source)
        if most_holders is not None:
            others = queries().other_holders(connection, data_source=source, holder=holder)
            if others >= most_holders:
                return None
        rows = queries().lease_series(
            connection, data_source=source, tickers=list(tickers), holder=holder, seconds=LEASE_SECONDS
        )
        return {row["ticker"] for row in rows}


def renew_leases(connection: Connection, source: DataSource, holder: str) -> None:
    """Say that the holder is alive."""
    queries().renew_leases(connection, data_source=source, holder=holder, seconds=LEASE_SECONDS)


def end_leases(connection: Connection, source: DataSource, holder: str) -> None:
    """Leave to others what the holder has not fetched."""
    queries().end_leases(connection, data_source=source, holder=holder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is to be stored of a source's answer for one ticker, wanted for the session `asked_for`.

    `bars` are new or changed ones, or all that there are when `whole`; None when the source had none, and `refusal`
    says why. `known_from` and `replaced` as in SeriesState; `missed`: the session wanted was not among the bars.
    """

    ticker: str
    asked_for: date | None
    missed: bool
    bars: PriceHistory | None = None
    whole: bool = False
    known_from: date | None = None
    replaced: str | None = None
    refusal: Refusal | None = None


class LeaseLostError(Exception):
    """Somebody else fetches the ticker by now: this fetcher was silent for too long."""


def store_answer(connection: Connection, source: DataSource, answer: Answer, holder: str, dead_after: int) -> None:
    """Store bars and state of one ticker, all or nothing, and end the holder's lease on it.

    Raises LeaseLostError without a lease, and UnstorableError when a bar cannot be one; nothing is stored then.
    """
    try:
        with connection.transaction():
            if answer.bars is not None:
                _store_bars(connection, source, answer.bars, whole=answer.whole)
            if not _note_answer(connection, source, answer, holder, dead_after):
                raise LeaseLostError(answer.ticker)
    except (psycopg.IntegrityError, psycopg.DataError) as error:
        raise UnstorableError(str(error).splitlines()[0]) from error


def _note_answer(connection: Connection, source: DataSource, answer: Answer, holder: str, dead_after: int) -> int:
    bars, refusal = answer.bars, answer.refusal
    noted: int = queries().note_answer(
        connection,
        data_source=source,
        ticker=answer.ticker,
        holder=holder,
        asked_for=answer.asked_for,
        currency=bars.currency if bars else None,
        timezone=bars.timezone if bars else None,
        known_from=answer.known_from,
        said_code=refusal.code if refusal else None,
        said_message=refusal.message if refusal else None,
        missed=answer.missed,
        dead_after=dead_after,
        replaced_reason=answer.replaced,
    )
    return noted


def _store_bars(connection: Connection, source: DataSource, bars: PriceHistory, *, whole: bool) -> None:
    arrays.take_arrays(connection)
    columns = {name: arrays.floats(getattr(bars, name)) for name in COLUMNS}
    queries().store_bars(
        connection,
        data_source=source,
        ticker=bars.ticker,
        sessions=arrays.days(bars.sessions),
        whole=whole,
        **columns,
    )


def store_failure(connection: Connection, source: DataSource, refusal: Refusal, holder: str) -> None:
    """Note that the source gave no usable answer for a ticker, and end the holder's lease on it."""
    queries().note_failure(
        connection, data_source=source, ticker=refusal.ticker, holder=holder, message=refusal.message
    )


def cached_tickers(connection: Connection, source: DataSource) -> list[str]:
    """Every ticker of a source that was ever asked for, sorted."""
    return [row["ticker"] for row in queries().cached_tickers(connection, data_source=source)]


def forget(connection: Connection, source: DataSource, tickers: Iterable[str]) -> None:
    """Let these tickers be fetched as a whole when somebody wants them; their bars stay until then."""
    queries().forget_series(connection, data_source=source, tickers=list(tickers))
