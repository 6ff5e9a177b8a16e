"""Tells users what changed: each notification at least once, by one sender at a time, each for itself."""

import logging
import time
from collections.abc import Callable, Mapping
from uuid import uuid4

from include.model.notifications import Channel, Notification, ReceiverAwayError, RefusedError, Telling
from include.storage.database import Database
from include.storage.notifications import (
    MOST_MESSAGES,
    claim_notification,
    drop_unwanted,
    hand_on,
    mark_failed,
    mark_sent,
)

log = logging.getLogger(__name__)

BUDGET_SECONDS = 90.0  # what is left then is for the next run
FIRST_PAUSE = 60.0  # until a notification is tried again; each pause is twice the one before
LONGEST_PAUSE = 7200.0

Send = Callable[[Notification], None]


def tell(
    database: Database, ways: Mapping[Channel, Send], most_tries: int, clock: Callable[[], float] = time.monotonic
) -> Telling:
    """Make notifications of the jobs that have ended, and send those that are due, until none or no time is left.

    A way that is closed is left alone for this run, and costs only the first of its notifications a try. Whoever is
    killed between sending and noting it leaves a notification that is sent again, under the same id.
    """
    end = clock() + BUDGET_SECONDS
    told, closed, holder = Telling(), set[Channel](), uuid4().hex
    _hand_on(database, ways, told)
    while clock() < end and (open_ways := [way for way in ways if way not in closed]):
        notification = database.run(lambda c, ways=open_ways: claim_notification(c, ways, holder))  # type: ignore[misc]
        if notification is None:
            break
        error = _hopeless(notification, most_tries) or _try(ways[notification.channel], notification)
        if error is None:
            database.run(lambda c, sent=notification: mark_sent(c, sent))  # type: ignore[misc]
            told.sent += 1
            continue
        if isinstance(error, ReceiverAwayError):
            closed.add(notification.channel)
        _note_failure(database, notification, holder, error, most_tries, told)
    return told


def _hand_on(database: Database, ways: Mapping[Channel, Send], told: Telling) -> None:
    while True:
        jobs = database.run(lambda connection: hand_on(connection, tuple(ways)))
        told.jobs += jobs
        if jobs < MOST_MESSAGES:
            break
    told.dropped = database.run(lambda connection: drop_unwanted(connection, tuple(ways)))


def _hopeless(notification: Notification, most_tries: int) -> Exception | None:
    """One that no sender has survived is not tried for ever."""
    return RefusedError(f"{most_tries} senders ended over it") if notification.tries > most_tries else None


def _try(send: Send, notification: Notification) -> Exception | None:
    """Why it could not be sent. One notification, whatever is wrong with it, must not keep the others from going."""
    try:
        send(notification)
    except Exception as error:
        log.warning("notification %s: %s: %s", notification.message_id, type(error).__name__, error)
        return error
    log.info("notification %s sent by %s", notification.message_id, notification.channel)
    return None


def _note_failure(
    database: Database, notification: Notification, holder: str, error: Exception, most_tries: int, told: Telling
) -> None:
    said = str(error) or type(error).__name__
    again_in = pause_after(notification.tries) if notification.tries < most_tries else None
    database.run(lambda connection: mark_failed(connection, notification, holder, said, again_in))
    told.given_up += again_in is None
    told.problems.append(f"{notification.channel} {notification.message_id}: {said}")


def pause_after(tries: int) -> float:
    """Seconds until the next try, after so many."""
    return float(min(FIRST_PAUSE * 2 ** (tries - 1), LONGEST_PAUSE))
