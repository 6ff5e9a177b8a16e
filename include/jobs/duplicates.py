"""Finds work that was done twice in the history of jobs, and cleans it up when somebody says so."""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter

from include.model.duplicates import Cleaning, DuplicateReport, DuplicateSearch, EqualJob, EqualPair
from include.model.job import JobStatus
from include.storage.connection import Connection, DatabaseError
from include.storage.duplicates import (
    equal_pairs,
    job_documents,
    lock_jobs,
    missing_tickers,
    remove_in_favour,
    unshared_tickers,
)

log = logging.getLogger(__name__)

PAGE = 100
NAMED = 5  # tickers that a sentence names

_PAIR = TypeAdapter(EqualPair)
_SEARCH = TypeAdapter(DuplicateSearch)


def find_duplicates(
    connection: Connection, search: DuplicateSearch, most: int | None = PAGE, skipped: int = 0
) -> DuplicateReport:
    """Pairs of equal jobs of one user that were created close together, and whether any work was done twice.

    The counts are of all pairs, whatever the page.
    """
    return equal_pairs(connection, search, most, skipped)


def report_document(report: DuplicateReport) -> dict[str, Any]:
    """The report as a JSON object."""
    return {
        "passed": report.passed,
        **_SEARCH.dump_python(report.search, mode="json"),
        "pair_count": report.pair_count,
        "duplicate_count": report.duplicate_count,
        "pairs": [
            {**_PAIR.dump_python(pair, mode="json"), "is_duplicate": pair.kind.is_duplicate} for pair in report.pairs
        ],
    }


def clean_duplicates(
    connection: Connection, search: DuplicateSearch, actor: str, *, really: bool = False
) -> Iterator[Cleaning]:
    """Remove one job of every pair that did the same work, a transaction a pair; unless `really`, only say so.

    What comes first is kept: when it has all results that the other one has, else the other way round. A pair of which
    each has what the other lacks, and one with an active job, is refused. The oldest pairs first, so that of many equal
    jobs in a row the first one gets everything.
    """
    found = equal_pairs(connection, search).pairs
    kept: dict[str, EqualJob] = {}  # by the id of the job that went in favour of it
    done: set[tuple[str, str]] = set()
    for pair in sorted(found, key=_by_age):
        earlier, later = pair.earlier, pair.later
        while earlier.job_id in kept:
            earlier = kept[earlier.job_id]
        ids = (earlier.job_id, later.job_id)
        if not pair.kind.is_duplicate or later.job_id in kept or earlier == later or ids in done:
            continue
        done.add(ids)
        cleaning = _clean(connection, earlier, later, actor, really=really)
        if cleaning.removed_id:
            kept[cleaning.removed_id] = earlier if cleaning.kept_id == earlier.job_id else later
        yield cleaning


def _by_age(pair: EqualPair) -> tuple[Any, ...]:
    return pair.later.created_at, pair.later.job_id, pair.earlier.created_at, pair.earlier.job_id


def _clean(connection: Connection, earlier: EqualJob, later: EqualJob, actor: str, *, really: bool) -> Cleaning:
    """Clean one pair. One that PostgreSQL refuses must not keep the others from it."""
    if not really:
        return _choose(connection, earlier, later)
    try:
        with connection.transaction():
            lock_jobs(connection, [earlier.job_id, later.job_id])
            cleaning = _choose(connection, earlier, later)
            if cleaning.removed_id and cleaning.kept_id:
                remove_in_favour(connection, cleaning.removed_id, cleaning.kept_id, actor)
    except DatabaseError as error:
        log.exception("the jobs %s and %s could not be cleaned", earlier.job_id, later.job_id)
        return _refused(earlier, later, f"the database refused: {str(error).splitlines()[0]}")
    return cleaning


def _choose(connection: Connection, earlier: EqualJob, later: EqualJob) -> Cleaning:
    """Which job of a pair is kept, if one can go and nothing is lost with it."""
    ids = earlier.job_id, later.job_id
    if why := _unfit(connection, [earlier, later]):
        return _refused(earlier, later, why)
    if unshared := unshared_tickers(connection, *ids):
        return _refused(earlier, later, f"only one of them has {_named(unshared)}: that is not equal work")
    missing = [missing_tickers(connection, ids[n], ids[1 - n]) for n in (0, 1)]
    if all(missing):
        why = f"each has results that the other lacks: the first none of {_named(missing[0])},"
        return _refused(earlier, later, f"{why} the second none of {_named(missing[1])}")
    kept, removed = (ids[1], ids[0]) if missing[0] else ids
    return Cleaning(earlier_id=ids[0], later_id=ids[1], kept_id=kept, removed_id=removed)


def _unfit(connection: Connection, pair: Sequence[EqualJob]) -> str | None:
    """Why two jobs cannot be cleaned at all, as they are now."""
    now = job_documents(connection, [job.job_id for job in pair])
    for job in pair:
        if job.job_id not in now or now[job.job_id]["attempt"] != job.attempt:
            return f"{job.job_id} was removed or run again meanwhile: look again"
        if JobStatus(now[job.job_id]["status"]).is_active:
            return f"{job.job_id} is active"
    one, other = (now[job.job_id] for job in pair)
    if one["request"] != other["request"]:
        return "their requests differ although their claim keys are equal: report this as a bug"
    return None


def _named(tickers: Sequence[str]) -> str:
    more = len(tickers) - NAMED
    return ", ".join(tickers[:NAMED]) + (f" and {more} more" if more > 0 else "")


def _refused(earlier: EqualJob, later: EqualJob, why: str) -> Cleaning:
    return Cleaning(earlier_id=earlier.job_id, later_id=later.job_id, refused=why)
