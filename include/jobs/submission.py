"""From a demand to the one run that does its work, by whichever door it came in."""

import hashlib
import secrets
from bisect import bisect_left
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from include.jobs.claims import claim_key
from include.jobs.repeats import check_same_request
from include.jobs.room import check_room
from include.model.errors import DuplicateJobError, RunExistsError, TooManyJobsError
from include.model.request import Demand, OnDuplicate
from include.storage.connection import Connection
from include.storage.requests import Disposition, find_claim, find_repeat, has_left

KEY_LENGTH = 16
SUFFIX_LENGTH = 12
MOST_GENERATIONS = 100


class RunState(StrEnum):
    """What matters of a DAG run's state."""

    ACTIVE = "active"
    ENDED = "ended"


class Runs(Protocol):
    """The runs of the DAG that does the work, as Airflow knows them."""

    def state(self, run_id: str) -> RunState | None:
        """The state of a run, None when there is no such run."""

    def is_equal(self, run_id: str) -> bool:
        """Whether a run was made from what is being asked for now."""

    def create(self, run_id: str) -> bool:
        """Make a run; False when there is one of that id already, made by somebody else a moment ago, too.

        Nobody else sees it before it is kept; somebody who makes one of the same id meanwhile waits for that.
        """

    def under_way(self) -> Collection[str]:
        """The runs of who asks that have not ended, the oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The run that answers a request, and how: `created` or `joined`; `repeated` when the same was answered before."""

    run_id: str
    disposition: Disposition
    repeated: bool = False

    @property
    def created(self) -> bool:
        """Whether the request made the run: this one, or the same one before it."""
        return self.disposition is Disposition.CREATED


def submit(connection: Connection, runs: Runs, demand: Demand, own_id: str | None = None) -> Submission:
    """Find the run that does this work, or make it; equal requests get the same one, however close together.

    A client's `own_id` names its run: the same request under it gets that run again, also after a lost reply.
    Raises RunExistsError when it names another request's, DuplicateJobError when an equal job is active and the demand
    is to fail then, InvalidRequestError when its request id was given to another request. Raises TooManyJobsError when
    it would be one job too many of who asks: what joins, or takes the place of an active job of theirs, is none.

    A run is named by its work, `<first 16 of the claim key>.<n>`, so that Airflow's own uniqueness of run ids decides
    between simultaneous requests. `n` counts the jobs that have ended, and goes on where a run has ended without one;
    no job that there is gives its number to another one, also when Airflow has forgotten their runs.
    """
    repeated = _repeated(connection, runs, demand)
    if repeated:
        return repeated
    if own_id:
        return _submit_as(connection, runs, demand, own_id)
    return _next_run(connection, runs, demand, claim_key(demand.request))


def _next_run(connection: Connection, runs: Runs, demand: Demand, key: str) -> Submission:
    known, name = find_claim(connection, key), key[:KEY_LENGTH]
    if demand.force:
        return _make(connection, runs, demand, _name_of_forced(key, known.next_number, demand), 0)
    active = known.active_job_id
    if active is None or runs.state(active) is not RunState.ACTIVE:
        return _make(connection, runs, demand, name, known.next_number, instead_of=active)
    next_number = _first_open(runs, name, _number_after(active, name, known.next_number))
    heir = f"{name}.{next_number}"  # supersedes the active job as soon as it begins
    if _leads_to(connection, runs, heir, key):
        return _join(connection, runs, demand, heir)
    if demand.on_duplicate is OnDuplicate.SUPERSEDE:
        return _make(connection, runs, demand, name, next_number, instead_of=active)
    return _join(connection, runs, demand, active)


def _number_after(active: str, name: str, next_number: int) -> int:
    """The number that comes after the run of an active job, which may have a name of another form."""
    own_name, _, number = active.rpartition(".")
    return 1 + max(next_number, int(number) if own_name == name and number.isdigit() else 0)


def _make(
    connection: Connection, runs: Runs, demand: Demand, name: str, first: int, instead_of: str | None = None
) -> Submission:
    """Make the run `<name>.<first>`, or one with a higher number where runs are over, or came to other work."""
    start = _first_open(runs, name, first)
    for generation in range(start, start + MOST_GENERATIONS):
        run_id = f"{name}.{generation}"
        if _may_make(connection, runs, demand, run_id, instead_of) and runs.create(run_id):
            return Submission(run_id=run_id, disposition=Disposition.CREATED)
        if _leads_to(connection, runs, run_id, claim_key(demand.request)):
            return _join(connection, runs, demand, run_id)
    raise RuntimeError(f"of {MOST_GENERATIONS} runs {name} from {start} on, none does this work")


def _may_make(connection: Connection, runs: Runs, demand: Demand, run_id: str, instead_of: str | None) -> bool:
    """Whether there is no such run yet. Raises TooManyJobsError when there is none, and no room for it either."""
    if runs.state(run_id) is not None:
        return False
    try:
        check_room(connection, demand, under_way=runs.under_way(), besides=instead_of)
    except TooManyJobsError:
        if runs.state(run_id) is None:
            raise
        return False  # an equal request has just made it, and taken the room
    return True


def _first_open(runs: Runs, name: str, first: int) -> int:
    """The first number from `first` on whose run has not ended. It may be far: jobs are removed, runs stay."""

    def is_open(number: int) -> bool:
        return runs.state(f"{name}.{number}") is not RunState.ENDED

    reach = 1
    while not is_open(first + reach - 1):
        reach *= 2
    return first + bisect_left(range(reach - 1), True, key=lambda step: is_open(first + step))


def _leads_to(connection: Connection, runs: Runs, run_id: str, key: str) -> bool:
    """Whether a run is on its way to this work, or at it: not cancelled, not at other work by now."""
    return runs.state(run_id) is RunState.ACTIVE and not has_left(connection, run_id, key)


def _repeated(connection: Connection, runs: Runs, demand: Demand) -> Submission | None:
    """The answer that this request id got before, if that came to anything."""
    if demand.request_id is None:
        return None
    known = find_repeat(connection, demand.requested_by, demand.request_id)
    if known is None:
        return None
    check_same_request(known, demand)
    if not known.has_job and runs.state(known.job_id) is not RunState.ACTIVE:
        return None
    return Submission(run_id=known.job_id, disposition=known.disposition, repeated=True)


def _name_of_forced(key: str, number: int, demand: Demand) -> str:
    """A name of its own, but the same one for the same request id."""
    if demand.request_id is None:
        return f"{key[:KEY_LENGTH]}.{number}.{secrets.token_hex(4)}"
    whose = f"{demand.requested_by}\n{demand.request_id}".encode()
    return f"{key[:KEY_LENGTH]}.{hashlib.sha256(whose).hexdigest()[:SUFFIX_LENGTH]}"


def _join(connection: Connection, runs: Runs, demand: Demand, run_id: str) -> Submission:
    repeated = _repeated(connection, runs, demand)  # sent twice at one moment, a request is no duplicate of itself
    if repeated:
        return repeated
    if demand.on_duplicate is OnDuplicate.FAIL:
        raise DuplicateJobError(run_id)
    return Submission(run_id=run_id, disposition=Disposition.JOINED)


def _submit_as(connection: Connection, runs: Runs, demand: Demand, own_id: str) -> Submission:
    active = find_claim(connection, claim_key(demand.request)).active_job_id
    _check_duplicate(runs, demand, own_id, active)
    joins = active and not demand.force and demand.on_duplicate is not OnDuplicate.SUPERSEDE
    if (joins or _may_make(connection, runs, demand, own_id, active)) and runs.create(own_id):
        return Submission(run_id=own_id, disposition=Disposition.CREATED)
    if not runs.is_equal(own_id):
        raise RunExistsError(own_id)
    return Submission(run_id=own_id, disposition=Disposition.JOINED, repeated=True)


def _check_duplicate(runs: Runs, demand: Demand, own_id: str, active: str | None) -> None:
    """Raise DuplicateJobError when the demand is to fail beside an equal active job; its own run is no duplicate."""
    fails = demand.on_duplicate is OnDuplicate.FAIL and not demand.force
    if fails and active and runs.state(active) is RunState.ACTIVE and runs.state(own_id) is None:
        raise DuplicateJobError(active)
