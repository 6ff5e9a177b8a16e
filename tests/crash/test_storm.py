"""Storms for long: 50 threads that keep their connections, 200 rounds of claims, and what else meets at a job.

The history has a line for each round: who won, and how long it took. BELLWETHER_SEED does a storm again.
"""

from collections.abc import Iterator

import pytest

from include.settings import Settings
from include.storage.watchlist import add_to_watchlist
from tests.crash.histories import History
from tests.dice import seeded
from tests.jobs.rounds import CLAIMS, CORE, MEETINGS, claim
from tests.jobs.storm import Storm, storm

THREADS = 50
ROUNDS = 200
MEETING_ROUNDS = 20


@pytest.fixture
def history(request: pytest.FixtureRequest) -> History:
    return History(request.node.name)


@pytest.fixture
def weather(app_url: str, history: History, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storm]:
    monkeypatch.setattr("include.jobs.room.settings", lambda: Settings(max_active_jobs=10_000))
    with storm(app_url, THREADS, history.say) as blowing:
        for user in ("ann", "bob"):
            add_to_watchlist(blowing.connections[0], user, CORE)
        yield blowing


def test_fifty_threads_claim_for_two_hundred_rounds_and_each_set_has_one_winner(
    weather: Storm, history: History
) -> None:
    seed, rng = seeded("storm of claims")
    history.say("begins", seed=seed, threads=THREADS, rounds=ROUNDS)
    for number in range(ROUNDS):
        claim(weather, rng, rng.choice(CLAIMS), f"R{number}")
    history.say("ended")


def test_fifty_threads_end_supersede_and_repeat_jobs_and_each_is_done_once(weather: Storm, history: History) -> None:
    seed, rng = seeded("storm of meetings")
    history.say("begins", seed=seed, threads=THREADS, rounds=MEETING_ROUNDS)
    for number in range(MEETING_ROUNDS):
        for meeting in MEETINGS:
            meeting(weather, rng, f"{meeting.__name__}{number}")
    history.say("ended")
