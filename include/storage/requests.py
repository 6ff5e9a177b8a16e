"""The record of requests, which only grows, and what is known of equal work before a run is made for it."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg.types.json import Jsonb

from include.model.request import AnalysisRequest
from include.storage.connection import Connection, queries
from include.storage.jobs import request_document


class Door(StrEnum):
    """Which way a request came in: Airflow's form, Airflow's REST API, or our own API."""

    UI = "ui"
    REST = "rest"
    API = "api"


class Disposition(StrEnum):
    """What became of a request."""

    CREATED = "created"
    JOINED = "joined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request as it is recorded: the raw payload, and what became of it after `latency_ms`."""

    requested_by: str
    door: Door
    raw: Any
    request: AnalysisRequest | None
    disposition: Disposition
    job_id: str | None
    reason: str | None
    latency_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWork:
    """What the database knows of a claim key: the job that is active, and how many have ended."""

    active_job_id: str | None
    ended_jobs: int


def record_request(connection: Connection, record: RequestRecord) -> None:
    """Append one request to the record."""
    queries().record_request(
        connection,
        requested_by=record.requested_by,
        door=record.door,
        raw=Jsonb(_storable(record.raw)),
        request=None if record.request is None else Jsonb(request_document(record.request)),
        disposition=record.disposition,
        job_id=record.job_id,
        reason=record.reason,
        latency_ms=record.latency_ms,
    )


def _storable(raw: Any) -> Any:  # noqa: ANN401
    """What was sent, as PostgreSQL can keep it: it has neither NaN nor the character 0."""
    text = json.dumps(raw, default=str).replace("\\u0000", "\\ufffd")
    return json.loads(text, parse_constant=str)


def find_claim(connection: Connection, claim_key: str) -> KnownWork:
    """What is known of this work now. Decides nothing: the constraints do, when the run is made and claims."""
    return KnownWork(**queries().find_claim(connection, claim_key=claim_key))
