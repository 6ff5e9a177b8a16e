"""Small jobs beside a huge one: who waits for whom, by the order in which tasks were taken, and began."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from include.storage.connection import connect
from local.stack import Stack
from tests.end_to_end.airflow import Airflow

BATCHES = 64  # the most that a job is cut into
SMALL_JOBS = 8
TURNS = """
SELECT run_id, task_id, map_index, scheduled_dttm AS waited_from, queued_dttm AS taken, start_date AS begun
FROM task_instance WHERE run_id = ANY(%s) AND queued_dttm IS NOT NULL
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A task instance: since when it waited, when the executor was given it, and when it began."""

    run_id: str
    task_id: str
    map_index: int
    waited_from: datetime
    taken: datetime
    begun: datetime

    def waited_while(self, other: "Turn") -> bool:
        """Whether the executor was given the other while this one waited."""
        return self.waited_from < other.taken < self.taken

    def begun_meanwhile(self, others: list["Turn"]) -> int:
        """How many of the others began while this one waited to."""
        return sum(self.waited_from < other.begun < self.begun for other in others)


@pytest.fixture(scope="module")
def airflow(installation: Stack) -> Iterator[Airflow]:
    with Airflow(installation) as airflow:
        yield airflow


def turns(installation: Stack, run_ids: list[str]) -> list[Turn]:
    with connect(installation.cluster.url(installation.source.databases.airflow)) as connection:
        return [Turn(**row) for row in connection.execute(TURNS, [run_ids])]


def test_small_jobs_do_not_wait_for_a_huge_one_that_came_before_them(airflow: Airflow, installation: Stack) -> None:
    with airflow.paused():
        huge = airflow.request(tickers=[f"HUGE{n}" for n in range(2 * BATCHES)], data_source="demo", batch_size=2)
        small = [airflow.request(tickers=[f"SMALL{n}A", f"SMALL{n}B"], data_source="demo") for n in range(SMALL_JOBS)]
    for run_id in (*small, huge):
        assert airflow.wait(run_id)["state"] == "success"
    later = [turn for turn in turns(installation, [huge]) if turn.map_index > 1]
    assert len(later) == BATCHES - 2
    of_small = turns(installation, small)
    assert len(of_small) == SMALL_JOBS * 4
    assert [(turn, other) for turn in of_small for other in later if turn.waited_while(other)] == []
    slots = int(installation.env["AIRFLOW__CORE__PARALLELISM"])
    assert max(turn.begun_meanwhile(later) for turn in of_small) <= 2 * slots, "the executor's own queue is long"
    last_end = max(turn.taken for turn in of_small)
    assert any(turn.taken > last_end for turn in later), "the huge job was over too early to say anything"
