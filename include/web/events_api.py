"""The route that tells the progress of a job as it happens: server-sent events, until the job ends.

A stream holds neither a thread nor a connection to a database: it borrows both for the moment of each look, and who
watch the same job look together.
"""

import asyncio
import signal
import zlib
from collections.abc import AsyncIterator
from typing import Annotated

import anyio
from airflow.utils.session import create_session
from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Header, HTTPException, status
from fastapi.sse import EventSourceResponse, ServerSentEvent

from include.model.reading import JobSummary
from include.model.viewer import Viewer
from include.settings import settings
from include.web.access import MayRead, ViewerDep
from include.web.database import stocks
from include.web.errors import RETRY_AFTER_SECONDS
from include.web.job_views import look_up

router = APIRouter(dependencies=[MayRead])

PAUSE_SECONDS = 0.5
RETRY_MILLISECONDS = 2000
_threads = CapacityLimiter(4)  # for all streams together: the other routes keep theirs


class _Streams:
    """The streams that are open in this process; all on one event loop."""

    def __init__(self) -> None:
        self.open = 0
        self._looks: dict[tuple[Viewer, str], asyncio.Task[JobSummary]] = {}

    async def look(self, viewer: Viewer, job_id: str) -> JobSummary:
        """Where a job stands now: one look for all who want it until it is done."""
        key = viewer, job_id
        if key not in self._looks:
            going = asyncio.ensure_future(to_thread.run_sync(look, viewer, job_id, limiter=_threads))
            going.add_done_callback(lambda done: self._end(key, done))
            self._looks[key] = going
        return await asyncio.shield(self._looks[key])  # who goes away ends it for nobody else

    def _end(self, key: tuple[Viewer, str], done: asyncio.Task[JobSummary]) -> None:
        del self._looks[key]
        if not done.cancelled():
            done.exception()  # asyncio complains of a failure that nobody was left to hear


_streams = _Streams()


def open_streams() -> int:
    """How many streams are open in this process."""
    return _streams.open


def look(viewer: Viewer, job_id: str) -> JobSummary:
    """Where a job stands now."""
    with create_session() as session, stocks() as database:
        return look_up(session, database, viewer, job_id)


async def first_look(job_id: str, viewer: ViewerDep) -> AsyncIterator[JobSummary]:
    """Where the job stands when its stream begins; what refuses the stream is raised here, as an answer."""
    if _streams.open >= settings().max_event_streams:
        message = "this server has as many streams as it may: ask again later, or for GET /jobs/{job_id}"
        raise HTTPException(status.HTTP_503_SERVICE_UNAVAILABLE, message, {"Retry-After": RETRY_AFTER_SECONDS})
    _streams.open += 1
    try:
        yield await _streams.look(viewer, job_id)
    finally:
        _streams.open -= 1


@router.get("/jobs/{job_id}/events", response_class=EventSourceResponse)
async def stream_events(
    viewer: ViewerDep,
    first: Annotated[JobSummary, Depends(first_look)],
    last_event_id: Annotated[str | None, Header()] = None,
) -> AsyncIterator[ServerSentEvent]:
    """`progress` whenever something has changed, and `ended` as the last one. `Last-Event-ID` says what is known."""
    job, told = first, last_event_id
    while True:
        if told != _mark(job) or not job.status.is_active:
            told = _mark(job)
            name = "progress" if job.status.is_active else "ended"
            yield ServerSentEvent(event=name, id=told, data=job, retry=RETRY_MILLISECONDS)
        if not job.status.is_active or _is_stopping():
            return
        await anyio.sleep(_until_next_look(first.job_id))
        job = await _streams.look(viewer, first.job_id)


def _until_next_look(job_id: str) -> float:
    """The pause of all who watch a job ends at the same moment; that of another job at another one."""
    moment = zlib.crc32(job_id.encode()) / 2**32 * PAUSE_SECONDS
    return PAUSE_SECONDS - (anyio.current_time() - moment) % PAUSE_SECONDS


def _mark(job: JobSummary) -> str:
    """What tells one state of a job from another."""
    return f"{job.attempt}-{job.status}-{job.total}-{job.completed}-{job.failed}-{job.cancelled}"


def _is_stopping() -> bool:
    """Whether the server waits for its connections to end: uvicorn knows, and tells only those who look.

    The handler of its signals is a method of the server. Other servers close the connections themselves.
    """
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))
