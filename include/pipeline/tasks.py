"""The tasks of an analysis, as both DAGs use them: `open_job` -> `analyze` (mapped over batches) -> `finalize_job`."""

import logging
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import get_current_context, result, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from include.jobs.canonical import Requester, canonicalise
from include.jobs.opening import OpenedJob
from include.jobs.opening import open_job as claim_and_open
from include.market.sessions import resolve_sessions
from include.market.sources import open_source
from include.model.errors import InvalidRequestError, SchemaError, StaleAttemptError
from include.model.job import Batch, JobStatus, Run
from include.model.request import Trigger
from include.pipeline.batch import run_batch
from include.pipeline.database import stocks_database
from include.pipeline.notes import NOTE, fit
from include.storage.connection import Connection
from include.storage.jobs import begin_batch, progress_document
from include.storage.jobs import finalize_job as end_job
from include.storage.schema import check_schema
from include.storage.watchlist import watchlist_tickers

log = logging.getLogger(__name__)

JOINED = "joined"  # XCom of open_job: the job that does this run's work
NOBODY = "(unknown)"  # Airflow does not say who asked: dag.test(), or a run that another DAG triggered
RETRIES: dict[str, Any] = {  # pauses of 2, 4, 8 ... 120 seconds: some six minutes in all
    "retries": 8,
    "retry_delay": timedelta(seconds=2),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=2),
}

_TRIGGERS = {
    "manual": Trigger.MANUAL,
    "scheduled": Trigger.SCHEDULE,
    "backfill": Trigger.BACKFILL,
    "operator_triggered": Trigger.OPERATOR,
    "asset_triggered": Trigger.ASSET,
    "asset_materialization": Trigger.ASSET,
}


@task(**RETRIES)  # type: ignore[untyped-decorator]
def open_job(params: dict[str, Any], dag_run: Any, ti: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Make the canonical request, claim its work, and cut it into batches: none when another job does it already."""
    with stocks_database() as connection:
        try:
            check_schema(connection)
            demand = canonicalise(params, _requester(connection, dag_run))
            request = demand.request
            sessions = resolve_sessions(request.tickers, request.data_source, request.as_of, datetime.now(UTC))
        except (InvalidRequestError, SchemaError) as error:
            ti.xcom_push(key=NOTE, value=fit(f"refused: {error}"))
            raise AirflowFailException(str(error)) from error
        run = Run(dag_id=dag_run.dag_id, job_id=dag_run.run_id)
        opened = claim_and_open(connection, run, demand, sessions)
        while opened.claim.joined and is_over(ti, opened.claim.run):
            dead = opened.claim.run.job_id
            log.warning("the equal active job %s is dead (its DAG run is over): it is ended, and not joined", dead)
            end_job(connection, dead)
            opened = claim_and_open(connection, run, demand, sessions)
    _say_what_follows(ti, opened, len(request.tickers))
    return [asdict(batch) for batch in opened.batches]


def _say_what_follows(ti: Any, opened: OpenedJob, tickers: int) -> None:  # noqa: ANN401
    claim, job_id = opened.claim, opened.claim.run.job_id
    if claim.joined:
        log.info("an equal job is active: this run joins job %s and does no work of its own", job_id)
        ti.xcom_push(key=JOINED, value=job_id)
        ti.xcom_push(key=NOTE, value=f"joined the equal active job {job_id}")
    else:
        log.info("job %s, attempt %d: %d tickers, %d reused", job_id, claim.attempt, tickers, opened.reused)


def is_over(ti: Any, run: Run) -> bool:  # noqa: ANN401
    """Whether a DAG run has ended or does not exist."""
    count: int = ti.get_dr_count(dag_id=run.dag_id, run_ids=[run.job_id], states=["queued", "running"])
    return count == 0


@task(map_index_template="{{ batch_label }}", **RETRIES)
def analyze(batch: dict[str, Any]) -> None:
    """Analyse one batch of tickers and store what became of each. The database has the outcome: no XCom is pushed."""
    work_order = Batch(**batch)
    get_current_context()["batch_label"] = work_order.label  # type: ignore[typeddict-unknown-key]
    with stocks_database() as connection:
        try:
            work = begin_batch(connection, work_order)
            counts = run_batch(connection, work_order, work, open_source(work.request.data_source))
        except StaleAttemptError as error:
            raise AirflowSkipException(str(error)) from error
    log.info("%d tickers completed, %d failed", counts["completed"], counts["failed"])


@result
@task(trigger_rule="all_done", multiple_outputs=False, **RETRIES)  # else every key is one more request to the API
def finalize_job(dag_run: Any, ti: Any) -> dict[str, Any]:  # noqa: ANN401
    """End the job from what the database says, whatever happened before; a failed job fails the run."""
    winner = ti.xcom_pull(task_ids="open_job", key=JOINED)
    if winner is not None:
        return {"job_id": winner, "joined": True}
    with stocks_database() as connection:
        ended = end_job(connection, dag_run.run_id)
    if ended is None:
        raise AirflowFailException("there is no job: the log of open_job says why")
    said = f"{ended.status}: {ended.completed} of {ended.total} tickers"
    if ended.reused:
        said += f", {ended.reused} of them known already"
    ti.xcom_push(key=NOTE, value=f"{said}; {ended.status_reason}" if ended.status_reason else said)
    log.info("job %s %s (%s)", ended.job_id, said, ended.status_reason or "all of them")
    if ended.status is JobStatus.FAILED:
        raise AirflowFailException(f"no ticker could be analysed: {ended.status_reason}")
    return {**progress_document(ended), "joined": False}


def _requester(connection: Connection, dag_run: Any) -> Requester:  # noqa: ANN401
    name = dag_run.triggering_user_name or NOBODY
    return Requester(
        name=name,
        trigger=_TRIGGERS[dag_run.run_type],
        watchlist=lambda: watchlist_tickers(connection, name),
    )
