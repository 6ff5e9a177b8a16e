"""Reads of the record of requests: a user's own, or everybody's for who may see all."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.model.viewer import Viewer
from include.storage.connection import Connection, queries
from include.storage.requests import Disposition, Door
from include.storage.viewing import as_seen_by


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFilter:
    """Which requests to look for; None: all. `since` is included."""

    requested_by: str | None = None
    door: Door | None = None
    disposition: Disposition | None = None
    job_id: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """One request and what became of it: `run_id` is the run made for it, `job_id` the job that answered it.

    `follows` None: a request. Otherwise what became of the one that an earlier record is of, by its id: its run has
    joined another one's job, was refused or, cleared, has opened its own.
    """

    id: int
    requested_at: datetime
    requested_by: str
    door: Door
    disposition: Disposition
    job_id: str | None
    run_id: str | None
    request_id: str | None
    reason: str | None
    latency_ms: float
    follows: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRequest(RecordedRequest):
    """A request with what was sent, and the canonical request that it stands for, None when it has none."""

    raw: Any
    request: dict[str, Any] | None


def recorded_requests(
    connection: Connection, viewer: Viewer, wanted: RequestFilter, before: tuple[datetime, int] | None, most: int
) -> tuple[RecordedRequest, ...]:
    """Up to `most` requests, the newest first, from behind the one recorded at that time with that id."""
    before_at, before_id = before or (None, None)
    rows = queries().recorded_requests(
        connection,
        **as_seen_by(viewer),
        requested_by=wanted.requested_by,
        door=wanted.door,
        disposition=wanted.disposition,
        job_id=wanted.job_id,
        since=wanted.since,
        before_at=before_at,
        before_id=before_id,
        most=most,
    )
    return tuple(RecordedRequest(**_typed(row)) for row in rows)


def sent_request(connection: Connection, viewer: Viewer, record_id: int) -> SentRequest | None:
    """One request of the record; None when there is none for this viewer."""
    row = queries().sent_request(connection, id=record_id, **as_seen_by(viewer))
    return None if row is None else SentRequest(**_typed(row))


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "door": Door(row["door"]), "disposition": Disposition(row["disposition"])}
