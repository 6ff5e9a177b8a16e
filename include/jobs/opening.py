"""Opens a job: the claim, its details, its batches."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from include.jobs.batches import cut_batches, describe_batches, plan_tickers
from include.jobs.claims import claim_key
from include.jobs.repeats import check_same_request
from include.jobs.reuse import reusable
from include.jobs.room import hold_room
from include.model.errors import DuplicateJobError, OvertakenError
from include.model.job import Batch, Claim, Run
from include.model.request import AnalysisRequest, Demand, OnDuplicate
from include.settings import settings
from include.storage.active import hold_active_job
from include.storage.connection import Connection
from include.storage.jobs import (
    claim_job,
    finalize_job,
    hold_run,
    is_overtaken,
    lock_run,
    supersede_job,
    write_details,
)
from include.storage.requests import (
    Disposition,
    Door,
    Repeat,
    RequestRecord,
    answer_request_id,
    find_repeat,
    record_run,
)
from include.storage.results import store_reused

log = logging.getLogger(__name__)

IsOver = Callable[[Run], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskingRun:
    """A DAG run and who asks by it, with what (`raw`), through which door."""

    run: Run
    requested_by: str
    door: Door
    raw: Mapping[str, Any]
    since: float = field(default_factory=time.monotonic)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedJob:
    """What came of a request: the claim, and what is to do: nothing when the job is another run's.

    `reused` tickers are answered from stored results already; the others are in the batches.
    """

    claim: Claim
    reused: int = 0
    batches: tuple[Batch, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What a run would analyse, and how long that is what its request asks for."""

    sessions: Mapping[str, date]
    current_until: datetime | None


class _AnsweredMeanwhileError(Exception):
    """Somebody else has answered the same request id in this moment: what they answered is the answer."""


def open_job(
    connection: Connection,
    asking: AskingRun,
    demand: Demand,
    sessions: Mapping[str, date],
    is_over: IsOver,
    current_until: datetime | None = None,
) -> OpenedJob:
    """Claim the work of `demand` for a run, answer what is known, and cut the rest into batches; one transaction.

    `sessions` says which session of each ticker is analysed, `current_until` (aware) from when on it is another one of
    some ticker; None: never, as a day was given. What was opened before that moment is not equal to what is after it.
    A holder of the claim whose run `is_over` is dead: it is ended, and not joined. Raises DuplicateJobError when the
    request asked to fail beside an equal active job, and TooManyJobsError when the job would be one too many of who
    asks.
    """
    plan = _Plan(sessions=sessions, current_until=current_until)
    while True:
        known = _known(connection, demand)
        try:
            if known is not None and _stands(known, asking, demand, is_over):
                return _join(connection, asking, demand, Run(dag_id=asking.run.dag_id, job_id=known.job_id), known)
            return _claim_or_join(connection, asking, demand, plan, is_over, known)
        except _AnsweredMeanwhileError:
            log.info("another run has just answered the request id %s", demand.request_id)


def _claim_or_join(
    connection: Connection,
    asking: AskingRun,
    demand: Demand,
    plan: _Plan,
    is_over: IsOver,
    known: Repeat | None,
) -> OpenedJob:
    while True:
        opened = _claim(connection, asking, demand, plan, known)
        holder = opened.claim.run
        if not opened.claim.joined:
            return opened
        if is_over(holder):
            log.warning("the equal active job %s is dead (its DAG run is over): it is ended, not joined", holder.job_id)
            finalize_job(connection, holder.job_id)
        elif demand.on_duplicate is OnDuplicate.FAIL:
            raise DuplicateJobError(holder.job_id)
        else:
            return _join(connection, asking, demand, holder, known)


def _claim(connection: Connection, asking: AskingRun, demand: Demand, plan: _Plan, known: Repeat | None) -> OpenedJob:
    """One try: this run's own job, opened, or the claim of another run that stands in the way."""
    run, key = asking.run, claim_key(demand.request)
    with connection.transaction():
        is_counted = hold_active_job(connection, run)
        claim = claim_job(connection, run, key, demand, plan.current_until)
        if claim.joined and demand.on_duplicate is OnDuplicate.SUPERSEDE:
            supersede_job(connection, claim.run.job_id, run.job_id, actor=demand.requested_by)
            claim = claim_job(connection, run, key, demand, plan.current_until)
        if claim.joined:
            return OpenedJob(claim=claim)
        if not is_counted:
            hold_room(connection, demand, run.job_id)
        _record(connection, asking, demand, Disposition.CREATED, run.job_id, known)
        reused = [] if demand.force else reusable(connection, demand.request, plan.sessions)
        answered = {answer.result.ticker for answer in reused}
        rest = [ticker for ticker in demand.request.tickers if ticker not in answered]
        batches = cut_batches(rest, demand.batch_size, settings())
        write_details(connection, run.job_id, plan_tickers(batches, plan.sessions))
        store_reused(connection, run.job_id, reused)
    described = describe_batches(run.job_id, claim.attempt, batches)
    return OpenedJob(claim=claim, reused=len(reused), batches=tuple(described))


def _known(connection: Connection, demand: Demand) -> Repeat | None:
    """What this request id was answered with before."""
    if demand.request_id is None:
        return None
    return find_repeat(connection, demand.requested_by, demand.request_id)


def _stands(known: Repeat, asking: AskingRun, demand: Demand, is_over: IsOver) -> bool:
    """Whether an earlier answer is this one's too: its job is stored, also an ended one, or its run is on the way."""
    if known.job_id == asking.run.job_id:
        return False
    check_same_request(known, demand)
    return known.has_job or not is_over(Run(dag_id=asking.run.dag_id, job_id=known.job_id))


def _join(connection: Connection, asking: AskingRun, demand: Demand, holder: Run, known: Repeat | None) -> OpenedJob:
    with connection.transaction():
        hold_run(connection, asking.run)
        if is_overtaken(connection, asking.run):
            raise OvertakenError(asking.run.job_id)
        _record(connection, asking, demand, Disposition.JOINED, holder.job_id, known)
        # An earlier try, or what the run did before it was cleared, may have opened a job of its own, for the session
        # before: nobody works on it any more.
        supersede_job(connection, asking.run.job_id, holder.job_id, actor=demand.requested_by)
    return OpenedJob(claim=Claim(run=holder, attempt=0, joined=True))


def _record(
    connection: Connection,
    asking: AskingRun,
    demand: Demand,
    disposition: Disposition,
    job_id: str,
    known: Repeat | None,
) -> None:
    """Record the request, and the answer of its request id in place of the one that is `known`."""
    record_run(connection, _request_record(asking, demand.request, demand.request_id, disposition, job_id))
    if demand.request_id is None:
        return
    key, replaced = claim_key(demand.request), known.job_id if known else None
    if not answer_request_id(
        connection, demand.requested_by, demand.request_id, key, job_id, disposition, instead_of=replaced
    ):
        raise _AnsweredMeanwhileError


def record_refusal(connection: Connection, asking: AskingRun, request: AnalysisRequest | None, reason: str) -> None:
    """Record that the request of a run was refused, behind the record of its making when a door of ours made it.

    What an older try of the first task says does not count when a later one has opened the job.
    """
    refused = _request_record(asking, request, None, Disposition.REFUSED, None, reason)
    with connection.transaction():
        lock_run(connection, asking.run.job_id)
        if not is_overtaken(connection, asking.run):
            record_run(connection, refused)


def _request_record(
    asking: AskingRun,
    request: AnalysisRequest | None,
    request_id: str | None,
    disposition: Disposition,
    job_id: str | None,
    reason: str | None = None,
) -> RequestRecord:
    return RequestRecord(
        requested_by=asking.requested_by,
        door=asking.door,
        raw=dict(asking.raw),
        request=request,
        disposition=disposition,
        job_id=job_id,
        reason=reason,
        latency_ms=(time.monotonic() - asking.since) * 1000,
        run_id=asking.run.job_id,
        request_id=request_id,
    )
