"""Opens a job: the claim, its details, its batches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from include.jobs.batches import cut_batches, describe_batches, plan_tickers
from include.jobs.claims import claim_key
from include.model.job import Batch, Claim, Run
from include.model.request import Demand
from include.settings import settings
from include.storage.connection import Connection
from include.storage.jobs import open_job as store_job


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedJob:
    """What came of a request: the claim, and the batches to work on (none when the job is another run's)."""

    claim: Claim
    batches: tuple[Batch, ...]


def open_job(connection: Connection, run: Run, demand: Demand, sessions: Mapping[str, date]) -> OpenedJob:
    """Claim the work of `demand` for `run`, and cut it into batches; one transaction.

    `sessions` says which session of each ticker is analysed.
    """
    batches = cut_batches(demand.request.tickers, demand.batch_size, settings())
    claim = store_job(connection, run, claim_key(demand.request), demand, plan_tickers(batches, sessions))
    mine = () if claim.joined else describe_batches(run.job_id, claim.attempt, batches)
    return OpenedJob(claim=claim, batches=tuple(mine))
