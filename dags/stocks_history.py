"""
### History: sessions of the past

Analyses a universe, or tickers, for a range of sessions, by a backfill: each run is one session, and knows nothing of
what came after it. There is such a DAG for each exchange of `BELLWETHER_DAILY_EXCHANGES`; it never runs by itself.

**Ask for it** with *Trigger*, *Backfill* on this DAG's page (one active run, so that sessions come one after the
other), or

```
airflow backfill create --dag-id stocks_history_xnys --from-date 2026-08-03 --to-date 2026-10-30 --max-active-runs 1
    --dag-run-conf '{"universe": "sp100", "strategy": "balanced"}'
```

The fields are those of *Analyse stocks*, without `as_of`: the session of the run is it. Nothing named means everybody's
watchlists of the exchange.

**What it asks the source.** The first session fetches what is not stored, the others find it there. What was analysed
for a session before is taken as it is. **To go on** after a stop, ask again: sessions that were done are left out
(*Reprocess: failed* does those that failed). Another universe over the same sessions is *Reprocess: completed*; results
stay.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import dag

from include.pipeline.job_dags import TIMED, close_delay, daily_exchanges, history_dag_id
from include.pipeline.params import session_params
from include.pipeline.tasks import analysis
from include.settings import settings
from include.timetable.session_timetable import SessionTimetable

LONG_AGO = datetime(2000, 1, 3, tzinfo=UTC)


def stocks_history(exchange: str) -> None:
    """Define the DAG of one exchange."""
    dag_id = history_dag_id(exchange)

    @dag(
        dag_id=dag_id,
        dag_display_name=f"History: {exchange}",
        schedule=SessionTimetable(exchange, close_delay(dag_id), backfills_only=True),
        start_date=LONG_AGO,
        catchup=False,
        is_paused_upon_creation=False,
        allowed_run_types=TIMED,
        params=session_params(exchange),
        doc_md=__doc__,
        tags=["stocks"],
        default_args={"owner": "bellwether"},
        max_active_tasks=64,
        dagrun_timeout=timedelta(minutes=settings().job_timeout_minutes),
    )
    def define() -> None:
        analysis(exchange)

    define()


for name in daily_exchanges():
    stocks_history(name)
