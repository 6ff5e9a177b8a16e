"""
### Notifications

Every two minutes: tells users what changed on their watchlists, by mail and by a webhook. Without a connection for
either (`BELLWETHER_SMTP_CONNECTION_ID`, `BELLWETHER_WEBHOOK_CONNECTION_ID`) nobody is told; it then runs once an hour
and marks the ended jobs as looked at, so that nothing piles up.

**Who is told** what each user has chosen (`PATCH /api/stocks/notifications`): one digest a list and job, when something
changed, always or never.

**At least once, and hardly ever twice.** A notification is claimed by one sender, sent, and then noted as sent. Who is
killed in between leaves it to be sent again, with the same `Message-ID` or `Idempotency-Key`.

**On failure** the run says what could not be sent and why. A receiver that is away is tried again after 1, 2, 4 minutes
and so on up to two hours, `BELLWETHER_NOTIFICATION_TRIES` times; then the notification is given up, which its owner and
`make doctor` are shown. Jobs never wait for any of this.
"""

from datetime import timedelta

from airflow.sdk import dag

from include.pipeline.notifications import send_notifications
from include.settings import settings

HAS_A_WAY = settings().smtp_connection_id or settings().webhook_connection_id


@dag(
    dag_display_name="Notifications",
    schedule="*/2 * * * *" if HAS_A_WAY else "@hourly",
    catchup=False,  # and without a start_date: with one, a new installation would run this before all else
    doc_md=__doc__,
    tags=["stocks"],
    default_args={"owner": "bellwether"},
    max_active_runs=1,
    dagrun_timeout=timedelta(minutes=10),
)
def stocks_notifications() -> None:
    """Wire the task."""
    send_notifications()


stocks_notifications()
