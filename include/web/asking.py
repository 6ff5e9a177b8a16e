"""One request through an HTTP door: made canonical, submitted, recorded with what became of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from fastapi import HTTPException

from include.jobs.canonical import Requester, canonicalise
from include.jobs.claims import claim_key
from include.jobs.repeats import check_same_request
from include.jobs.submission import Runs, Submission, submit
from include.market.sessions import resolve_sessions
from include.model.errors import DuplicateJobError, InvalidRequestError, RunExistsError, TooManyJobsError
from include.model.request import AnalysisRequest, Demand
from include.storage.aliases import ticker_aliases
from include.storage.calendars import calendar_overrides
from include.storage.connection import Connection
from include.storage.requests import (
    Disposition,
    Door,
    RequestRecord,
    answer_request_id,
    answered_tickers,
    find_repeat,
    record_request,
)
from include.storage.schema import check_schema
from include.storage.watchlist import watchlist_tickers

REFUSALS = (
    *(InvalidRequestError, RunExistsError, DuplicateJobError, TooManyJobsError),
    HTTPException,  # Airflow's
)


class KeptRuns(Runs, Protocol):
    """Runs of which nobody else sees what was made before it is kept."""

    def keep(self) -> None:
        """Let everybody see the runs that were made."""

    def drop(self) -> None:
        """Undo what was made and not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody sent, who, and by which door. `own_id` is the name that a client gives its run."""

    raw: Mapping[str, Any]
    user: str
    door: Door
    own_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a request that was accepted."""

    demand: Demand
    submission: Submission


def ask(connection: Connection, runs: KeptRuns, asked: Asked) -> Answer:
    """Submit what somebody sent, and record it: a run that anybody can see has its record.

    Raises what refuses it, which is recorded too, and SchemaError where the first task would. Whatever is raised, no
    run was made, and the same may be tried again.
    """
    start, request = time.monotonic(), None
    try:
        check_schema(connection)
        demand = _demand(connection, asked)
        request = demand.request
        submission = submit(connection, runs, demand, asked.own_id)
        with connection.transaction():
            record_request(connection, _accepted(asked, demand, submission, start))
            _remember(connection, demand, submission)
        _keep(connection, runs, asked, demand, start)
    except REFUSALS as error:
        runs.drop()
        record_request(connection, _refused(asked, request, str(error), start))
        raise
    except BaseException:
        runs.drop()
        raise
    return Answer(demand=demand, submission=submission)


def _demand(connection: Connection, asked: Asked) -> Demand:
    requester = Requester(
        name=asked.user,
        trigger=asked.door.trigger,
        watchlist=lambda: watchlist_tickers(connection, asked.user),
        aliases=lambda: ticker_aliases(connection),
        promised=lambda: answered_tickers(connection, asked.user, asked.raw.get("request_id"), asked.raw),
    )
    demand = canonicalise(asked.raw, requester)
    request = demand.request
    if request.as_of:  # a date that cannot be analysed is refused here; without one there is nothing to refuse
        overrides = calendar_overrides(connection)
        resolve_sessions(request.tickers, request.data_source, request.as_of, datetime.now(UTC), overrides=overrides)
    return demand


def _keep(connection: Connection, runs: KeptRuns, asked: Asked, demand: Demand, start: float) -> None:
    """Keep the run that was recorded; where Airflow cannot, the record says so too."""
    try:
        runs.keep()
    except Exception as error:
        record_request(connection, _refused(asked, demand.request, f"Airflow did not keep the run: {error!r}", start))
        raise


def _remember(connection: Connection, demand: Demand, submission: Submission) -> None:
    """Remember the answer of a request id, unless somebody has just given it to another request: that refuses this."""
    if demand.request_id is None or submission.repeated:
        return
    whose, key = (demand.requested_by, demand.request_id), claim_key(demand.request)
    answered = False
    while not answered:
        known = find_repeat(connection, *whose)
        if known is not None:
            check_same_request(known, demand)
        instead_of = known.job_id if known else None
        answered = answer_request_id(
            connection, *whose, key, submission.run_id, submission.disposition, instead_of=instead_of
        )


def _accepted(asked: Asked, demand: Demand, submission: Submission, start: float) -> RequestRecord:
    made = submission.created and not submission.repeated
    return RequestRecord(
        requested_by=asked.user,
        door=asked.door,
        raw=asked.raw,
        request=demand.request,
        disposition=Disposition.REPEATED if submission.repeated else submission.disposition,
        job_id=submission.run_id,
        reason=None,
        latency_ms=_milliseconds(start),
        run_id=submission.run_id if made else None,
        request_id=demand.request_id,
    )


def _refused(asked: Asked, request: AnalysisRequest | None, reason: str, start: float) -> RequestRecord:
    return RequestRecord(
        requested_by=asked.user,
        door=asked.door,
        raw=asked.raw,
        request=request,
        disposition=Disposition.REFUSED,
        job_id=None,
        reason=reason,
        latency_ms=_milliseconds(start),
    )


def _milliseconds(start: float) -> float:
    return (time.monotonic() - start) * 1000
