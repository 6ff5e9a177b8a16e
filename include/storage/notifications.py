"""Notifications: made of the messages of the outbox, claimed by one sender at a time, and what became of them."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from pydantic import TypeAdapter

from include.model.notifications import Channel, Notification, NotificationRow, Preferences, Waiting
from include.storage.connection import Connection, queries

LEASE_SECONDS = 300.0  # longer than any sending may take; who dies meanwhile leaves it for the next one
MOST_MESSAGES = 10  # of the outbox, that become notifications in one statement: a list may have a thousand changes

_NOTIFICATION = TypeAdapter(Notification)
_PREFERENCES = TypeAdapter(Preferences)
_ROWS = TypeAdapter(list[NotificationRow])


def hand_on(connection: Connection, channels: Sequence[Channel]) -> int:
    """Make notifications of some messages of the outbox, all or nothing; returns how many messages that were."""
    handed: int = queries().hand_on(connection, channels=list(channels), most=MOST_MESSAGES)["jobs"]
    return handed


def drop_unwanted(connection: Connection, channels: Sequence[Channel]) -> int:
    """End what waits in vain: for who does not want it any more, or for a way that is gone. Returns how many."""
    dropped: int = queries().drop_unwanted(connection, channels=list(channels))
    return dropped


def claim_notification(connection: Connection, channels: Sequence[Channel], holder: str) -> Notification | None:
    """The next notification that is due, which nobody else sends until the lease ends; None when there is none."""
    row = queries().claim_notification(connection, channels=list(channels), holder=holder, seconds=LEASE_SECONDS)
    return None if row is None else _NOTIFICATION.validate_python(row)


def mark_sent(connection: Connection, notification: Notification) -> None:
    """Note that the receiver has a notification."""
    queries().mark_sent(connection, id=notification.id)


def mark_failed(
    connection: Connection, notification: Notification, holder: str, error: str, again_in: float | None
) -> None:
    """Note why the receiver has not got a notification, and when it is tried again; None: never."""
    queries().mark_failed(
        connection,
        id=notification.id,
        holder=holder,
        error=error.replace("\0", ""),
        seconds=again_in or 0.0,
        given_up=again_in is None,
    )


def preferences(connection: Connection, owner: str) -> Preferences:
    """What a user wants; one who never said anything wants nothing."""
    row = queries().preferences(connection, owner=owner)
    return Preferences() if row is None else _PREFERENCES.validate_python(row)


def change_preferences(connection: Connection, owner: str, changes: dict[str, Any]) -> Preferences:
    """Change what `changes` has of a user's preferences; belongs into a transaction."""
    queries().lock_preferences(connection, owner=owner)
    wanted = replace(preferences(connection, owner), **changes)
    queries().write_preferences(connection, owner=owner, **asdict(wanted))
    return wanted


def notifications_of(connection: Connection, owner: str, most: int) -> list[NotificationRow]:
    """The newest notifications of a user and what became of them."""
    return _ROWS.validate_python(list(queries().notifications_of(connection, owner=owner, most=most)))


def waiting(connection: Connection) -> Waiting:
    """What is on the way to all users."""
    return Waiting(**queries().waiting(connection))
