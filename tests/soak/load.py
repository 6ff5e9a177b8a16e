"""The load: threads that ask and threads that read, as long as it goes on, and what became of every call."""

import random
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx

from local.stack import Stack
from tests.crash.calls import at_work
from tests.soak.doors import (
    Asker,
    CommandFailedError,
    NotToldError,
    ask_airflow,
    ask_for_a_watchlist,
    ask_our_api,
    at_the_command_line,
    follow,
    reads,
)

ACTIVE_JOBS = 100
SECONDS_FOR_AN_ANSWER = 60.0
ASKS_EVERY, READS_EVERY = 0.1, 0.5
ANSWERED = "answered"


Answers = Counter[tuple[str, str]]
"""How often a call of somebody ended in a way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and how often; for jobs only while there is room for more of them."""

    name: str
    ask: Asker
    every: float
    asks_for_jobs: bool = False


@dataclass(slots=True)
class Load:
    """Everybody who asks, and what they got: the ids of jobs, and by name of who asked how calls ended."""

    installation: Stack
    active: Callable[[], int]
    job_ids: list[str] = field(default_factory=list)
    answers: Answers = field(default_factory=Counter)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """All ask while the block runs; at its end each has the answer that it waits for."""
        token = self.installation.token()
        with at_work(
            [threading.Thread(target=self._go_on, args=(caller, token)) for caller in self._everybody()], self._over
        ):
            yield

    def _everybody(self) -> Iterator[Caller]:
        askers = {
            "our API": (ask_our_api, 4),
            "Airflow's API": (ask_airflow, 2),
            "a watchlist": (ask_for_a_watchlist, 1),
            "the command line": (at_the_command_line(self.installation), 1),
        }
        for name, (asker, count) in askers.items():
            yield from count * [Caller(name=name, ask=asker, every=ASKS_EVERY, asks_for_jobs=True)]
        for name, reader in reads().items():
            yield Caller(name=name, ask=reader, every=READS_EVERY)
        yield from 3 * [Caller(name="a stream", ask=follow(self._any_active), every=READS_EVERY)]

    def unanswered(self, since: Answers) -> list[str]:
        """Who got no answer after the answers were these."""
        return unanswered({caller.name for caller in self._everybody()}, since, self.answers)

    def _any_active(self) -> str | None:
        """A job that has most likely not ended, whether it begins or is about to end."""
        recent = self.job_ids[-ACTIVE_JOBS:]
        return random.choice(recent) if recent else None  # noqa: S311

    def _go_on(self, caller: Caller, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(
            base_url=self.installation.url, headers=headers, timeout=SECONDS_FOR_AN_ANSWER, trust_env=False
        ) as client:
            number = 0
            while not self._over.wait(caller.every):
                if caller.asks_for_jobs and self.active() >= ACTIVE_JOBS:
                    continue
                self.answers[caller.name, self._ask(caller.ask, client, number)] += 1
                number += 1

    def _ask(self, asker: Asker, client: httpx.Client, number: int) -> str:
        """How one call ended, in a word."""
        try:
            job_id = asker(client, number)
        except httpx.HTTPStatusError as error:
            return str(error.response.status_code)
        except (httpx.TransportError, CommandFailedError, NotToldError, subprocess.TimeoutExpired) as error:
            return type(error).__name__
        if job_id is not None:
            self.job_ids.append(job_id)
        return ANSWERED


def unanswered(names: Iterable[str], before: Answers, now: Answers) -> list[str]:
    """Those of whom no call was answered in between."""
    return sorted(name for name in names if now[name, ANSWERED] <= before[name, ANSWERED])
