"""Clients that call the API over and over until they are told to stop, and remember every answer."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from local.stack import Stack

SECONDS_FOR_AN_ANSWER = 20.0

Ask = Callable[[httpx.Client, int], httpx.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One call: whose, when, how long, and the answer; `fault` where there was none."""

    caller: str
    begun: float
    seconds: float
    answer: httpx.Response | None = None
    fault: str = ""

    @property
    def status(self) -> int:
        return self.answer.status_code if self.answer is not None else 0


@contextmanager
def at_work(threads: Sequence[threading.Thread], over: threading.Event) -> Iterator[None]:
    """All threads run while the block does; at its end they are told that it is over, and waited for."""
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@dataclass(slots=True)
class Callers:
    """All clients of a test: each asks its own question, one call after the other."""

    installation: Stack
    asks: dict[str, Ask]
    by_cookie: frozenset[str] = frozenset()
    calls: list[Called] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def calling(self) -> Iterator[None]:
        """All of them call while the block runs; at its end each has its last answer."""
        token = self.installation.token()
        with at_work(
            [threading.Thread(target=self._go_on, args=(name, ask, token)) for name, ask in self.asks.items()],
            self._over,
        ):
            yield

    def _go_on(self, name: str, ask: Ask, token: str) -> None:
        bearer = {"Authorization": f"Bearer {token}"}
        cookies = {"_token": token} if name in self.by_cookie else None
        headers = {} if cookies else bearer
        with httpx.Client(
            base_url=self.installation.url,
            headers=headers,
            cookies=cookies,
            timeout=SECONDS_FOR_AN_ANSWER,
            trust_env=False,
        ) as client:
            for number in itertools.count():
                self.calls.append(_called(name, client, ask, number))
                if self._over.wait(0.02):
                    return

    def since(self, moment: float) -> dict[str, list[Called]]:
        """The calls of each that began at that moment or later."""
        return {name: [one for one in self.calls if one.caller == name and one.begun >= moment] for name in self.asks}


def _called(name: str, client: httpx.Client, ask: Ask, number: int) -> Called:
    begun = time.monotonic()
    try:
        answer = ask(client, number)
    except httpx.HTTPError as error:
        return Called(caller=name, begun=begun, seconds=time.monotonic() - begun, fault=repr(error))
    return Called(caller=name, begun=begun, seconds=time.monotonic() - begun, answer=answer)
