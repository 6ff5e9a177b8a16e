"""Reads and writes of jobs and their details."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from include.model.errors import CancelledRunError, ClaimCollisionError, ErrorCode, OvertakenError, StaleAttemptError
from include.model.job import (
    Batch,
    BatchWork,
    Claim,
    DetailStatus,
    JobStatus,
    PlannedTicker,
    Progress,
    QuietJob,
    Run,
)
from include.model.request import AnalysisRequest, Demand
from include.storage.actions import Action, record_action
from include.storage.changes import write_changes
from include.storage.connection import Connection, queries

_REQUEST = TypeAdapter(AnalysisRequest)


def request_document(request: AnalysisRequest) -> dict[str, Any]:
    """The canonical request as the JSON object that is stored and hashed."""
    return _REQUEST.dump_python(request, mode="json")  # type: ignore[no-any-return]


def clock(connection: Connection) -> datetime:
    """What time it is, for all hosts (aware)."""
    now: datetime = queries().clock(connection)
    return now


def lock_run(connection: Connection, run_id: str) -> None:
    """Let one transaction at a time decide what becomes of a run, also while there is no job of it yet."""
    queries().lock_run(connection, run_id=run_id)


def hold_run(connection: Connection, run: Run) -> None:
    """Lock a run for this transaction. Raises CancelledRunError when it was cancelled before it came here."""
    lock_run(connection, run.job_id)
    if is_cancelled_run(connection, run.job_id, run.clear_number):
        raise CancelledRunError(run.job_id)


def claim_job(
    connection: Connection, run: Run, claim_key: str, demand: Demand, current_until: datetime | None = None
) -> Claim:
    """Claim the work for `run`, or learn whose run is doing it. An earlier attempt of this run is over by it.

    Work that is what its request asks for until another moment (`current_until`, aware; None: for ever) is other work.
    Belongs into one transaction with `write_details`. Raises ClaimCollisionError when the holder's request is another,
    CancelledRunError when the run was cancelled before it came here, and OvertakenError when its job has ended since,
    or was opened by a later try.
    """
    hold_run(connection, run)
    while True:
        if is_overtaken(connection, run):
            raise OvertakenError(run.job_id)
        columns = _job_columns(claim_key, demand, current_until)
        claim = _reopen(connection, run, columns) or _claim(connection, run, demand, columns)
        if claim is not None:
            return claim


def is_overtaken(connection: Connection, run: Run) -> bool:
    """Whether the job of a run has ended since it was cleared last, or was opened by a later try of its first task."""
    overtaken: bool = queries().is_overtaken(connection, job_id=run.job_id, **_place(run))
    return overtaken


def _reopen(connection: Connection, run: Run, columns: Mapping[str, Any]) -> Claim | None:
    try:
        with connection.transaction():
            attempt = queries().reopen_job(connection, job_id=run.job_id, **columns, **_place(run))
    except psycopg.errors.UniqueViolation:
        return None  # an equal job of another run is active by now: the claim finds it
    return None if attempt is None else Claim(run=run, attempt=attempt, joined=False)


def _place(run: Run) -> dict[str, int]:
    """Which of a run's first tasks asks: what comes later has the higher numbers."""
    return {"clear_number": run.clear_number, "try_number": run.try_number}


def _claim(connection: Connection, run: Run, demand: Demand, columns: Mapping[str, Any]) -> Claim | None:
    try:
        with connection.transaction():
            row = queries().claim_job(
                connection,
                job_id=run.job_id,
                dag_id=run.dag_id,
                requested_by=demand.requested_by,
                trigger=demand.trigger,
                **columns,
                **_place(run),
            )
    except psycopg.errors.UniqueViolation as error:
        if error.diag.constraint_name != "analysis_jobs_pkey":
            raise
        return None  # the equal job for whose sake this run's own was not reopened has ended meanwhile
    if not row["is_equal"]:
        raise ClaimCollisionError(columns["claim_key"], row["job_id"])
    holder = Run(dag_id=row["dag_id"], job_id=row["job_id"])
    return Claim(run=holder, attempt=row["attempt"], joined=holder != run)


def _job_columns(claim_key: str, demand: Demand, current_until: datetime | None) -> dict[str, Any]:
    request = demand.request
    return {
        "claim_key": claim_key,
        "request": Jsonb(request_document(request)),
        "force": demand.force,
        "scope": request.scope,
        "analysis_source": demand.analysis_source,
        "total": len(request.tickers),
        "as_of": request.as_of,
        "current_until": current_until,
    }


def write_details(connection: Connection, job_id: str, plan: Sequence[PlannedTicker]) -> None:
    """Write the open details of a job in place of those of an earlier attempt."""
    queries().delete_details(connection, job_id=job_id)
    queries().insert_details(
        connection,
        job_id=job_id,
        tickers=[p.ticker for p in plan],
        sessions=[p.session for p in plan],
        batches=[p.batch for p in plan],
    )


def begin_batch(connection: Connection, batch: Batch) -> BatchWork:
    """What is left to do of a batch, marked as being processed.

    Raises StaleAttemptError when the job has ended or was restarted.
    """
    row = queries().begin_batch(connection, job_id=batch.job_id, attempt=batch.attempt, batch=batch.number)
    if row is None:
        raise StaleAttemptError(batch.job_id, batch.attempt)
    request = _REQUEST.validate_python(row["request"])
    return BatchWork(request=request, sessions=dict(zip(row["tickers"], row["sessions"], strict=True)))


def keep_alive(connection: Connection, batch: Batch) -> None:
    """Say that a batch is being worked on, also while it only waits.

    Raises StaleAttemptError when the job has ended or was restarted.
    """
    if not queries().keep_alive(connection, job_id=batch.job_id, attempt=batch.attempt):
        raise StaleAttemptError(batch.job_id, batch.attempt)


def note_batch_error(connection: Connection, batch: Batch, code: str, message: str) -> None:
    """Remember what stopped a batch; it stands if no later try succeeds."""
    queries().note_batch_error(
        connection,
        job_id=batch.job_id,
        attempt=batch.attempt,
        batch=batch.number,
        error_code=code,
        error_message=message,
    )


def finalize_job(connection: Connection, job_id: str, clear_number: int | None = None) -> Progress | None:
    """End a job from its details, exactly once, with the watchlist, in one transaction; None if there is no such job.

    Tickers that no task has finished become failed. Calling it again changes nothing and returns the same. So does
    calling it for a run as it was when it had been cleared `clear_number` times, when its job was opened anew since.
    """
    with connection.transaction():
        job = queries().lock_job(connection, job_id=job_id, clear_number=clear_number)
        if job is not None and JobStatus(job["status"]).is_active and not job["is_newer"]:
            queries().fail_unfinished_details(
                connection,
                job_id=job_id,
                error_code=ErrorCode.INTERRUPTED,
                error_message="the task that should have analysed it ended before it did; run the job again",
            )
            queries().end_job(connection, job_id=job_id)
            _tell_others(connection, job_id)
    return progress(connection, job_id)


def _tell_others(connection: Connection, job_id: str) -> None:
    """What follows from a job's end, in the transaction that ends it."""
    write_changes(connection, job_id)
    entries = queries().update_watchlist(connection, job_id=job_id)
    queries().write_outbox(connection, job_id=job_id, entries=Jsonb(entries))


def cancel_job(connection: Connection, job_id: str, reason: str, *, actor: str, clear_number: int = 0) -> bool:
    """End an active job because `actor` wants it; its open tickers are cancelled. Whether there was one to end.

    A run that has not opened its job yet will not open it any more, unless it is cleared: `clear_number` is how often
    it has been so far.
    """
    details = {"reason": reason}
    with connection.transaction():
        lock_run(connection, job_id)
        if _stop(connection, job_id, JobStatus.CANCELLED, reason, DetailStatus.CANCELLED, ErrorCode.CANCELLED):
            record_action(connection, actor, Action.CANCEL, job_id, details)
            return True
        if not (has_opened(connection, job_id, clear_number) or is_cancelled_run(connection, job_id, clear_number)):
            record_action(connection, actor, Action.CANCEL, job_id, {**details, "unopened": clear_number})
            end_unopened_run(connection, job_id, reason)
            return True
    return False


def has_opened(connection: Connection, run_id: str, clear_number: int) -> bool:
    """Whether a run has opened its job since it was cleared that often."""
    opened: bool = queries().has_opened(connection, run_id=run_id, clear_number=clear_number)
    return opened


def end_unopened_run(connection: Connection, run_id: str, reason: str) -> None:
    """Record that a run ended before it opened a job; nothing to do where it has one, or has said what became of it.

    Of a run that no door of ours made there is no record before its first task: it leaves none.
    """
    with connection.transaction():
        lock_run(connection, run_id)
        queries().end_unopened_run(connection, run_id=run_id, reason=reason)


def supersede_job(connection: Connection, job_id: str, by: str, *, actor: str) -> None:
    """End an active job because another one takes its place; its open tickers are cancelled."""
    reason = f"superseded by {by}"
    if _stop(connection, job_id, JobStatus.CANCELLED, reason, DetailStatus.CANCELLED, ErrorCode.CANCELLED):
        record_action(connection, actor, Action.SUPERSEDE, job_id, {"by": by})


def is_cancelled_run(connection: Connection, run_id: str, clear_number: int) -> bool:
    """Whether a run was cancelled before it opened its job."""
    cancelled: bool = queries().is_cancelled_run(connection, run_id=run_id, clear_number=clear_number)
    return cancelled


def abandon_job(connection: Connection, job_id: str, reason: str, clear_number: int | None = None) -> bool:
    """End an active job that cannot go on; its open tickers have failed. Whether there was one.

    `clear_number` as for `finalize_job`.
    """
    failed = JobStatus.FAILED, reason, DetailStatus.FAILED, ErrorCode.INTERRUPTED
    return _stop(connection, job_id, *failed, clear_number=clear_number)


def _stop(
    connection: Connection,
    job_id: str,
    status: JobStatus,
    reason: str,
    detail_status: DetailStatus,
    error_code: ErrorCode,
    *,
    clear_number: int | None = None,
) -> bool:
    with connection.transaction():
        job = queries().lock_job(connection, job_id=job_id, clear_number=clear_number)
        if job is None or not JobStatus(job["status"]).is_active or job["is_newer"]:
            return False
        queries().stop_job(
            connection,
            job_id=job_id,
            status=status,
            reason=reason,
            detail_status=detail_status,
            error_code=error_code,
            error_message=reason,
        )
        _tell_others(connection, job_id)
    return True


def was_cancelled(connection: Connection, run_id: str) -> bool:
    """Whether somebody cancelled a run that has no job, however often it has been cleared since."""
    cancelled: bool = queries().was_cancelled(connection, run_id=run_id)
    return cancelled


def failed_part(connection: Connection, job_id: str) -> tuple[AnalysisRequest, list[str]] | None:
    """The request of a job and its tickers that have failed, None when there is no such job."""
    row = queries().failed_part(connection, job_id=job_id)
    return None if row is None else (_REQUEST.validate_python(row["request"]), row["tickers"])


def quiet_jobs(connection: Connection, quiet_seconds: float) -> list[QuietJob]:
    """Active jobs that have written nothing for so long, by the database's clock; the quietest first."""
    return [
        QuietJob(run=Run(dag_id=row["dag_id"], job_id=row["job_id"]), silent_seconds=row["silent_seconds"])
        for row in queries().active_jobs(connection, quiet_seconds=quiet_seconds)
    ]


def progress(connection: Connection, job_id: str) -> Progress | None:
    """Where a job stands, None while (or if) there is no such job."""
    row: Mapping[str, Any] | None = queries().progress(connection, job_id=job_id)
    return None if row is None else Progress(**{**row, "status": JobStatus(row["status"])})


def progress_document(progress: Progress) -> dict[str, Any]:
    """Progress as a JSON object, as a run's result."""
    document = TypeAdapter(Progress).dump_python(progress, mode="json")
    return {**document, "pending": progress.pending}
