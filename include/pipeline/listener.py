"""What Airflow tells us when a run ends: the run gets its note, and a job that was stopped from outside ends too.

Cancelling a run in Airflow (marking it failed) and a dagrun_timeout skip `finalize_job`; only a listener hears of them.
It runs in the scheduler, or in the API server when a person ends the run, and must be quick: no database of ours is
asked after an ordinary success, and otherwise for no longer than PGCONNECT_TIMEOUT and five seconds a statement.
Airflow logs what it raises and goes on; the housekeeping ends what it could not.
"""

from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

from include.pipeline.job_dags import JOB_DAGS as JOB_DAGS
from include.pipeline.notes import copy_note, write_note

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

    from include.storage.connection import Connection

NOTED_DAGS = JOB_DAGS | {"stocks_housekeeping", "stocks_track_record"}
BY_HAND = "manually"  # in Airflow's message when a person, not the scheduler, ended the run
TIMED_OUT = "timed_out"
UNOPENED = "its run failed before its job was opened"
PATIENCE = 5.0  # seconds a statement
BY_AIRFLOW = "(Airflow does not say)"  # who did it: a listener is not told


@hookimpl
def on_dag_run_running(dag_run: "DagRun", msg: str) -> None:
    """A run that was cleared must not show the end of its last attempt."""
    if dag_run.dag_id in JOB_DAGS and dag_run.clear_number and dag_run.dag_run_note:
        write_note(dag_run, "being done again")


@hookimpl
def on_dag_run_success(dag_run: "DagRun", msg: str) -> None:
    """Note what became of the request; a run marked successful before its end cancels its job."""
    if dag_run.dag_id in NOTED_DAGS:
        copy_note(dag_run)
    if dag_run.dag_id in JOB_DAGS and BY_HAND in msg:
        _end_job(dag_run, msg)


@hookimpl
def on_dag_run_failed(dag_run: "DagRun", msg: str) -> None:
    """Note what became of the request, and end its job if it goes on."""
    if dag_run.dag_id in NOTED_DAGS:
        copy_note(dag_run)
    if dag_run.dag_id in JOB_DAGS:
        _end_job(dag_run, msg)


def _end_job(dag_run: "DagRun", msg: str) -> None:
    from include.pipeline.database import stocks_database

    with stocks_database() as connection:
        ended = _cancel(connection, dag_run) if BY_HAND in msg else _finish(connection, dag_run, msg)
    if ended:
        write_note(dag_run, ended)


def _cancel(connection: "Connection", dag_run: "DagRun") -> str | None:
    from include.storage.connection import wait_at_most
    from include.storage.jobs import cancel_job

    reason = f"its run was marked {dag_run.state} in Airflow"
    with wait_at_most(connection, PATIENCE):
        was_active = cancel_job(connection, dag_run.run_id, reason, actor=BY_AIRFLOW, clear_number=dag_run.clear_number)
    return f"cancelled: {reason}" if was_active else None


def _finish(connection: "Connection", dag_run: "DagRun", msg: str) -> str | None:
    """A transaction for each step: to lock a run while its job is locked is the wrong order."""
    from include.storage.connection import wait_at_most
    from include.storage.jobs import abandon_job, end_unopened_run, finalize_job

    reason = "its run took longer than the DAG's dagrun_timeout" if msg == TIMED_OUT else UNOPENED
    with wait_at_most(connection, PATIENCE):
        if msg == TIMED_OUT and abandon_job(connection, dag_run.run_id, reason, dag_run.clear_number):
            return f"failed: {reason}"
        if msg != TIMED_OUT and finalize_job(connection, dag_run.run_id, dag_run.clear_number) is not None:
            return None
    with wait_at_most(connection, PATIENCE):
        end_unopened_run(connection, dag_run.run_id, reason)
    return None
