"""A hundred jobs active at once through all doors, with kills, for as long as one likes.

Run by `make test-soak MINUTES=60`; two minutes do as well. What it found is in .local/soak.
"""

import itertools
import time
from contextlib import suppress

import psutil

from local.stack import Stack
from tests.crash.faults import (
    kill_a_task,
    kill_api_server,
    kill_postgres,
    kill_scheduler_alone,
    kill_scheduler_with_its_tasks,
)
from tests.crash.histories import History
from tests.end_to_end.airflow import wait_until
from tests.soak.load import Load, after
from tests.soak.report import Course, courses, save, table
from tests.soak.samples import Watcher
from tests.soak.truths import untruths

KILLS = (kill_a_task, kill_api_server, kill_scheduler_alone, kill_postgres, kill_scheduler_with_its_tasks)
SECONDS_TO_END = 1200
LEAST_SAMPLES = 18  # on a machine that is too busy to look at everything every five seconds it takes longer


def test_under_load_and_kills_every_job_ends_true_and_nothing_grows(installation: Stack, seconds: float) -> None:
    history, watcher = History("soak"), Watcher(installation)
    load, kills = Load(installation, lambda: watcher.active), itertools.cycle(KILLS)

    def kill() -> None:
        fault = next(kills)
        with suppress(psutil.Error, IndexError):  # what an earlier kill ended is not up again yet
            fault(installation)
            history.say(fault.__name__, active=watcher.active, asked=len(load.job_ids))

    with watcher.watching():
        with load.going_on():
            after(min(180.0, seconds / 8), kill, time.monotonic() + seconds)
            wait_until(lambda: len(watcher.samples) >= LEAST_SAMPLES, SECONDS_TO_END)
            loaded = list(watcher.samples)
        wait_until(lambda: watcher.active == 0, SECONDS_TO_END)
    assert untruths(installation, load.job_ids) == {}
    found = courses(loaded)
    answers = {f"{name}: {how}": count for (name, how), count in sorted(load.answers.items())}
    facts = {"seconds": seconds, "jobs": len(load.job_ids), "answers": answers}
    print(f"\n{table(found)}\n{save(facts, found, loaded)}")
    assert load.job_ids, "nobody was given a job"
    assert [one for one in found if has_grown(one)] == []


def has_grown(one: Course) -> bool:
    """Whether something that should be flat is not. Kills and what is going on at a moment are in every median."""
    if one.name == "memory, MB":
        return one.grew_more_than(0.15, 150)
    if one.name == "connections of PostgreSQL":
        return one.grew_more_than(0.25, 10)
    return one.name.startswith("disk for each job") and one.grew_more_than(0.5, 100)
