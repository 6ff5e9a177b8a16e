"""Tables for spreadsheets: streamed, so that their size does not matter."""

import csv
import io
from collections.abc import AsyncIterator, Iterator

import anyio
from fastapi.responses import StreamingResponse
from starlette.concurrency import iterate_in_threadpool

from include.model.results import ResultRow
from include.model.viewer import Viewer
from include.storage.screening import Screen, screen_all
from include.web.database import lend

COLUMNS = tuple(ResultRow.__dataclass_fields__)
ROWS_A_CHUNK = 500


def csv_of(viewer: Viewer, wanted: Screen) -> StreamingResponse:
    """The whole screener as CSV. The query has begun when this returns: what it raises is still an answer."""
    chunks = _chunks(viewer, wanted)
    first = next(chunks)
    headers = {"Content-Disposition": 'attachment; filename="results.csv"'}
    return StreamingResponse(_stream(first, chunks), media_type="text/csv; charset=utf-8", headers=headers)


async def _stream(first: str, chunks: Iterator[str]) -> AsyncIterator[str]:
    try:
        yield first
        async for chunk in iterate_in_threadpool(chunks):
            yield chunk
    finally:  # the client may be gone: the connection goes back to the pool at once
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(chunks.close)  # type: ignore[attr-defined]


def _chunks(viewer: Viewer, wanted: Screen) -> Iterator[str]:
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    with lend() as connection, connection.transaction():
        for number, row in enumerate(screen_all(connection, viewer, wanted), start=1):
            lines.writerow([_cell(getattr(row, column)) for column in COLUMNS])
            if number % ROWS_A_CHUNK == 0:
                yield text.getvalue()
                text.seek(0)
                text.truncate()
    yield text.getvalue()


def _cell(value: object) -> object:
    return "; ".join(value) if isinstance(value, tuple) else value
