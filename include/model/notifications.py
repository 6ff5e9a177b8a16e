"""Telling users what changed: whom, which way, what, and what became of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from include.model.changes import Change
from include.model.errors import BellwetherError


class Channel(StrEnum):
    """A way to a user. An operator gives each its connection; a webhook is the operator's own address."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class Rule(StrEnum):
    """When somebody wants to be told of a job's end: when something changed, always, or never."""

    CHANGES = "changes"
    ALWAYS = "always"
    NEVER = "never"


class NotificationStatus(StrEnum):
    """Life of one notification. One is dropped when its owner does not want it any more, or its way is gone."""

    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"


class ReceiverAwayError(BellwetherError):
    """A way is closed for every notification: its server is away, or its connection is wrong."""

    code = "receiver_away"


class RefusedError(BellwetherError):
    """The receiver does not take this notification; others may go through."""

    code = "notification_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """Whether, where and when a user wants to be told."""

    enabled: bool = False
    email: str | None = None
    webhook: bool = False
    rule: Rule = Rule.CHANGES

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The ways that the user has chosen."""
        return (*([Channel.EMAIL] if self.email else []), *([Channel.WEBHOOK] if self.webhook else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What a job did to one list: how many of its tickers it was about, and what changed."""

    list: str
    job_id: str
    status: str
    completed_at: datetime
    tickers: int
    failed: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """A digest on its way. `tries` counts this one; the receiver knows by `message_id` what it has had already."""

    id: int
    message_id: UUID
    channel: Channel
    email: str | None
    digest: Digest
    tries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRow:
    """What became of a notification, as its owner sees it. `error` is that of the last try."""

    message_id: UUID
    list: str
    job_id: str
    channel: Channel
    status: NotificationStatus
    tries: int
    error: str | None
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """What is on the way to all users: messages of the outbox and notifications; and what a week has given up."""

    messages: int
    notifications: int
    given_up: int


@dataclass(slots=True, kw_only=True)
class Telling:
    """What one run of the sender did: ended jobs that were looked at, and what became of each notification."""

    jobs: int = 0
    sent: int = 0
    dropped: int = 0
    given_up: int = 0
    problems: list[str] = field(default_factory=list)
