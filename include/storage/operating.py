"""Reads for who operates the server: what was done, what waits, how the sources are. Of jobs, those the viewer sees."""

from pydantic import TypeAdapter

from include.model.bars import DataSource
from include.model.operating import DayOfWork, SourceStanding, Waiting
from include.model.viewer import Viewer
from include.storage.connection import Connection, queries
from include.storage.limits import Rate
from include.storage.viewing import as_seen_by

_DAYS, _WAITING = TypeAdapter(tuple[DayOfWork, ...]), TypeAdapter(tuple[Waiting, ...])
_STANDING = TypeAdapter(SourceStanding)


def days_of_work(connection: Connection, viewer: Viewer, days: int) -> tuple[DayOfWork, ...]:
    """What ended on each of the last days, today's the last one; also days on which nothing did."""
    return _DAYS.validate_python(list(queries().days_of_work(connection, days=days, **as_seen_by(viewer))))


def waiting_jobs(connection: Connection, viewer: Viewer) -> tuple[Waiting, ...]:
    """The active jobs by the source of their prices."""
    return _WAITING.validate_python(list(queries().waiting_jobs(connection, **as_seen_by(viewer))))


def source_standing(
    connection: Connection, viewer: Viewer, source: DataSource, per_minute: int, rate: Rate, away_seconds: float
) -> SourceStanding | None:
    """How a source stands that may be asked at this rate, None when nobody has asked it yet."""
    row = queries().source_standing(
        connection,
        data_source=source,
        sees_all=viewer.sees_all,
        between=rate.between,
        burst=rate.burst,
        away_seconds=away_seconds,
    )
    return None if row is None else _STANDING.validate_python({**row, "requests_per_minute": per_minute})
