"""The tasks of a job, as all its DAGs use them: `open_job` -> `analyze` (mapped over batches) -> `finalize_job`."""

import logging
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import get_current_context, result, task
from airflow.sdk.exceptions import AirflowFailException, AirflowRescheduleException, AirflowSkipException

from include.jobs.opening import OpenedJob
from include.market.prices import open_prices
from include.model.changes import ChangeKind, count_in_words
from include.model.errors import (
    CancelledRunError,
    OvertakenError,
    SchemaError,
    StaleAttemptError,
)
from include.model.job import Batch, JobStatus, Progress
from include.model.prices import PricesLaterError
from include.pipeline.asking import REFUSALS, NothingWatchedError, open_for_run
from include.pipeline.batch import run_batch
from include.pipeline.database import stocks
from include.pipeline.fairness import ENDING, EQUAL_TURNS, OPENING
from include.pipeline.job_dags import JOINED, TIMED
from include.pipeline.notes import NOTE, fit
from include.settings import settings
from include.storage.changes import count_changes
from include.storage.jobs import finalize_job as end_job
from include.storage.jobs import keep_alive, progress_document

log = logging.getLogger(__name__)

RETRIES: dict[str, Any] = {  # pauses of 2, 4, 8 ... 120 seconds: some six minutes in all
    "retries": 8,
    "retry_delay": timedelta(seconds=2),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=2),
}


@task(**OPENING, **RETRIES)  # type: ignore[untyped-decorator]
def open_job(
    params: dict[str, Any],
    dag_run: Any,  # noqa: ANN401
    ti: Any,  # noqa: ANN401
    exchange: str | None = None,
) -> list[dict[str, Any]]:
    """Make the canonical request, claim its work, and cut it into batches: none when another job does it already.

    A run of the timetable of an `exchange` is about its session, and nothing named means everybody's watchlists there.
    """
    since = time.monotonic()
    with stocks() as database:
        try:
            opened = database.run(lambda connection: open_for_run(connection, params, dag_run, ti, since, exchange))
        except OvertakenError as error:
            raise AirflowFailException(str(error)) from error
        except NothingWatchedError as error:
            ti.xcom_push(key=NOTE, value=str(error))
            raise AirflowSkipException(str(error)) from error
        except (*REFUSALS, SchemaError) as error:
            what = "cancelled" if isinstance(error, CancelledRunError) else "refused"
            ti.xcom_push(key=NOTE, value=fit(f"{what}: {error}"))
            raise AirflowFailException(str(error)) from error
    _say_what_follows(ti, opened)
    return [asdict(batch) for batch in opened.batches]


def _say_what_follows(ti: Any, opened: OpenedJob) -> None:  # noqa: ANN401
    claim, job_id = opened.claim, opened.claim.run.job_id
    if claim.joined:
        log.info("an equal job is there: this run joins job %s and does no work of its own", job_id)
        ti.xcom_push(key=JOINED, value=job_id)
        ti.xcom_push(key=NOTE, value=f"joined the equal job {job_id}")
    else:
        log.info(
            "job %s, attempt %d: %d batches, %d tickers reused",
            job_id,
            claim.attempt,
            len(opened.batches),
            opened.reused,
        )


@task(map_index_template="{{ batch_label }}", **EQUAL_TURNS, **RETRIES)
def analyze(batch: dict[str, Any], dag_run: Any, ti: Any) -> None:  # noqa: ANN401
    """Analyse one batch of tickers and store what became of each. The database has the outcome: no XCom is pushed.

    A task that would wait long for its turn at the price source frees its slot and comes back; that is no retry.
    """
    work_order = Batch(**batch)
    get_current_context()["batch_label"] = work_order.label  # type: ignore[typeddict-unknown-key]
    with stocks() as database, stocks() as beside:

        def beat() -> None:
            database.run(lambda connection: keep_alive(connection, work_order))

        try:
            counts = run_batch(
                database,
                work_order,
                lambda source: open_prices(source, database, beside, beat),
                last_try=ti.try_number > ti.max_tries,
                wait_until=_patient_until(dag_run),
            )
        except PricesLaterError as error:
            log.info("comes back in %.0f s: %s", error.seconds, error)
            raise AirflowRescheduleException(  # type: ignore[no-untyped-call]
                datetime.now(UTC) + timedelta(seconds=error.seconds)
            ) from error
        except StaleAttemptError as error:
            raise AirflowSkipException(str(error)) from error
        except SchemaError as error:
            raise AirflowFailException(str(error)) from error
    log.info("%d tickers completed, %d failed", counts["completed"], counts["failed"])


def _patient_until(dag_run: Any) -> datetime | None:  # noqa: ANN401
    """Until when a run that came with the close of its session waits for late bars; nobody else does."""
    if dag_run.run_type not in TIMED:
        return None
    until: datetime = dag_run.run_after + timedelta(minutes=settings().late_bar_minutes)
    return until


@result
# With multiple outputs every key would be one more request to the API.
@task(trigger_rule="all_done", multiple_outputs=False, **ENDING, **RETRIES)
def finalize_job(dag_run: Any, ti: Any) -> dict[str, Any]:  # noqa: ANN401
    """End the job from what the database says, whatever happened before; a failed or cancelled job fails the run."""
    winner = ti.xcom_pull(task_ids="open_job", key=JOINED)
    if winner is not None:
        return _published(ti, dag_run, {"job_id": winner, "joined": True})
    with stocks() as database:
        try:
            ended = database.run(lambda connection: end_job(connection, dag_run.run_id, dag_run.clear_number))
            changed = database.run(lambda connection: count_changes(connection, dag_run.run_id))
        except SchemaError as error:
            raise AirflowFailException(str(error)) from error
    if ended is None and _open_job_is(ti, dag_run, "skipped"):
        raise AirflowSkipException("there was nothing to do")
    if ended is None or not _was_opened(ti, dag_run):
        raise AirflowFailException("its job was not opened: the log of open_job says why")
    if ended.status.is_active:
        raise AirflowFailException("its run was cleared meanwhile, and has opened the job anew")
    said = _sentence(ended, changed)
    ti.xcom_push(key=NOTE, value=fit(said))
    log.info("job %s %s", ended.job_id, said)
    if ended.status is JobStatus.FAILED:
        raise AirflowFailException(f"no ticker could be analysed: {ended.status_reason}")
    if ended.status is JobStatus.CANCELLED:
        raise AirflowFailException(f"the job was cancelled: {ended.status_reason}")
    return _published(ti, dag_run, {**progress_document(ended), "joined": False})


def _published(ti: Any, dag_run: Any, document: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    """The result of a run, which the event of the asset has too, if the DAG publishes one."""
    for asset in ti.task.outlets:
        event = get_current_context()["outlet_events"][asset]
        event.extra = {"session": dag_run.logical_date.date().isoformat(), **document}
    return document


def _was_opened(ti: Any, dag_run: Any) -> bool:  # noqa: ANN401
    """Whether the job is this run's: one that was cleared, and refused then, still has the job of its last attempt."""
    return not dag_run.clear_number or _open_job_is(ti, dag_run, "success")


def _open_job_is(ti: Any, dag_run: Any, state: str) -> bool:  # noqa: ANN401
    count: int = ti.get_ti_count(dag_id=dag_run.dag_id, run_ids=[dag_run.run_id], task_ids=["open_job"], states=[state])
    return count > 0


def _sentence(ended: Progress, changed: Mapping[ChangeKind, int]) -> str:
    said = f"{ended.status}: {ended.completed} of {ended.total} tickers"
    if ended.reused:
        said += f", {ended.reused} of them known already"
    if changed:
        said += f"; on watchlists: {count_in_words(changed.items())}"
    return f"{said}; {ended.status_reason}" if ended.status_reason else said


def analysis(exchange: str | None = None, publishes: Any = None) -> None:  # noqa: ANN401
    """Wire the tasks of a job, in a DAG that is being defined; `publishes` is an asset that has news of its end."""
    ending = finalize_job.override(outlets=[publishes])() if publishes else finalize_job()
    analyze.expand(batch=open_job(exchange=exchange)) >> ending
