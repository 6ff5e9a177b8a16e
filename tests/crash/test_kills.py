"""Kill -9 in the middle of a job: the job ends right, no ticker is lost, none is stored twice.

Run by `make test-crash`, not by `make test`: each needs an installation of its own and waits for Airflow to notice.
"""

from collections.abc import Callable

import pytest

from local.stack import Stack
from tests.crash.faults import (
    assert_every_ticker_is_stored_once,
    ended,
    job_in_the_middle,
    kill_a_task,
    kill_api_server,
    kill_everything_and_start_again,
    kill_postgres,
    kill_scheduler_alone,
    kill_scheduler_with_its_tasks,
)
from tests.crash.histories import History

TICKERS = [f"CRASH{n}" for n in range(3000)]


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
