"""Finds equal jobs that were created close together, and removes one in favour of the other without losing a result."""

from collections.abc import Mapping, Sequence
from typing import Any

from include.model.duplicates import DuplicateReport, DuplicateSearch, EqualJob, EqualPair, PairKind
from include.model.job import JobStatus
from include.storage.actions import Action, record_action
from include.storage.connection import Connection, queries


def equal_pairs(
    connection: Connection, search: DuplicateSearch, most: int | None = None, skipped: int = 0
) -> DuplicateReport:
    """One page of the pairs that `search` is about, with the counts of all of them. `most` None: all on one page."""
    rows: list[Mapping[str, Any]] = list(
        queries().equal_pairs(
            connection,
            seconds=search.seconds,
            since=search.since,
            requested_by=search.user,
            statuses=[str(status) for status in JobStatus],
            most=most,
            skipped=skipped,
        )
    )
    return DuplicateReport(
        search=search,
        pairs=tuple(_pair(row) for row in rows if row["kind"] is not None),
        pair_count=rows[0]["pair_count"],
        duplicate_count=rows[0]["duplicate_count"],
    )


def _pair(row: Mapping[str, Any]) -> EqualPair:
    return EqualPair(
        requested_by=row["requested_by"],
        claim_key=row["claim_key"],
        total=row["total"],
        seconds_apart=row["seconds_apart"],
        earlier=_job(row, "earlier"),
        later=_job(row, "later"),
        computed_twice=row["computed_twice"],
        kind=PairKind(row["kind"]),
    )


def _job(row: Mapping[str, Any], which: str) -> EqualJob:
    return EqualJob(
        job_id=row[f"{which}_id"],
        status=JobStatus(row[f"{which}_status"]),
        attempt=row[f"{which}_attempt"],
        created_at=row[f"{which}_created_at"],
    )


def lock_jobs(connection: Connection, job_ids: Sequence[str]) -> None:
    """Hold these jobs until the transaction ends: none of them is run again or removed meanwhile."""
    queries().lock_jobs(connection, job_ids=list(job_ids))


def job_documents(connection: Connection, job_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """The whole rows of jobs, by id; without those that do not exist."""
    rows = queries().job_documents(connection, job_ids=list(job_ids))
    return {row["job_id"]: row["document"] for row in rows}


def unshared_tickers(connection: Connection, one_id: str, other_id: str) -> list[str]:
    """Tickers that only one of two jobs is about."""
    return [row["ticker"] for row in queries().unshared_tickers(connection, one_id=one_id, other_id=other_id)]


def missing_tickers(connection: Connection, job_id: str, other_id: str) -> list[str]:
    """Tickers for which the other job has or owns a result of a session that this job has none of."""
    return [row["ticker"] for row in queries().missing_tickers(connection, job_id=job_id, other_id=other_id)]


def remove_in_favour(connection: Connection, removed_id: str, kept_id: str, actor: str) -> None:
    """Remove a job in favour of an equal one, which takes over what points to it. Belongs into one transaction.

    The record of it has the whole job and its details: what somebody was told once can be told again.
    """
    before = queries().job_snapshot(connection, job_id=removed_id)
    moved = queries().move_results(connection, removed_id=removed_id, kept_id=kept_id)
    watched = queries().move_watchlist(connection, removed_id=removed_id, kept_id=kept_id)
    queries().move_changes(connection, removed_id=removed_id, kept_id=kept_id)
    repeated = queries().move_request_ids(connection, removed_id=removed_id, kept_id=kept_id)
    if queries().remove_ended_job(connection, job_id=removed_id) != 1:
        raise RuntimeError(f"job {removed_id} still owns results, or is active: nothing was removed")
    counts = {"details": len(before["details"]), "results": moved, "watchlist": watched, "request_ids": repeated}
    record_action(connection, actor, Action.CLEAN, removed_id, {"kept_job": kept_id, "counts": counts, **before})


def kept_instead(connection: Connection, job_id: str) -> str | None:
    """The job that was kept when this one was removed as its duplicate; None when it was not removed so."""
    kept: str | None = queries().kept_instead(connection, job_id=job_id)
    return kept
