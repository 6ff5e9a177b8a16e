"""Following a job until it ends: by its events, and by looking where these are cut off or do not come through."""

import logging
import time
from collections.abc import Callable
from itertools import takewhile

import httpx
from pydantic import TypeAdapter

from include.client.calls import Calls, segment
from include.client.errors import ApiError, JobIsActiveError, UnexpectedAnswerError
from include.client.events import events_of
from include.client.reading import parsed
from include.model.reading import JobSummary

log = logging.getLogger(__name__)

OnProgress = Callable[[JobSummary], None]

SILENCE_SECONDS = 20.0  # a stream says something every 15, if only a comment
MUTE_STREAMS = 3  # so many in a row that said nothing, and no more are opened
LEAST_SECONDS = 1.0  # for a last look

_JOB = TypeAdapter(JobSummary)
_sleep = time.sleep  # tests do not wait


class Watch:
    """Follows one job for `seconds` at most, and tells where it stands whenever that has changed."""

    def __init__(self, calls: Calls, job_id: str, on_progress: OnProgress | None, seconds: float) -> None:
        self._calls, self._path = calls, f"/jobs/{segment(job_id)}"
        self._tell, self._seconds = on_progress, seconds
        self._end = time.monotonic() + seconds
        self._last_id: str | None = None
        self._told: JobSummary | None = None
        self._mute = 0

    def until_end(self, pause: float) -> JobSummary:
        """The job as it ended; raises JobIsActiveError. `pause` seconds lie between two looks."""
        while True:
            # The last seconds are looked at: reading a stream cannot be bounded closer than by its silence.
            job = self._listen() if self._mute < MUTE_STREAMS and self._left() > SILENCE_SECONDS else None
            if job is None or job.status.is_active:
                job = self._look()
            if not job.status.is_active:
                return job
            if self._left() <= 0:
                raise JobIsActiveError(job, self._seconds)
            _sleep(max(0.0, min(pause, self._left())))

    def _left(self) -> float:
        return self._end - time.monotonic()

    def _listen(self) -> JobSummary | None:
        """The job as the events of one stream left it, None when it told none."""
        job, known = None, {"Last-Event-ID": self._last_id} if self._last_id else {}
        try:
            with self._calls.lines(f"{self._path}/events", known, SILENCE_SECONDS) as lines:
                in_time = takewhile(lambda _: self._left() > SILENCE_SECONDS, lines)
                for event in events_of(in_time):
                    job = self._saw(parsed(event.data, _JOB, "the stream"))
                    self._last_id = event.id or self._last_id
        except (httpx.TransportError, ApiError, UnexpectedAnswerError) as error:
            log.debug("the stream ended (%s); looking instead", error)  # if something is wrong, looking says what
        self._mute = self._mute + 1 if job is None else 0
        return job

    def _look(self) -> JobSummary:
        return self._saw(self._calls.get(self._path, _JOB, within=max(self._left(), LEAST_SECONDS)))

    def _saw(self, job: JobSummary) -> JobSummary:
        if self._tell and (self._told is None or _mark(self._told) != _mark(job)):
            self._tell(job)
        self._told = job
        return job


def _mark(job: JobSummary) -> tuple[object, ...]:
    """What tells one state of a job from another."""
    return job.attempt, job.status, job.total, job.completed, job.failed, job.cancelled
