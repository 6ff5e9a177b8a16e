"""Tables of the whole screener: streamed, so that their size does not matter."""

import csv
import io
from collections.abc import Callable, Generator, Iterator

import anyio
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from include.model.results import ResultRow
from include.model.viewer import Viewer
from include.storage.screening import Screen, screen_all
from include.web.database import lend

COLUMNS = tuple(ResultRow.__dataclass_fields__)
ROWS_A_CHUNK = 500
CSV = "text/csv; charset=utf-8"
PARQUET = "application/vnd.apache.parquet"

Chunks = Generator[bytes, None, None]


def csv_of(viewer: Viewer, wanted: Screen) -> StreamingResponse:
    """The whole screener as CSV."""
    return _export("results.csv", CSV, _chunks(viewer, wanted, _csv))


def parquet_of(viewer: Viewer, wanted: Screen) -> StreamingResponse:
    """The whole screener as a Parquet file, with the types that the columns have."""
    from include.web.parquet import parquet  # pyarrow takes 50 MB, and most servers are never asked for it

    return _export("results.parquet", PARQUET, _chunks(viewer, wanted, parquet))


class _Export(StreamingResponse):
    """Gives the connection back at once when the client is gone, wherever the stream stands then."""

    chunks: Chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(self.chunks.close)


def _export(name: str, media_type: str, chunks: Chunks) -> StreamingResponse:
    """An answer whose query has begun when this returns: what it raises is still an answer."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    export = _Export(_all(next(chunks), chunks), media_type=media_type, headers=headers)
    export.chunks = chunks
    return export


def _all(first: bytes, others: Chunks) -> Iterator[bytes]:
    yield first
    yield from others


def _chunks(viewer: Viewer, wanted: Screen, written: Callable[[Iterator[ResultRow]], Iterator[bytes]]) -> Chunks:
    with lend() as connection, connection.transaction():
        yield from written(screen_all(connection, viewer, wanted))


def _csv(rows: Iterator[ResultRow]) -> Iterator[bytes]:
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for number, row in enumerate(rows, start=1):
        lines.writerow([_cell(getattr(row, column)) for column in COLUMNS])
        if number % ROWS_A_CHUNK == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _cell(value: object) -> object:
    return "; ".join(value) if isinstance(value, tuple) else value
