"""A hundred jobs active at once through all doors, with kills, for as long as one likes.

Run by `make test-soak MINUTES=60`; two minutes do as well. What it found is in .local/soak.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

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
from tests.soak.kills import Kills
from tests.soak.limits import beyond
from tests.soak.load import ACTIVE_JOBS, Load
from tests.soak.report import courses, save, table
from tests.soak.samples import Watcher
from tests.soak.truths import untruths

KILLS = (kill_a_task, kill_api_server, kill_scheduler_alone, kill_postgres, kill_scheduler_with_its_tasks)
SECONDS_TO_END = 1200
LEAST_SAMPLES = 18  # on a machine that is too busy to look at everything every five seconds it takes longer


def test_under_load_and_kills_every_job_ends_true_and_nothing_grows(installation: Stack, seconds: float) -> None:
    history, watcher = History("soak"), Watcher(installation)
    load = Load(installation, lambda: watcher.active)

    def kill(fault: Callable[[Stack], None]) -> None:
        fault(installation)
        history.say(fault.__name__, active=watcher.active, asked=len(load.job_ids))

    kills = Kills({fault.__name__: partial(kill, fault) for fault in KILLS})
    with watcher.watching():
        with load.going_on():
            wait_until(lambda: watcher.active >= ACTIVE_JOBS, SECONDS_TO_END)
            empty = len(watcher.samples)
            kills.go_on(min(180.0, seconds / 8), seconds)
            before = load.answers.copy()
            with suppress(TimeoutError):  # below it is said who it is that was not answered
                wait_until(lambda: not load.unanswered(before), SECONDS_TO_END)
            wait_until(lambda: len(watcher.samples) >= empty + LEAST_SAMPLES, SECONDS_TO_END)
            unanswered, loaded = load.unanswered(before), watcher.samples[empty:]
        wait_until(lambda: watcher.active == 0, SECONDS_TO_END)
    found = courses(loaded)
    answers = {f"{name}: {how}": count for (name, how), count in sorted(load.answers.items())}
    facts = {"seconds": seconds, "jobs": len(load.job_ids), "kills": dict(kills.done), "answers": answers}
    print(f"\n{table(found)}\n{save(facts, found, loaded)}")
    assert untruths(installation, load.job_ids) == {}
    assert unanswered == [], "after the last kill they got no answer"
    assert beyond(found, seconds=seconds, active_jobs=ACTIVE_JOBS) == []
