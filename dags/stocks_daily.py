"""
### Every evening: the watchlists of one exchange

One run for each session of the exchange, when its bars are final (the setting `BELLWETHER_CLOSE_DELAY_MINUTES` after
the close): everything that anybody watches there is analysed once, and each user's lists have their last verdicts.
There is such a DAG for each exchange of `BELLWETHER_DAILY_EXCHANGES`. **It is paused until you switch it on.** Its
prices come from `BELLWETHER_DEFAULT_DATA_SOURCE`; the sample ends in 2010, and a run of today is refused then.

**What happens.** `open_job` takes the tickers of all watchlists that trade there, for the session of the run, whenever
it runs; what somebody has had analysed for that session is not done again. `analyze` and `finalize_job` are those of
*Analyse stocks*. Without a ticker to watch the run says so and succeeds. The end of a run is an event of the asset
`stocks_session_...`, with the counts in its extra, for DAGs of your own.

**Late prices.** Tickers whose bar the source does not have yet are asked for again, for `BELLWETHER_LATE_BAR_MINUTES`
after the run was due; the others are stored meanwhile. Then they fail with the code `stale_prices`.

**After an outage** the newest session is analysed; with `BELLWETHER_DAILY_SINCE` every session from that day on, one
after the other. A backfill of this DAG does evenings that were missed; for sessions of the past and other tickers
there is *History*.

**On failure** as with *Analyse stocks*. Clear a run to do its session again.
"""

from datetime import UTC, date, datetime, time, timedelta

from airflow.sdk import dag

from include.pipeline.assets import session_asset
from include.pipeline.job_dags import TIMED, close_delay, daily_dag_id, daily_exchanges
from include.pipeline.tasks import analysis
from include.settings import settings
from include.timetable.session_timetable import SessionTimetable

SINCE = settings().daily_since


def stocks_daily(exchange: str) -> None:
    """Define the DAG of one exchange."""
    dag_id = daily_dag_id(exchange)
    limits = settings()

    @dag(
        dag_id=dag_id,
        dag_display_name=f"Every evening: {exchange}",
        schedule=SessionTimetable(exchange, close_delay(dag_id)),
        start_date=datetime.combine(SINCE or date(2000, 1, 3), time(), UTC),
        catchup=SINCE is not None,
        is_paused_upon_creation=True,
        allowed_run_types=TIMED,
        doc_md=__doc__,
        tags=["stocks"],
        default_args={"owner": "bellwether"},
        max_active_runs=1,
        max_active_tasks=64,
        dagrun_timeout=timedelta(minutes=limits.job_timeout_minutes + limits.late_bar_minutes),
    )
    def define() -> None:
        analysis(exchange, publishes=session_asset(exchange))

    define()


for name in daily_exchanges():
    stocks_daily(name)
