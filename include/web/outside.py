"""Our answers where Airflow's own middlewares, which go round every application, have no database.

Airflow looks into its database for the login of a cookie before it calls any application, and answers 500 when that is
away. Our applications look for the login themselves, and say 503 with when to ask again.
"""

from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from include.web.door import TRIGGER_PATH
from include.web.errors import AIRFLOWS_DATABASE


class AnswerWithoutAirflow:
    """Answers requests for our applications, those under `prefixes`, also where Airflow's middlewares cannot.

    It is one of them, called by the others; for what breaks in them it goes round them all when the server starts.
    """

    def __init__(self, app: ASGIApp, prefixes: tuple[str, ...]) -> None:
        self._app, self._prefixes = app, prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on."""
        if scope["type"] == "lifespan":
            errors: Any = scope["app"].middleware_stack  # Starlette's outermost, which answers 500 to what it catches
            errors.app = _Outside(errors.app, self._app, self._prefixes)
        await self._app(scope, receive, send)


class _Outside:
    """Round all of Airflow's middlewares. What they break off before our application was asked, it is asked without."""

    def __init__(self, airflow: ASGIApp, ours: ASGIApp, prefixes: tuple[str, ...]) -> None:
        self._airflow, self._ours, self._prefixes = airflow, ours, prefixes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_for_us(scope):
            await self._airflow(scope, receive, send)
            return
        seen = _Seen(receive, send)
        try:
            await self._airflow(dict(scope), seen.receive, seen.send)
        except AIRFLOWS_DATABASE:
            if seen.anything:
                raise
            await self._ours(scope, receive, send)

    def _is_for_us(self, scope: Scope) -> bool:
        if scope["type"] != "http":
            return False
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        is_trigger = path == TRIGGER_PATH and scope["method"] == "POST"
        return is_trigger or any(path == one or path.startswith(f"{one}/") for one in self._prefixes)


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
