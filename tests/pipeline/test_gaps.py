"""A fault in any gap between two statements of a job's tasks: the job leaves the rows of one that nobody disturbed."""

from collections.abc import Callable, Iterator
from contextlib import closing

import psycopg
import pytest
from tenacity import RetryCallState

from include.storage import database as module
from include.storage.connection import Connection, connect
from include.storage.database import Database
from local.postgres import Cluster
from tests.pipeline.gaps import Fault, Gaps, lose_connection, refuse
from tests.pipeline.killing import RUN, begin, end, wanted, work
from tests.pipeline.rows import Rows, rows_of

SAVE = """
CREATE TABLE saved AS SELECT * FROM watchlist;
CREATE TABLE saved_changes AS SELECT * FROM watchlist_changes;
"""
UNDO = f"""
DELETE FROM analysis_jobs WHERE job_id = '{RUN}';
DELETE FROM analysis_requests WHERE job_id = '{RUN}';
DELETE FROM outbox WHERE job_id = '{RUN}';
DELETE FROM watchlist;
INSERT INTO watchlist OVERRIDING SYSTEM VALUE SELECT * FROM saved;
INSERT INTO watchlist_changes OVERRIDING SYSTEM VALUE SELECT * FROM saved_changes;
"""


def do_job(connect: Callable[[], Connection]) -> None:
    """A whole job, each task with a connection of its own, in this process: what is transient is tried again."""

    def task() -> Database:
        return Database(connect, patience_seconds=20)

    with task() as database:
        orders = begin(database, RUN, wanted())
    for order in orders:
        with task() as database:
            work(database, order)
    with task() as database:
        end(database, RUN)


@pytest.fixture
def undo(cluster: Cluster, prepared_url: str) -> Iterator[Callable[[], object]]:
    """Makes the job undone, much quicker than a fresh database."""
    name = prepared_url.rsplit("/", 1)[-1]
    with closing(psycopg.connect(cluster.url(name), autocommit=True)) as owner:
        owner.execute(SAVE)
        yield lambda: owner.execute(UNDO)


@pytest.mark.parametrize(
    ("fault", "is_behind"),
    [(lose_connection, False), (lose_connection, True), (refuse("40P01"), False), (refuse("55P03"), False)],
    ids=["connection lost before it", "connection lost behind it", "deadlock", "lock timeout"],
)
def test_a_fault_at_any_statement_of_a_job_leaves_the_rows_of_one_that_nobody_disturbed(
    prepared_url: str,
    undisturbed: Rows,
    undo: Callable[[], object],
    fault: Fault,
    is_behind: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.001)
    counting = Gaps(prepared_url, fault)
    do_job(counting.connect)
    assert len(counting.said) > 15
    for at, statement in enumerate(counting.said):
        undo()
        do_job(Gaps(prepared_url, fault, at, is_behind).connect)
        assert rows_of(prepared_url) == undisturbed, f"statement {at}: {statement}"


HELD = {
    "begin": "LOCK TABLE analysis_jobs IN EXCLUSIVE MODE",
    "work": f"SELECT FROM analysis_jobs WHERE job_id = '{RUN}' FOR UPDATE",
    "end": "SELECT FROM watchlist FOR UPDATE",
}


@pytest.mark.parametrize("step", HELD)
def test_a_lock_that_is_held_for_longer_than_a_task_waits_does_not_end_its_job(
    prepared_url: str, undisturbed: Rows, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody holds what the step needs until it has been refused once."""
    holder = connect(prepared_url)
    holder.autocommit = False
    refusals: list[str] = []

    def let_go(state: RetryCallState) -> None:
        refusals.append(type(state.outcome.exception()).__name__)  # type: ignore[union-attr]
        holder.rollback()

    monkeypatch.setattr(module, "_say", let_go)

    def impatient() -> Connection:
        connection = connect(prepared_url)
        connection.execute("SELECT set_config('lock_timeout', '50ms', false)")
        return connection

    def hold(now: str) -> None:
        if now == step:
            holder.execute(HELD[step])

    with closing(holder), Database(impatient, patience_seconds=20) as database:
        hold("begin")
        orders = begin(database, RUN, wanted())
        hold("work")
        for order in orders:
            work(database, order)
        hold("end")
        end(database, RUN)
    assert refusals == ["LockNotAvailable"]
    assert rows_of(prepared_url) == undisturbed
