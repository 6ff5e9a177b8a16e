"""How many requests the server works on at once; the others wait in the order in which they came.

Airflow looks for the login of a request on the event loop, with a connection of its pool. A request keeps a connection
until the loop has ended it. With the pool empty the loop waits for a connection that only itself could give back: the
server answers nobody any more, and no task can say what it has done. So no more requests are let in than the pool has
connections for.
"""

import asyncio

from airflow.configuration import conf
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

THREADS = 40  # that Starlette works with: more requests at once would only wait for one
SPARE_CONNECTIONS = 5  # for the loop itself
STREAMS = ("text/event-stream", "text/csv", "application/vnd.apache.parquet")  # ours, without a connection of Airflow's


def requests_at_once() -> int:
    """For how many requests Airflow's pool of connections is enough, as it is configured."""
    kept = conf.getint("database", "sql_alchemy_pool_size", fallback=5)
    more = conf.getint("database", "sql_alchemy_max_overflow", fallback=10)
    is_without_end = kept == 0 or more < 0 or not conf.getboolean("database", "sql_alchemy_pool_enabled")
    return THREADS if is_without_end else max(1, min(THREADS, kept + more - SPARE_CONNECTIONS))


class InTurn:
    """Lets in so many requests at once. Who still sends a body, or is sent a stream of ours, is not counted.

    A length tells nothing of a stream: compressed answers have none either, and keep their connection to the end.
    """

    def __init__(self, app: ASGIApp, at_once: int) -> None:
        self._app, self._room = app, asyncio.Semaphore(at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on when it is its turn."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        turn = _Turn(self._room, receive, send)
        await turn.take()
        try:
            await self._app(scope, turn.receive, turn.send)
        finally:
            turn.give_back()


class _Turn:
    """The turn of one request, given back while the client is what is waited for."""

    def __init__(self, room: asyncio.Semaphore, receive: Receive, send: Send) -> None:
        self._room, self._receive, self._send = room, receive, send
        self._is_held = self._has_body = self._is_stream = False

    async def take(self) -> None:
        await self._room.acquire()
        self._is_held = True

    def give_back(self) -> None:
        if self._is_held:
            self._is_held = False
            self._room.release()

    async def receive(self) -> Message:
        if self._has_body or not self._is_counted():
            return await self._receive()
        self.give_back()
        message = await self._receive()
        self._has_body = not message.get("more_body", False)
        await self.take()
        if not self._is_counted():  # the stream has begun meanwhile
            self.give_back()
        return message

    def _is_counted(self) -> bool:
        return not self._is_stream

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            media_type = Headers(raw=message["headers"]).get("content-type", "")
            if media_type.startswith(STREAMS):
                self._is_stream = True
                self.give_back()
        await self._send(message)
