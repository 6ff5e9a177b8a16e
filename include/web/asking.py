"""One request through an HTTP door: made canonical, submitted, recorded with what became of it."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from include.jobs.canonical import Requester, canonicalise
from include.jobs.submission import Runs, Submission, submit
from include.market.sessions import resolve_sessions
from include.model.errors import InvalidRequestError, RunExistsError
from include.model.request import AnalysisRequest, Demand, Trigger
from include.storage.connection import Connection
from include.storage.requests import Disposition, Door, RequestRecord, record_request
from include.storage.watchlist import watchlist_tickers

TRIGGERS = {Door.UI: Trigger.UI, Door.REST: Trigger.API, Door.API: Trigger.API}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a request that was accepted."""

    demand: Demand
    submission: Submission


def ask(
    connection: Connection, runs: Runs, raw: Mapping[str, Any], user: str, door: Door, own_id: str | None = None
) -> Answer:
    """Submit what somebody sent, and record it.

    Raises InvalidRequestError and RunExistsError, which are recorded too.
    """
    start = time.monotonic()
    request: AnalysisRequest | None = None

    def record(disposition: Disposition, job_id: str | None, why: str | None) -> None:
        record_request(
            connection,
            RequestRecord(
                requested_by=user,
                door=door,
                raw=raw,
                request=request,
                disposition=disposition,
                job_id=job_id,
                reason=why,
                latency_ms=(time.monotonic() - start) * 1000,
            ),
        )

    try:
        demand = _demand(connection, raw, user, door)
        request = demand.request
        submission = submit(connection, runs, demand, own_id)
    except (InvalidRequestError, RunExistsError) as error:
        record(Disposition.REFUSED, None, str(error))
        raise
    record(Disposition.CREATED if submission.created else Disposition.JOINED, submission.run_id, None)
    return Answer(demand=demand, submission=submission)


def _demand(connection: Connection, raw: Mapping[str, Any], user: str, door: Door) -> Demand:
    requester = Requester(name=user, trigger=TRIGGERS[door], watchlist=lambda: watchlist_tickers(connection, user))
    demand = canonicalise(raw, requester)
    request = demand.request
    if request.as_of:  # a date that cannot be analysed is refused here; without one there is nothing to refuse
        resolve_sessions(request.tickers, request.data_source, request.as_of, datetime.now(UTC))
    return demand
