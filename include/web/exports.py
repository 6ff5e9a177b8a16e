"""Tables of the whole screener: streamed, so that their size does not matter.

An export has a connection to the database, and a transaction, until its reader has it all: so there are only so many
at once, and none for a reader who takes nothing any more.
"""

import csv
import io
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from itertools import chain
from threading import BoundedSemaphore

import anyio
from fastapi import HTTPException, status
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive, Scope, Send

from include.model.results import ResultRow
from include.model.viewer import Viewer
from include.settings import settings
from include.storage.screening import Screen, screen_all
from include.web.database import lend
from include.web.errors import RETRY_AFTER_SECONDS

COLUMNS = tuple(ResultRow.__dataclass_fields__)
ROWS_A_CHUNK = 500
PIECE = 256 * 1024  # bytes that are sent at once
READER_SECONDS = 60.0  # in which a piece is to be taken
CSV = "text/csv; charset=utf-8"
PARQUET = "application/vnd.apache.parquet"

Chunks = Generator[bytes, None, None]


class CutOffError(BaseException):
    """An export ends before its end, and its connection is to break: nothing else tells that it is not whole.

    No Exception: Airflow has a middleware of the kind that ends the answer of an application that raises one.
    """


def csv_of(viewer: Viewer, wanted: Screen) -> StreamingResponse:
    """The whole screener as CSV."""
    return _export("results.csv", CSV, _chunks(viewer, wanted, _csv))


def parquet_of(viewer: Viewer, wanted: Screen) -> StreamingResponse:
    """The whole screener as a Parquet file, with the types that the columns have."""
    from include.web.parquet import parquet  # pyarrow takes 50 MB, and most servers are never asked for it

    return _export("results.parquet", PARQUET, _chunks(viewer, wanted, parquet))


class _Export(StreamingResponse):
    """Gives the connection back at once when the client is gone or reads no more, wherever the stream stands then."""

    chunks: Chunks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            with anyio.move_on_after(READER_SECONDS) as waiting:
                await send(message)
            if waiting.cancelled_caught:
                raise CutOffError(f"its reader has taken nothing for {READER_SECONDS:g} s")

        try:
            await super().__call__(scope, receive, send_in_time)
        except ClientDisconnect:
            raise
        except Exception as error:
            with suppress(Exception):  # a message that no server knows: nobody has anything to end then
                await send_in_time({"type": "http.response.cut_off"})
            raise CutOffError("its rows cannot be read any more") from error
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
    for chunk in chain([first], others):
        for start in range(0, len(chunk), PIECE):
            yield chunk[start : start + PIECE]


@lru_cache(maxsize=1)
def _places() -> BoundedSemaphore:
    return BoundedSemaphore(settings().max_exports)


@contextmanager
def _place() -> Iterator[None]:
    """One of the exports that this process may have at once."""
    places = _places()
    if not places.acquire(blocking=False):
        message = "this server writes as many exports as it may: ask again later"
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, message, {"Retry-After": RETRY_AFTER_SECONDS})
    try:
        yield
    finally:
        places.release()


def _chunks(viewer: Viewer, wanted: Screen, written: Callable[[Iterator[ResultRow]], Iterator[bytes]]) -> Chunks:
    with (
        _place(),
        lend() as connection,
        connection.transaction(),
        closing(screen_all(connection, viewer, wanted)) as rows,
    ):
        yield from written(rows)


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
