"""From a demand to the one run that does its work, by whichever door it came in."""

import secrets
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from include.jobs.claims import claim_key
from include.model.errors import RunExistsError
from include.model.request import Demand
from include.storage.connection import Connection
from include.storage.requests import find_claim

KEY_LENGTH = 16
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
        """Make a run; False when there is one of that id already, made by somebody else a moment ago, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """The run that answers a request, and whether the request made it."""

    run_id: str
    created: bool


def submit(connection: Connection, runs: Runs, demand: Demand, own_id: str | None = None) -> Submission:
    """Find the run that does this work, or make it; equal requests get the same one, however close together.

    A client's `own_id` names its run: the same request under it gets that run again, also after a lost reply.
    Raises RunExistsError when it names another request's.

    A run is named by its work, `<first 16 of the claim key>.<n>`, so that Airflow's own uniqueness of run ids decides
    between simultaneous requests. `n` counts the jobs that have ended, and goes on where a run has ended without one.
    """
    if own_id:
        return _submit_as(runs, own_id)
    key = claim_key(demand.request)
    known = find_claim(connection, key)
    name = f"{key[:KEY_LENGTH]}.{known.ended_jobs}"
    if demand.force:
        return _create(runs, f"{name}.{secrets.token_hex(4)}")
    if known.active_job_id and runs.state(known.active_job_id) is RunState.ACTIVE:
        return Submission(run_id=known.active_job_id, created=False)
    for generation in range(known.ended_jobs, known.ended_jobs + MOST_GENERATIONS):
        run_id = f"{key[:KEY_LENGTH]}.{generation}"
        state = runs.state(run_id)
        if state is None and runs.create(run_id):
            return Submission(run_id=run_id, created=True)
        if state is RunState.ACTIVE or (state is None and runs.state(run_id) is RunState.ACTIVE):
            return Submission(run_id=run_id, created=False)
    raise RuntimeError(f"{MOST_GENERATIONS} runs for {key[:KEY_LENGTH]} have ended without a job")


def _submit_as(runs: Runs, own_id: str) -> Submission:
    if runs.create(own_id):
        return Submission(run_id=own_id, created=True)
    if not runs.is_equal(own_id):
        raise RunExistsError(own_id)
    return Submission(run_id=own_id, created=False)


def _create(runs: Runs, run_id: str) -> Submission:
    return Submission(run_id=run_id, created=runs.create(run_id))
