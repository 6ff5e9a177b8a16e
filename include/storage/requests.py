"""The record of requests, which only grows, and what is known of equal work before a run is made for it."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from psycopg.types.json import Jsonb

from include.model.request import AnalysisRequest, Trigger
from include.storage.connection import Connection, queries
from include.storage.jobs import request_document


class Door(StrEnum):
    """Which way a request came in: Airflow's form, Airflow's REST API, our own API, or as a run that Airflow made.

    Airflow makes runs without us for its command line, the schedule, a backfill, another DAG, an asset; `run` when it
    does not say for what.
    """

    UI = "ui"
    REST = "rest"
    API = "api"
    CLI = "cli"
    SCHEDULE = "schedule"
    BACKFILL = "backfill"
    OPERATOR = "operator"
    ASSET = "asset"
    RUN = "run"

    @property
    def trigger(self) -> Trigger:
        """How the job of such a request says it."""
        return _TRIGGERS[self]


_TRIGGERS = {
    Door.UI: Trigger.UI,
    Door.REST: Trigger.API,
    Door.API: Trigger.API,
    Door.CLI: Trigger.CLI,
    Door.RUN: Trigger.MANUAL,
    Door.SCHEDULE: Trigger.SCHEDULE,
    Door.BACKFILL: Trigger.BACKFILL,
    Door.OPERATOR: Trigger.OPERATOR,
    Door.ASSET: Trigger.ASSET,
}


class Disposition(StrEnum):
    """What became of a request."""

    CREATED = "created"
    JOINED = "joined"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """One request as it is recorded: the raw payload, and what became of it after `latency_ms`.

    `run_id` is the run that was made for it; `job_id` the job that answers it, another run's when it joined.
    """

    requested_by: str
    door: Door
    raw: Any
    request: AnalysisRequest | None
    disposition: Disposition
    job_id: str | None
    reason: str | None
    latency_ms: float
    run_id: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """What the first request of a request id was answered with. `has_job`: the job is stored (still)."""

    claim_key: str
    job_id: str
    disposition: Disposition
    has_job: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownWork:
    """What the database knows of a claim key: the job that is active, and the number that no ended one has had."""

    active_job_id: str | None
    next_number: int


def record_request(connection: Connection, record: RequestRecord) -> None:
    """Append one request to the record."""
    queries().record_request(connection, **_columns(record))


def record_run(connection: Connection, record: RequestRecord) -> None:
    """Append what became of the request that a run stands for, unless the newest record of the run says so already.

    Belongs behind whatever lets one process at a time decide about the run: nothing else keeps two records apart.
    """
    queries().record_run(connection, **_columns(record))


def door_of_run(connection: Connection, run_id: str, requested_by: str) -> Door | None:
    """The door whose request made this run for somebody, None when there is no record of it."""
    found: str | None = queries().door_of_run(connection, run_id=run_id, requested_by=requested_by)
    return None if found is None else Door(found)


def promised_tickers(connection: Connection, run_id: str, requested_by: str, raw: Any) -> tuple[str, ...]:  # noqa: ANN401
    """The tickers that a run was made for: what its request was resolved to then; none when there is no record of it.

    A watchlist, a universe or a name may have changed since.
    """
    sent = Jsonb(_storable(raw))
    found = queries().promised_tickers(connection, run_id=run_id, requested_by=requested_by, raw=sent)
    return tuple(found or ())


def answered_tickers(connection: Connection, requested_by: str, request_id: str | None, raw: Any) -> tuple[str, ...]:  # noqa: ANN401
    """The tickers that the same request was answered for under its request id; none when it is new, or another one."""
    if request_id is None:
        return ()
    sent = Jsonb(_storable(raw))
    found = queries().answered_tickers(connection, requested_by=requested_by, request_id=request_id, raw=sent)
    return tuple(found or ())


def _columns(record: RequestRecord) -> dict[str, Any]:
    return {
        "requested_by": record.requested_by,
        "door": record.door,
        "raw": Jsonb(_storable(record.raw)),
        "request": None if record.request is None else Jsonb(request_document(record.request)),
        "disposition": record.disposition,
        "job_id": record.job_id,
        "reason": None if record.reason is None else _storable_text(record.reason),
        "latency_ms": record.latency_ms,
        "run_id": record.run_id,
        "request_id": record.request_id,
    }


def find_repeat(connection: Connection, requested_by: str, request_id: str) -> Repeat | None:
    """What this user's request of that id was answered with, None when it is new."""
    row = queries().find_request_id(connection, requested_by=requested_by, request_id=request_id)
    return None if row is None else Repeat(**{**row, "disposition": Disposition(row["disposition"])})


def answer_request_id(
    connection: Connection,
    requested_by: str,
    request_id: str,
    claim_key: str,
    job_id: str,
    disposition: Disposition,
    instead_of: str | None = None,
) -> bool:
    """Remember what a request id was answered with, in place of no other answer than `instead_of`.

    False when somebody else has answered it meanwhile with another job. Belongs into the transaction of the answer.
    """
    written = queries().answer_request_id(
        connection,
        requested_by=requested_by,
        request_id=request_id,
        claim_key=claim_key,
        job_id=job_id,
        disposition=disposition,
        instead_of=instead_of,
    )
    if written is not None:
        return True
    known = find_repeat(connection, requested_by, request_id)
    return known is not None and known.job_id == job_id


def _storable(raw: Any) -> Any:  # noqa: ANN401
    """What was sent, as PostgreSQL can keep it: it has no NaN either."""
    text = _storable_text(json.dumps(raw, default=str, ensure_ascii=False)).replace("\\u0000", "\\ufffd")
    return json.loads(text, parse_constant=str)


def _storable_text(text: str) -> str:
    """A text as PostgreSQL can keep it: it has neither the character 0 nor half of a surrogate pair."""
    return text.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def find_claim(connection: Connection, claim_key: str) -> KnownWork:
    """What is known of this work now. Decides nothing: the constraints do, when the run is made and claims."""
    return KnownWork(**queries().find_claim(connection, claim_key=claim_key))


def has_left(connection: Connection, run_id: str, claim_key: str) -> bool:
    """Whether a run that was made for this work does not do it (any more).

    It was cancelled or refused, has joined another one's job, or its own is other work: a new version of the strategy.
    """
    left: bool = queries().has_left(connection, run_id=run_id, claim_key=claim_key)
    return left
