"""The rate at which a source may be asked, and its pauses: one row a source that every process on every host shares."""

from dataclasses import dataclass
from datetime import datetime

from include.model.bars import DataSource
from include.model.errors import ErrorCode
from include.storage.connection import Connection, queries


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Seconds `between` requests, and how many seconds of them may leave at once after a rest."""

    between: float
    burst: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pauses:
    """After so many failures in a row everybody pauses; seconds of the first pause and of the longest."""

    most_failures: int
    first: float
    longest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceState:
    """How a source is: the next request is due in so many seconds; `failing_since` its last good answer.

    While it pauses, `paused_seconds` is above 0, and `paused_code` and `paused_message` say why; `probed`: somebody
    tries whether it is back.
    """

    due_seconds: float
    paused_seconds: float
    probed: bool
    paused_code: ErrorCode | None
    paused_message: str | None
    failures: int
    failing_since: datetime | None
    failing_seconds: float | None
    succeeded_at: datetime | None


def add_source(connection: Connection, source: DataSource) -> None:
    """Make the row of a source, if there is none yet."""
    queries().add_source(connection, data_source=source)


def take_turn(
    connection: Connection, source: DataSource, rate: Rate, holder: str, horizon: float, probe: float
) -> float | None:
    """Count one request and say in how many seconds it may leave; None when that is not within `horizon` seconds.

    After a pause the first `holder` probes for everybody, and has `probe` seconds for it.
    """
    row = queries().take_turn(
        connection,
        data_source=source,
        holder=holder,
        between=rate.between,
        burst=rate.burst,
        horizon=horizon,
        probe=probe,
    )
    return None if row is None else row["seconds"]


def source_state(connection: Connection, source: DataSource) -> SourceState | None:
    """How a source is, None when nobody has asked it yet."""
    row = queries().source_state(connection, data_source=source)
    if row is None:
        return None
    code = row["paused_code"]
    return SourceState(**{**row, "paused_code": None if code is None else ErrorCode(code)})


def note_success(connection: Connection, source: DataSource) -> None:
    """The source has answered: nobody pauses any more."""
    queries().note_source_success(connection, data_source=source)


def note_failure(
    connection: Connection, source: DataSource, ticker: str, code: ErrorCode, message: str, pauses: Pauses
) -> None:
    """The source gave no usable answer for a ticker, which may mean that everybody should pause.

    It says nothing of the source when that ticker failed before and others had answers since, unless it was asked too
    often: then everybody pauses at once.
    """
    at_once = code is ErrorCode.RATE_LIMITED
    with connection.transaction():
        queries().lock_source(connection, data_source=source)
        if not at_once and queries().is_the_tickers_own(connection, data_source=source, ticker=ticker):
            queries().end_probe(connection, data_source=source)
            return
        queries().note_source_failure(
            connection,
            data_source=source,
            code=code,
            message=message,
            at_once=at_once,
            most_failures=pauses.most_failures,
            first_pause=pauses.first,
            longest_pause=pauses.longest,
        )


def waiting_tickers(connection: Connection, source: DataSource) -> int:
    """How many tickers all active jobs still want from a source."""
    count: int = queries().waiting_tickers(connection, data_source=source)
    return count
