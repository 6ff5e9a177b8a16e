"""Our answers where Airflow has none: it has no database, or does not see that an address is ours.

Airflow looks into its database for the login of a cookie before it calls any application, and answers 500 when that is
away. Our applications look for the login themselves, and say 503 with when to ask again.
"""

from collections.abc import Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from include.web.door import TRIGGER_PATH
from include.web.errors import AIRFLOWS_DATABASE
from include.web.turns import InTurn, requests_at_once


class AnswerWithoutAirflow:
    """Answers requests for our applications, each under its prefix, also where Airflow would not.

    It is a middleware among Airflow's, called by the others; for what breaks in them it goes round them all when the
    server starts, and round that goes what lets in so many requests at once.
    """

    def __init__(self, app: ASGIApp, applications: Mapping[str, ASGIApp]) -> None:
        self._app, self._applications = app, applications

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, to our application where Starlette does not."""
        if scope["type"] == "lifespan":
            errors: Any = scope["app"].middleware_stack  # Starlette's outermost, which answers 500 to what it catches
            outside = _Outside(errors.app, self._app, tuple(self._applications))
            errors.app = InTurn(outside, requests_at_once())
        prefix = _prefix(scope, tuple(self._applications))
        # For Starlette neither the prefix alone nor an address with a line break lies under the prefix.
        if prefix and ("\n" in scope["path"] or _path(scope) == prefix):
            scope = {**scope, "root_path": scope.get("root_path", "") + prefix}
            await self._applications[prefix](scope, receive, send)
        else:
            await self._app(scope, receive, send)


class _Outside:
    """Round all of Airflow's middlewares. What they break off before our application was asked, it is asked without."""

    def __init__(self, airflow: ASGIApp, ours: ASGIApp, prefixes: tuple[str, ...]) -> None:
        self._airflow, self._ours, self._prefixes = airflow, ours, prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not (_prefix(scope, self._prefixes) or _is_trigger(scope)):
            await self._airflow(scope, receive, send)
            return
        seen = _Seen(receive, send)
        try:
            await self._airflow(dict(scope), seen.receive, seen.send)
        except AIRFLOWS_DATABASE:
            if seen.anything:
                raise
            await self._ours(scope, receive, send)


def _prefix(scope: Scope, prefixes: tuple[str, ...]) -> str | None:
    """The prefix of ours that a request is under, None when it is not for us."""
    if scope["type"] != "http":
        return None
    path = _path(scope)
    return next((one for one in prefixes if path == one or path.startswith(f"{one}/")), None)


def _is_trigger(scope: Scope) -> bool:
    return scope["type"] == "http" and scope["method"] == "POST" and _path(scope) == TRIGGER_PATH


def _path(scope: Scope) -> str:
    """The path without that of the whole server."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


class _Seen:
    """Whether anybody has read of a request or has begun its answer: then nobody else can."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send, self.anything = receive, send, False

    async def receive(self) -> Message:
        self.anything = True
        return await self._receive()

    async def send(self, message: Message) -> None:
        self.anything = True
        await self._send(message)
