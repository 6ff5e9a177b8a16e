"""So many requests are worked on at once, and none that waits for its client is one of them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

pytestmark = pytest.mark.usefixtures("airflow")

AT_ONCE = 2
SCOPE: Scope = {"type": "http"}
EMPTY: Message = {"type": "http.request", "body": b""}
WHOLE: Message = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]}
COMPRESSED: Message = {**WHOLE, "headers": [(b"content-type", b"application/json"), (b"content-encoding", b"gzip")]}
STREAM: Message = {**WHOLE, "headers": [(b"content-type", b"text/event-stream; charset=utf-8")]}


class Working:
    """An application whose requests go on until they are told to end; how many are inside, and how many have been."""

    def __init__(self, begin: Message | None = None) -> None:
        self.begin, self.inside, self.seen, self.may_end = begin, 0, 0, asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        self.inside, self.seen = self.inside + 1, self.seen + 1
        if self.begin:
            await send(self.begin)
        await self.may_end.wait()
        self.inside -= 1


async def body_at_once() -> Message:
    return EMPTY


async def body_never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def nowhere(message: Message) -> None:
    """Nobody looks at the answers."""


async def settle() -> None:
    """Let everybody go on who can."""
    for _ in range(50):
        await asyncio.sleep(0)


def ask(app: Any, count: int, receive: Receive = body_at_once) -> list[asyncio.Task[None]]:
    from include.web.turns import InTurn

    server = app if isinstance(app, InTurn) else InTurn(app, AT_ONCE)
    return [asyncio.create_task(server(SCOPE, receive, nowhere)) for _ in range(count)]


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 30))  # type: ignore[arg-type]


@pytest.mark.parametrize("begin", [WHOLE, COMPRESSED, None])
def test_no_more_are_inside_at_once_and_all_have_their_turn(begin: Message | None) -> None:
    async def scenario() -> None:
        app = Working(begin)
        asked = ask(app, 5)
        await settle()
        assert (app.inside, app.seen) == (AT_ONCE, AT_ONCE)
        app.may_end.set()
        await asyncio.gather(*asked)
        assert (app.inside, app.seen) == (0, 5)

    run(scenario)


def test_a_stream_that_has_begun_keeps_nobody_waiting() -> None:
    async def scenario() -> None:
        app = Working(STREAM)
        asked = ask(app, 5)
        await settle()
        assert app.inside == 5
        app.may_end.set()
        await asyncio.gather(*asked)

    run(scenario)


def test_who_does_not_send_its_body_keeps_nobody_waiting() -> None:
    from include.web.turns import InTurn

    async def scenario() -> None:
        app = Working(WHOLE)
        server = InTurn(app, AT_ONCE)
        slow = ask(server, 5, body_never)
        quick = ask(server, AT_ONCE)
        await settle()
        assert app.inside == AT_ONCE
        app.may_end.set()
        await asyncio.gather(*quick)
        for one in slow:
            one.cancel()

    run(scenario)


def test_a_request_that_breaks_or_is_given_up_gives_its_turn_back() -> None:
    from include.web.turns import InTurn

    async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        raise RuntimeError("broken")

    async def scenario() -> None:
        broken = await asyncio.gather(*ask(server := InTurn(breaks, 1), 3), return_exceptions=True)
        assert [str(error) for error in broken] == ["broken"] * 3
        app = Working(WHOLE)
        server = InTurn(app, 1)
        (first,) = ask(server, 1)
        await settle()
        first.cancel()
        (second,) = ask(server, 1)
        await settle()
        app.may_end.set()
        await second

    run(scenario)


@pytest.mark.parametrize(
    ("kept", "more", "at_once"), [("5", "40", 40), ("5", "10", 10), ("1", "0", 1), ("5", "-1", 40), ("50", "50", 40)]
)
def test_there_is_a_connection_for_every_request(
    monkeypatch: pytest.MonkeyPatch, kept: str, more: str, at_once: int
) -> None:
    from include.web.turns import requests_at_once

    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE", kept)
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_MAX_OVERFLOW", more)
    assert requests_at_once() == at_once
