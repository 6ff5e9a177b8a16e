"""Every request is watched: one line in the log, Airflow's metrics, safe headers, and an answer whatever happens."""

import time
from collections.abc import Callable
from typing import Any

import structlog
from airflow.observability import stats
from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from include.web.errors import fault

log = structlog.get_logger(logger_name="bellwether.api")

NOTED = "bellwether"
# Airflow shows pages in a frame of its own: this site may, no other.
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'self'",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",  # answers are somebody's own; a route that knows better says so
}


def note(request: Request, **noted: str) -> None:
    """Keep something of a request for its line in the log: `user`, `job_id`, `disposition`."""
    request.scope["state"].setdefault(NOTED, {}).update(noted)


class Watch:
    """Goes round everything else of an application; `answer` is how that tells of a fault of ours."""

    def __init__(self, app: ASGIApp, answer: Callable[[BaseException], ASGIApp] = fault) -> None:
        self._app, self._answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and tell what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})
        seen = _Seen(send)
        try:
            await self._app(scope, receive, seen.send)
        except Exception as error:
            if seen.status:  # the answer has begun: only a broken connection tells that it is not whole
                raise
            await self._answer(error)(scope, receive, seen.send)
        finally:
            _tell(scope, seen)


class _Seen:
    """What is seen of an answer. Its time counts until it begins: a stream goes on as long as its job does."""

    def __init__(self, send: Send) -> None:
        self._send, self._start = send, time.monotonic()
        self.status, self.milliseconds = 0, 0.0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.milliseconds = (time.monotonic() - self._start) * 1000
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)


def _tell(scope: Scope, seen: _Seen) -> None:
    noted: dict[str, Any] = scope["state"].get(NOTED, {})
    route = getattr(scope.get("route"), "path", "none")  # as it is written, so that ids do not become metrics
    of = {"route": route, "method": scope["method"]}
    told = {"user": None, "job_id": scope.get("path_params", {}).get("job_id"), **noted}
    log.info("request", **of, status=seen.status, ms=round(seen.milliseconds, 1), **told)
    stats.incr(f"bellwether.api.requests.{seen.status}", tags=of)
    if seen.status:
        stats.timing("bellwether.api.milliseconds", seen.milliseconds, tags=of)
    if disposition := noted.get("disposition"):
        stats.incr(f"bellwether.api.dispositions.{disposition}")
