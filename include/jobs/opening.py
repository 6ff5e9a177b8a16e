"""Opens a job: the claim, its details, its batches."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from include.jobs.batches import cut_batches, describe_batches, plan_tickers
from include.jobs.claims import claim_key
from include.jobs.reuse import reusable
from include.model.job import Batch, Claim, Run
from include.model.request import Demand
from include.settings import settings
from include.storage.connection import Connection
from include.storage.jobs import claim_job, write_details
from include.storage.results import store_reused


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedJob:
    """What came of a request: the claim, and what is to do: nothing when the job is another run's.

    `reused` tickers are answered from stored results already; the others are in the batches.
    """

    claim: Claim
    reused: int = 0
    batches: tuple[Batch, ...] = ()


def open_job(connection: Connection, run: Run, demand: Demand, sessions: Mapping[str, date]) -> OpenedJob:
    """Claim the work of `demand` for `run`, answer what is known, and cut the rest into batches; one transaction.

    `sessions` says which session of each ticker is analysed.
    """
    with connection.transaction():
        claim = claim_job(connection, run, claim_key(demand.request), demand)
        if claim.joined:
            return OpenedJob(claim=claim)
        reused = [] if demand.force else reusable(connection, demand.request, sessions)
        known = {answer.result.ticker for answer in reused}
        rest = [ticker for ticker in demand.request.tickers if ticker not in known]
        batches = cut_batches(rest, demand.batch_size, settings())
        write_details(connection, run.job_id, plan_tickers(batches, sessions))
        store_reused(connection, run.job_id, reused)
    described = describe_batches(run.job_id, claim.attempt, batches)
    return OpenedJob(claim=claim, reused=len(reused), batches=tuple(described))
