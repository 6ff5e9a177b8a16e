"""
### Track record

Every hour: what came of the verdicts of the past.

**Follow.** Each stored verdict gets its returns after 1, 5 and 20 sessions, and whether stop or target came first,
from the prices that are at hand; nothing is fetched. One whose 20 sessions are not over is looked at again when there
are newer bars, and one that was written anew is followed anew.

**Records.** For each strategy and price source hit rate, mean, median and count by verdict and by score, beside the
mean of all analysed stocks on the same days: `GET /api/stocks/track-record`, `python -m include.client track-record`.

**Portions.** A portion of a few thousand verdicts is one transaction, and after three minutes the rest is left to the
next run. Nothing is lost when a run is killed; doing it again changes nothing.

**On failure** the next run goes on where this one stopped. To have it at once, trigger it.
"""

from datetime import timedelta

from airflow.sdk import dag

from include.pipeline.track_record import follow_verdicts


@dag(
    dag_display_name="Track record",
    schedule="17 * * * *",
    catchup=False,  # and without a start_date: with one, a new installation would run this before all else
    doc_md=__doc__,
    tags=["stocks"],
    default_args={"owner": "bellwether"},
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=20),
)
def stocks_track_record() -> None:
    """Wire the task."""
    follow_verdicts()


stocks_track_record()
