"""What waits for a worker in Redis, when Redis is killed or loses its file.

Here more is given to Celery at once than the workers can do, so that something waits; see `local.workers` for why an
installation is not set so.
"""

from collections.abc import Iterator

import pytest

from local import supervision, waiting
from local.stack import Stack, stack
from tests.crash.faults import assert_every_ticker_is_stored_once, ended, job_in_the_middle, supervised
from tests.crash.histories import History
from tests.distributed.looks import batches_in, broker, sent_again, tries_of, waiting_in_redis

WORKERS = 3
TICKERS = [f"WAIT{n}" for n in range(500)]
BATCH = 25
CROWDED = {
    "AIRFLOW__CORE__PARALLELISM": "32",
    # Shorter than usual, so that the test ends sooner, but far longer than six slots need for twenty batches: what only
    # waits would be sent again as well.
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "100",
}


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with stack(tmp_path_factory.mktemp("stack"), CROWDED, workers=WORKERS) as running:
        yield running


def job_that_waits(crowded: Stack, history: History) -> str:
    """A job of whose batches some are done and some wait in Redis."""
    run_id = job_in_the_middle(crowded, TICKERS, batch_size=BATCH, force=True)
    length = waiting_in_redis(crowded)
    history.say("the job is in its middle", run_id=run_id, waiting=length)
    assert length > WORKERS, "too little waits in Redis to be lost"
    return run_id


def test_what_waits_in_redis_outlives_its_kill(crowded: Stack) -> None:
    history = History("redis killed")
    run_id = job_that_waits(crowded, history)
    supervised(crowded, "redis").kill()
    end = ended(crowded, run_id, history)
    assert_every_ticker_is_stored_once(crowded, run_id, end, len(TICKERS))
    # What is on its way to a worker when the connection breaks is in no file.
    assert len(sent_again(crowded, run_id)) <= WORKERS, "what waited was lost with Redis"
    assert tries_of(crowded, run_id) == {1}


def test_what_redis_lost_with_its_file_is_sent_again(crowded: Stack) -> None:
    history = History("redis emptied")
    waiting.for_redis(crowded.home, broker(crowded))
    run_id = job_that_waits(crowded, history)
    supervision.call(crowded.home, "stopProcess", "redis", True)
    queued = batches_in(crowded, run_id, "queued", "scheduled")
    for file in (crowded.home.folder / "redis").rglob("*"):
        if file.is_file():
            file.unlink()
    supervision.begin(crowded.home, "redis")
    end = ended(crowded, run_id, history)
    assert_every_ticker_is_stored_once(crowded, run_id, end, len(TICKERS))
    again = sent_again(crowded, run_id)
    history.say("sent again", queued=sorted(queued), again=sorted(again))
    assert again, "nothing that Redis lost was sent again"
    assert again <= queued
    assert tries_of(crowded, run_id) == {1}
