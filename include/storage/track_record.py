"""Reads and writes of what came of verdicts: each one's follow-up, and the record of all of a strategy and source."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.model.track_record import HORIZONS, FollowUp, FollowUpRow, FollowUps, PastVerdict, Touch, TrackRecord
from include.storage import arrays
from include.storage.connection import Connection, queries
from include.storage.screening import Series

_RECORD = TypeAdapter(TrackRecord)
_VERDICT = TypeAdapter(PastVerdict)
_ROW = TypeAdapter(FollowUpRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class TickerToFollow:
    """A ticker with `verdicts` that can be followed further; the oldest of them is of session `since`.

    `listed_as` is its name now, if it was renamed.
    """

    data_source: DataSource
    ticker: str
    listed_as: str
    since: date
    verdicts: int
    is_dead: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedSeries:
    """How many follow-ups a strategy has on a source's prices; `is_kept`: the record that is kept is of just these."""

    strategy: str
    data_source: DataSource
    follow_ups: int
    evaluated_at: datetime
    is_kept: bool


_TICKERS, _SERIES = TypeAdapter(list[TickerToFollow]), TypeAdapter(list[FollowedSeries])


def tickers_to_follow(
    connection: Connection, demo_session: date, after: tuple[str, str], most: int
) -> list[TickerToFollow]:
    """Tickers of whose verdicts more can be known than is: those behind this source and ticker, in order."""
    source, ticker = after
    rows = queries().tickers_to_follow(
        connection, demo_session=demo_session, after_source=source, after_ticker=ticker, most=most
    )
    return _TICKERS.validate_python(list(rows))


def verdicts_to_follow(connection: Connection, source: DataSource, tickers: Sequence[str]) -> list[PastVerdict]:
    """All verdicts of these tickers of which more may be known."""
    rows = queries().verdicts_to_follow(connection, data_source=source, tickers=list(tickers))
    return [_VERDICT.validate_python(row) for row in rows]


def store_follow_ups(connection: Connection, followed: Iterable[FollowUp]) -> int:
    """Store what is new of them; returns how many rows that changed. Storing them again changes none."""
    stored: int = queries().store_follow_ups(connection, followed=Jsonb([_row(one) for one in followed]))
    return stored


def _row(one: FollowUp) -> dict[str, Any]:
    return {
        "result_id": one.result_id,
        "written_at": one.written_at.isoformat(),
        "state": one.state,
        "through": one.through.isoformat(),
        **{f"return_{n}": found for n, found in zip(HORIZONS, one.returns, strict=True)},
        **{f"session_{n}": day and day.isoformat() for n, day in zip(HORIZONS, one.sessions, strict=True)},
        "first_touch": one.first_touch,
        "touched_after": one.touched_after,
    }


def read_follow_ups(
    connection: Connection, strategy: str, source: DataSource, since: date | None = None, until: date | None = None
) -> FollowUps:
    """The follow-ups of a strategy and a source, of the sessions from `since` to `until`."""
    parameters = {
        "strategy": strategy,
        "data_source": source,
        "since": since,
        "until": until,
        "verdicts": list(Verdict),
        "touches": list(Touch),
    }
    with connection.cursor(binary=True) as cursor:  # binary: the columns come as they are, not as text
        rows = cursor.execute(queries().read_follow_ups.sql, parameters).fetchall()
    return _columns(rows)


def _columns(rows: Sequence[Mapping[str, Any]]) -> FollowUps:
    def joined(name: str) -> bytes:
        return b"".join(row[name] for row in rows)

    def places(name: str) -> NDArray[np.int64]:
        return np.frombuffer(joined(name), ">i2").astype(np.int64) - 1  # PostgreSQL counts from 1

    returns = [arrays.read_floats(joined(f"return_{n}")) for n in HORIZONS]
    sessions = [arrays.read_days(joined(f"session_{n}")) for n in HORIZONS]
    return FollowUps(
        tickers=np.repeat(np.arange(len(rows)), [row["verdicts"] for row in rows]),
        days=arrays.read_days(joined("days")),
        verdicts=places("verdict"),
        scores=arrays.read_floats(joined("score")),
        returns=np.column_stack(returns),
        sessions=np.where(np.isnan(np.column_stack(returns)), np.datetime64("NaT"), np.column_stack(sessions)),
        touches=places("touch"),
        is_open=np.frombuffer(joined("is_open"), np.bool_),
    )


def followed_series(connection: Connection) -> list[FollowedSeries]:
    """Every strategy and source of which a verdict has been followed."""
    return _SERIES.validate_python(list(queries().followed_series(connection)))


def keep_record(connection: Connection, record: TrackRecord, of: FollowedSeries) -> None:
    """Keep the record of these follow-ups in place of an older one.

    A migration that goes with another shape of TrackRecord has to empty the table: the next run fills it.
    """
    said = {name: value for name, value in asdict(of).items() if name != "is_kept"}
    queries().keep_record(connection, **said, record=Jsonb(_RECORD.dump_python(record, mode="json")))


def forget_records(connection: Connection) -> int:
    """Remove the records of which all results are gone; returns how many."""
    gone: int = queries().forget_records(connection)
    return gone


def kept_records(connection: Connection, strategy: str | None, source: DataSource | None) -> list[TrackRecord]:
    """The records that are kept, of one strategy or source where one is named."""
    rows = queries().kept_records(connection, strategy=strategy, data_source=source)
    return [_RECORD.validate_python(row["record"]) for row in rows]


def kept_series(
    connection: Connection, strategy: str | None, source: DataSource | None
) -> list[tuple[str, DataSource]]:
    """Of which strategies and sources there is a record."""
    rows = queries().kept_series(connection, strategy=strategy, data_source=source)
    return [(row["strategy"], DataSource(row["data_source"])) for row in rows]


def follow_ups_of(
    connection: Connection, series: Series, before: tuple[date, int] | None, most: int
) -> list[tuple[int, FollowUpRow]]:
    """What came of a ticker's verdicts, with the ids of their results, the newest session first."""
    before_session, before_id = before or (None, None)
    rows = queries().follow_ups_of_ticker(
        connection,
        ticker=series.ticker,
        strategy=series.strategy,
        data_source=series.data_source,
        before_session=before_session,
        before_id=before_id,
        most=most,
    )
    return [(row["result_id"], _ROW.validate_python(row)) for row in rows]
