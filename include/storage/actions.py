"""The record of what was done to jobs that exist, which only grows."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from psycopg.types.json import Jsonb

from include.storage.connection import Connection, queries

HOUSEKEEPING = "housekeeping"  # the actor when it was nobody in person


class Action(StrEnum):
    """What was done."""

    CANCEL = "cancel"
    SUPERSEDE = "supersede"
    DELETE = "delete"
    CLEAN = "clean"
    RETENTION = "retention"


def record_action(
    connection: Connection, actor: str, action: Action, job_id: str | None, details: Mapping[str, Any] | None = None
) -> None:
    """Append one action; `job_id` is None when it is not about one job. Belongs into the transaction of the action."""
    queries().record_action(connection, actor=actor, action=action, job_id=job_id, details=Jsonb(dict(details or {})))
