"""Reads of the tickers of a job, as far as the job is for the one who looks."""

from dataclasses import dataclass

from pydantic import TypeAdapter

from include.model.advice import what_to_do
from include.model.job import DetailStatus
from include.model.reading import DetailRow, ErrorGroup
from include.model.viewer import Viewer
from include.storage.connection import Connection, queries
from include.storage.viewing import as_seen_by

EXAMPLES = 10  # tickers that are named of each error

_DETAILS = TypeAdapter(list[DetailRow])


@dataclass(frozen=True, slots=True, kw_only=True)
class DetailFilter:
    """Which tickers of a job; None where it does not matter."""

    status: DetailStatus | None = None
    error_code: str | None = None


def details_by_ticker(
    connection: Connection, viewer: Viewer, job_id: str, wanted: DetailFilter, after: str | None, most: int
) -> list[DetailRow]:
    """One page of a job's tickers, by name: those behind the ticker `after`."""
    rows = queries().details_by_ticker(
        connection,
        job_id=job_id,
        **as_seen_by(viewer),
        status=wanted.status,
        error_code=wanted.error_code,
        after=after,
        most=most,
    )
    return _DETAILS.validate_python(list(rows))


def details_by_seconds(
    connection: Connection,
    viewer: Viewer,
    job_id: str,
    wanted: DetailFilter,
    after: tuple[float, str] | None,
    most: int,
) -> list[DetailRow]:
    """One page of a job's tickers that have ended, the slowest first: those behind `after`, its seconds and name."""
    after_seconds, after_ticker = after or (None, None)
    rows = queries().details_by_seconds(
        connection,
        job_id=job_id,
        **as_seen_by(viewer),
        status=wanted.status,
        error_code=wanted.error_code,
        after_seconds=after_seconds,
        after_ticker=after_ticker,
        most=most,
    )
    return _DETAILS.validate_python(list(rows))


def errors_of_job(connection: Connection, viewer: Viewer, job_id: str) -> list[ErrorGroup]:
    """Why tickers of a job have failed, the most frequent reason first."""
    rows = queries().errors_of_job(connection, job_id=job_id, **as_seen_by(viewer), examples=EXAMPLES)
    return [_group(**row) for row in rows]


def _group(code: str, count: int, tickers: list[str], message: str) -> ErrorGroup:
    return ErrorGroup(code=code, count=count, tickers=tuple(tickers), message=message, what_to_do=what_to_do(code))
