"""The task of the housekeeping, and how it tells what was done: log, note, result, metrics."""

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import result, task
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.observability import stats
from pydantic import TypeAdapter

from include.jobs.housekeeping import Report, end_dead_jobs, find_runs_without_job
from include.jobs.retention import keep_days, remove_old
from include.model.job import Run
from include.pipeline.asking import is_over
from include.pipeline.database import stocks
from include.pipeline.job_dags import JOB_DAGS
from include.pipeline.notes import NOTE, fit
from include.settings import settings
from include.storage.housekeeping import load

log = logging.getLogger(__name__)

RETRIES: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(seconds=10)}  # the next run is minutes away
WAITING = ["scheduled", "queued", "up_for_retry", "up_for_reschedule", "deferred"]
PATIENCE_SECONDS = 5.0  # a lost connection is opened again; a row that somebody holds is left to the next run
NOTE_CHARACTERS = 600


@result
@task(multiple_outputs=False, **RETRIES)
def keep_house(ti: Any) -> dict[str, Any]:  # noqa: ANN401
    """End dead jobs, remove what is old, and report both with what waits; fails when something could not be done."""
    with stocks(PATIENCE_SECONDS) as database:
        silent_seconds = settings().silent_job_minutes * 60
        ended = end_dead_jobs(database, lambda run: is_over(ti, run), lambda run: _is_waiting(ti, run), silent_seconds)
        removed = remove_old(database, keep_days(settings()))
        without_job = find_runs_without_job(database, lambda run_id: _is_over(ti, run_id))
        report = Report(
            ended=tuple(ended), without_job=tuple(without_job), removed=tuple(removed), load=database.run(load)
        )
    _log(report)
    _measure(report)
    if report.summary:
        ti.xcom_push(key=NOTE, value=fit(_short(report.summary)))
    document: dict[str, Any] = TypeAdapter(Report).dump_python(report, mode="json")
    if report.problems:
        ti.xcom_push(key=BaseXCom.XCOM_RETURN_KEY, value=document)  # who fails returns nothing
        raise AirflowFailException("; ".join(report.problems))
    return document


def _is_over(ti: Any, run_id: str) -> bool:  # noqa: ANN401
    return all(is_over(ti, Run(dag_id=dag_id, job_id=run_id)) for dag_id in JOB_DAGS)


def _is_waiting(ti: Any, run: Run) -> bool:  # noqa: ANN401
    """Whether tasks of a run wait for a slot, or for their next try."""
    count: int = ti.get_ti_count(dag_id=run.dag_id, run_ids=[run.job_id], states=WAITING)
    return count > 0


def _log(report: Report) -> None:
    """The lines of the report that were not logged when it happened."""
    for run in report.without_job:
        log.warning("%s", run)
    for removal in report.removed:
        log.info("%s: %d old rows removed%s", removal.what, removal.rows, ", there are more" if removal.more else "")
    now = report.load
    log.info(
        "%d jobs are active, the oldest for %.0f minutes; %d notifications wait",
        now.active_jobs,
        now.oldest_active_seconds / 60,
        now.outbox_waiting,
    )
    log.info("%s", report.summary or "nothing was to be done")


def _measure(report: Report) -> None:
    """Airflow's own metrics: they go wherever Airflow's go, by its section [metrics]."""
    stats.incr("bellwether.housekeeping.ended_jobs", sum(job.error is None for job in report.ended))
    stats.incr("bellwether.housekeeping.problems", len(report.problems))
    for removal in report.removed:
        stats.incr(f"bellwether.housekeeping.removed.{removal.what}", removal.rows)
    stats.gauge("bellwether.housekeeping.runs_without_job", len(report.without_job))
    stats.gauge("bellwether.jobs.active", report.load.active_jobs)
    stats.gauge("bellwether.jobs.oldest_active_seconds", report.load.oldest_active_seconds)
    stats.gauge("bellwether.outbox.waiting", report.load.outbox_waiting)


def _short(summary: str) -> str:
    return (
        summary if len(summary) <= NOTE_CHARACTERS else f"{summary[:NOTE_CHARACTERS]} ... (the task's log has the rest)"
    )
