"""Kill -9 in the middle of a job: the job ends right, no ticker is lost, none is stored twice.

Run by `make test-crash`, not by `make test`: each needs an installation of its own and waits for Airflow to notice.
"""

from collections.abc import Callable

import pytest

from local import processes
from local.postgres import running_postmaster
from local.stack import Stack, up
from tests.crash.faults import (
    assert_every_ticker_is_stored_once,
    ended,
    job_in_the_middle,
    kill_postgres,
    kill_tree,
    supervised,
)
from tests.crash.histories import History

TICKERS = [f"CRASH{n}" for n in range(3000)]


def kill_a_task(installation: Stack) -> None:
    workers = [
        child
        for child in supervised(installation, "scheduler").children(recursive=True)
        if "LocalExecutor" in " ".join(child.cmdline()) and child.children()
    ]
    kill_tree(workers[0].children()[0])


def kill_scheduler_with_its_tasks(installation: Stack) -> None:
    kill_tree(supervised(installation, "scheduler"))


def kill_scheduler_alone(installation: Stack) -> None:
    supervised(installation, "scheduler").kill()


def kill_api_server(installation: Stack) -> None:
    kill_tree(supervised(installation, "api-server"))


def kill_everything_and_start_again(installation: Stack) -> None:
    postmaster = running_postmaster(installation.cluster)
    assert postmaster is not None
    for process in [*processes.of_stack(installation.home.folder), postmaster]:
        kill_tree(process)
    up(installation.home)


@pytest.mark.parametrize(
    "kill",
    [
        kill_a_task,
        kill_scheduler_alone,
        kill_scheduler_with_its_tasks,
        kill_api_server,
        kill_postgres,
        kill_everything_and_start_again,
    ],
)
def test_a_job_that_something_was_killed_under_ends_with_every_ticker_once(
    installation: Stack, kill: Callable[[Stack], None]
) -> None:
    history = History(kill.__name__)
    run_id = job_in_the_middle(installation, TICKERS, batch_size=50)
    kill(installation)
    history.say("killed", run_id=run_id)
    end = ended(installation, run_id, history)
    assert_every_ticker_is_stored_once(installation, run_id, end, len(TICKERS))
