"""What a user has active: jobs, and the runs that will open one."""

from dataclasses import replace

import pytest

from include.model.errors import CancelledRunError
from include.model.job import Run
from include.model.request import Trigger
from include.storage.active import active_jobs_of, hold_active_job, hold_user
from include.storage.connection import Connection, connect
from include.storage.jobs import cancel_job, finalize_job
from include.storage.requests import Disposition, Door, RequestRecord, record_run
from tests.storage.demands import DAG_ID, begun, demand, opened
from tests.storage.turns import turns


def said_of(connection: Connection, run_id: str, disposition: Disposition) -> None:
    record = RequestRecord(
        requested_by="ann",
        door=Door.CLI,
        raw={},
        request=None,
        disposition=disposition,
        job_id="other" if disposition is Disposition.JOINED else None,
        reason="no" if disposition is Disposition.REFUSED else None,
        latency_ms=1,
        run_id=run_id,
    )
    record_run(connection, record)


def test_active_are_the_queued_and_running_jobs_of_the_user_the_oldest_first(connection: Connection) -> None:
    opened(connection, "queued", demand("A"))
    begun(connection, "at-work", demand("B"))
    for job_id in ("ended", "cancelled"):
        begun(connection, job_id, demand(job_id.upper()))
    finalize_job(connection, "ended")
    cancel_job(connection, "cancelled", "so", actor="ann")
    opened(connection, "of-bob", demand("A", user="bob"))
    opened(connection, "scheduled", replace(demand("C"), trigger=Trigger.SCHEDULE))
    assert active_jobs_of(connection, "ann", uncounted=[Trigger.SCHEDULE]) == ["queued", "at-work"]
    assert active_jobs_of(connection, "ann", uncounted=[]) == ["queued", "at-work", "scheduled"]
    assert active_jobs_of(connection, "cat", uncounted=[]) == []


def test_a_run_under_way_counts_until_its_job_is_there_or_it_is_known_that_it_gets_none(
    connection: Connection,
) -> None:
    opened(connection, "job", demand("A"))
    begun(connection, "done", demand("B"))
    finalize_job(connection, "done")  # Airflow shows its run as active for a moment more
    said_of(connection, "joined", Disposition.JOINED)
    said_of(connection, "refused", Disposition.REFUSED)
    runs = ["job", "done", "joined", "refused", "coming"]
    assert active_jobs_of(connection, "ann", uncounted=[], under_way=runs) == ["job", "coming"]


def test_of_a_run_it_is_known_whether_its_job_is_active(connection: Connection) -> None:
    def is_active(job_id: str) -> bool:
        with connection.transaction():
            return hold_active_job(connection, Run(dag_id=DAG_ID, job_id=job_id))

    opened(connection, "job")
    assert is_active("job")
    assert not is_active("none")
    finalize_job(connection, "job")
    assert not is_active("job")
    cancel_job(connection, "coming", "so", actor="ann")
    with pytest.raises(CancelledRunError):
        is_active("coming")


def test_one_transaction_at_a_time_opens_jobs_of_a_user(app_url: str) -> None:
    with turns(app_url) as take, connect(app_url) as one, connect(app_url) as other:
        with one.transaction():
            hold_user(one, "ann")
            hold_user(other, "bob")
            waiting = take.start(other, lambda own: hold_user(own, "ann"))
        waiting.result(timeout=30)
