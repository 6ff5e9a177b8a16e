"""
### Housekeeping

Every five minutes: ends jobs that nobody works on any more, removes what is old, and reports.

**Dead jobs.** A job is dead when its DAG run is over and the job is not (somebody deleted the run, or everything was
killed at once), or when it has written nothing for as long as the setting `BELLWETHER_SILENT_JOB_MINUTES` says. What a
dead job has stored stays; its open tickers are `failed` with the code `interrupted`, and the next equal request is a
new job.

**Runs without a job.** A run of the last day that a request made and that has no job after three minutes is named: it
waits (the DAG is paused, the workers are busy), or it has ended before its first task could record what became of it,
and its note says why. Nothing is mended.

**Old rows.** What the settings `BELLWETHER_KEEP_..._DAYS` say, in portions of at most 5,000 rows, for about a minute;
the rest is for the next run. A job that owns a result is never removed, nor is the record of requests and actions.

**The report** is this run's result, its log, its note when there is something to say, and Airflow's metrics
`bellwether.*`.

**On failure** note and log name what could not be done; all the rest was. The next run tries again.
"""

from datetime import datetime, timedelta

from airflow.sdk import dag

from include.pipeline.housekeeping import keep_house


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
    keep_house()


stocks_housekeeping()
