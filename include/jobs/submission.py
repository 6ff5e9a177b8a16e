"""From a demand to the one run that does its work, by whichever door it came in."""

import hashlib
import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from include.jobs.claims import claim_key
from include.jobs.repeats import check_same_request
from include.model.errors import DuplicateJobError, RunExistsError
from include.model.request import Demand, OnDuplicate
from include.storage.connection import Connection
from include.storage.requests import Disposition, find_claim, find_repeat

KEY_LENGTH = 16
SUFFIX_LENGTH = 12
MOST_GENERATIONS = 1000


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
    is to fail then, InvalidRequestError when its request id was given to another request.

    A run is named by its work, `<first 16 of the claim key>.<n>`, so that Airflow's own uniqueness of run ids decides
    between simultaneous requests. `n` counts the jobs that have ended, and goes on where a run has ended without one.
    """
    repeated = _repeated(connection, runs, demand)
    if repeated:
        return repeated
    if own_id:
        return _submit_as(runs, own_id)
    return _next_run(connection, runs, demand, claim_key(demand.request))


def _next_run(connection: Connection, runs: Runs, demand: Demand, key: str) -> Submission:
    known = find_claim(connection, key)
    if demand.force:
        return _make(connection, runs, demand, _name_of_forced(key, known.ended_jobs, demand), 0)
    first = known.ended_jobs
    if known.active_job_id and runs.state(known.active_job_id) is RunState.ACTIVE:
        heir = f"{key[:KEY_LENGTH]}.{first + 1}"  # supersedes the active job as soon as it begins
        if runs.state(heir) is RunState.ACTIVE:
            return _join(connection, runs, demand, heir)
        if demand.on_duplicate is not OnDuplicate.SUPERSEDE:
            return _join(connection, runs, demand, known.active_job_id)
        first += 1
    return _make(connection, runs, demand, key[:KEY_LENGTH], first)


def _make(connection: Connection, runs: Runs, demand: Demand, name: str, first: int) -> Submission:
    """Make the run `<name>.<first>`, or one with a higher number where runs have ended without a job."""
    for generation in range(first, first + MOST_GENERATIONS):
        run_id = f"{name}.{generation}"
        state = runs.state(run_id)
        if state is None and runs.create(run_id):
            return Submission(run_id=run_id, disposition=Disposition.CREATED)
        if state is RunState.ACTIVE or (state is None and runs.state(run_id) is RunState.ACTIVE):
            return _join(connection, runs, demand, run_id)
    raise RuntimeError(f"{MOST_GENERATIONS} runs {name} have ended without a job")


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


def _name_of_forced(key: str, ended_jobs: int, demand: Demand) -> str:
    """A name of its own, but the same one for the same request id."""
    if demand.request_id is None:
        return f"{key[:KEY_LENGTH]}.{ended_jobs}.{secrets.token_hex(4)}"
    whose = f"{demand.requested_by}\n{demand.request_id}".encode()
    return f"{key[:KEY_LENGTH]}.{hashlib.sha256(whose).hexdigest()[:SUFFIX_LENGTH]}"


def _join(connection: Connection, runs: Runs, demand: Demand, run_id: str) -> Submission:
    repeated = _repeated(connection, runs, demand)  # sent twice at one moment, a request is no duplicate of itself
    if repeated:
        return repeated
    if demand.on_duplicate is OnDuplicate.FAIL:
        raise DuplicateJobError(run_id)
    return Submission(run_id=run_id, disposition=Disposition.JOINED)


def _submit_as(runs: Runs, own_id: str) -> Submission:
    if runs.create(own_id):
        return Submission(run_id=own_id, disposition=Disposition.CREATED)
    if not runs.is_equal(own_id):
        raise RunExistsError(own_id)
    return Submission(run_id=own_id, disposition=Disposition.JOINED, repeated=True)
