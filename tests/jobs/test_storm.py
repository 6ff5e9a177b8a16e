"""Many equal, overlapping and different requests at one moment; tests/crash has the same for longer."""

import random
from collections.abc import Callable, Iterator

import pytest

from include.settings import Settings
from include.storage.watchlist import add_to_watchlist
from tests.dice import seeded
from tests.jobs.rounds import CLAIMS, CORE, MEETINGS, Kind, claim
from tests.jobs.storm import Storm, storm

THREADS = 24


@pytest.fixture
def weather(app_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storm]:
    monkeypatch.setattr("include.jobs.room.settings", lambda: Settings(max_active_jobs=10_000))
    with storm(app_url, THREADS) as blowing:
        for user in ("ann", "bob"):
            add_to_watchlist(blowing.connections[0], user, CORE)
        yield blowing


@pytest.mark.parametrize("kind", CLAIMS)
def test_of_each_set_exactly_one_request_wins_and_the_others_are_told_by_whom(weather: Storm, kind: Kind) -> None:
    _, rng = seeded("storm")
    for number in range(2):
        claim(weather, rng, kind, f"R{number}")


@pytest.mark.parametrize("meeting", MEETINGS)
def test_what_many_requests_at_one_moment_do_to_a_job_is_done_once(
    weather: Storm, meeting: Callable[[Storm, random.Random, str], None]
) -> None:
    _, rng = seeded("storm")
    for number in range(2):
        meeting(weather, rng, f"R{number}")
