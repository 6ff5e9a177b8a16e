"""
### Housekeeping

Every five minutes: ends jobs that nobody works on any more, so that nothing stays queued for ever.

A job is dead when its DAG run is over and the job is not (somebody deleted the run, or everything was killed at once),
or when it has written nothing for as long as the setting `BELLWETHER_SILENT_JOB_MINUTES` says. What a dead job has
stored stays; its open tickers are `failed` with the code `interrupted`, and the next equal request is a new job. The
result lists what was ended, with the reason.

**On failure** the log names the jobs that could not be ended; the next run tries again.
"""

from datetime import datetime, timedelta

from airflow.sdk import dag

from include.pipeline.housekeeping import end_dead_jobs


@dag(
    dag_display_name="Housekeeping",
    schedule="*/5 * * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    doc_md=__doc__,
    tags=["stocks"],
    default_args={"owner": "bellwether"},
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=4),
)
def stocks_housekeeping() -> None:
    """Wire the task."""
    end_dead_jobs()


stocks_housekeeping()
