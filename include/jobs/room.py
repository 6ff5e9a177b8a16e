"""How many jobs one user may have active at once, so that nobody keeps all others waiting."""

from collections.abc import Collection

from include.model.errors import TooManyJobsError
from include.model.request import Demand, Trigger
from include.settings import settings
from include.storage.active import active_jobs_of, hold_user
from include.storage.connection import Connection

# Nobody in person asks for these: Airflow makes their runs as its own settings say.
UNCOUNTED = frozenset({Trigger.SCHEDULE, Trigger.BACKFILL, Trigger.OPERATOR, Trigger.ASSET})


def check_room(
    connection: Connection, demand: Demand, *, under_way: Collection[str] = (), besides: str | None = None
) -> None:
    """Raise TooManyJobsError when there is no room for one more job of who asks.

    `besides` is no other job: it is the one that is to be counted, or the one whose place it takes. Runs that are
    `under_way` to their jobs count. Without `hold_room` somebody else may take the place that was found.
    """
    if demand.trigger in UNCOUNTED:
        return
    active = active_jobs_of(connection, demand.requested_by, uncounted=UNCOUNTED, under_way=under_way)
    others, most = [job_id for job_id in active if job_id != besides], settings().max_active_jobs
    if len(others) >= most:
        raise TooManyJobsError(len(others), most, others[0])


def hold_room(connection: Connection, demand: Demand, job_id: str) -> None:
    """Keep the place of a job that this transaction opens, last of all that it waits for; raises TooManyJobsError."""
    if demand.trigger not in UNCOUNTED:
        hold_user(connection, demand.requested_by)
        check_room(connection, demand, besides=job_id)
