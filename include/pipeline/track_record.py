"""The task that follows the verdicts of the past, and how it tells what was done: log, note, result, metrics."""

import logging
from datetime import timedelta
from typing import Any

from airflow.sdk import result, task
from airflow.sdk.observability import stats
from pydantic import TypeAdapter

from include.jobs.track_record import Progress, update_track_record
from include.market.sources.source import utc_now
from include.pipeline.database import stocks
from include.pipeline.notes import NOTE, fit

log = logging.getLogger(__name__)


@result
@task(multiple_outputs=False, retries=2, retry_delay=timedelta(seconds=30))
def follow_verdicts(ti: Any) -> dict[str, Any]:  # noqa: ANN401
    """Follow every verdict of which more can be known, for some minutes, and renew the records."""
    with stocks() as database:
        progress = update_track_record(database, utc_now)
    log.info("%s", progress.summary or "nothing was to be done")
    stats.incr("bellwether.track_record.followed", progress.followed)
    stats.gauge("bellwether.track_record.more", int(progress.more))
    if progress.summary:
        ti.xcom_push(key=NOTE, value=fit(progress.summary))
    document: dict[str, Any] = TypeAdapter(Progress).dump_python(progress, mode="json")
    return document
