"""The task that tells users what changed, and how it tells what it did: log, result, metrics."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from airflow.sdk import result, task
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException
from airflow.sdk.observability import stats

from include.jobs.notifying import Send, tell
from include.model.notifications import Channel, Telling
from include.pipeline.database import stocks
from include.pipeline.mailing import Mailer
from include.pipeline.webhook import Webhook
from include.settings import settings

log = logging.getLogger(__name__)

RETRIES: dict[str, Any] = {"retries": 2, "retry_delay": timedelta(seconds=10)}  # when the database is away


@result
@task(multiple_outputs=False, **RETRIES)
def send_notifications(ti: Any) -> dict[str, Any]:  # noqa: ANN401
    """Make notifications of jobs that have ended and send what is due; fails when something could not be sent."""
    with stocks() as database, ways() as open_ways:
        told = tell(database, open_ways, settings().notification_tries)
    _say(told)
    if told.problems:
        ti.xcom_push(key=BaseXCom.XCOM_RETURN_KEY, value=asdict(told))  # who fails returns nothing
        raise AirflowFailException("; ".join(told.problems))
    return asdict(told)


@contextmanager
def ways() -> Iterator[dict[Channel, Send]]:
    """The ways that an operator has given a connection, until the block ends."""
    chosen, found = settings(), dict[Channel, Send]()
    with ExitStack() as held:
        if chosen.smtp_connection_id:
            found[Channel.EMAIL] = held.enter_context(Mailer(chosen.smtp_connection_id))
        if chosen.webhook_connection_id:
            found[Channel.WEBHOOK] = held.enter_context(Webhook(chosen.webhook_connection_id))
        yield found


def _say(told: Telling) -> None:
    log.info(
        "%d ended jobs; %d notifications sent, %d not wanted any more, %d given up",
        told.jobs,
        told.sent,
        told.dropped,
        told.given_up,
    )
    stats.incr("bellwether.notifications.sent", told.sent)
    stats.incr("bellwether.notifications.failed", len(told.problems))
