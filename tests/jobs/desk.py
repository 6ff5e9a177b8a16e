"""A desk where requests come in and jobs are worked off, by the functions that doors and tasks call."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from include.jobs.canonical import Requester, canonicalise
from include.jobs.opening import OpenedJob, open_job
from include.market.sessions import resolve_sessions
from include.market.sources import PriceSource, open_source
from include.model.bars import DataSource
from include.model.job import Progress
from include.model.request import Demand, Trigger
from include.pipeline.batch import run_batch
from include.storage.connection import Connection
from include.storage.database import Database
from include.storage.jobs import finalize_job
from include.storage.watchlist import watchlist_tickers
from tests.storage.demands import asking

SAMPLE = {"data_source": "sample"}


class Desk:
    """Each method is one step, or `run` all of them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def demand(self, user: str = "ann", **raw: Any) -> Demand:
        def watchlist() -> tuple[str, ...]:
            return self.database.run(lambda own: watchlist_tickers(own, user))

        return canonicalise(SAMPLE | raw, Requester(name=user, trigger=Trigger.API, watchlist=watchlist))

    def open(
        self, run_id: str, user: str = "ann", over: tuple[str, ...] = (), clear_number: int = 0, **raw: Any
    ) -> OpenedJob:
        wanted = self.demand(user, **raw)
        request = wanted.request
        sessions = resolve_sessions(request.tickers, request.data_source, request.as_of, datetime.now(UTC))

        def opening(own: Connection) -> OpenedJob:
            run = asking(run_id, user, clear_number=clear_number)
            return open_job(own, run, wanted, sessions, lambda holder: holder.job_id in over)

        return self.database.run(opening)

    def work(self, job: OpenedJob, source: Callable[[DataSource], PriceSource] = open_source) -> None:
        for batch in job.batches:
            run_batch(self.database, batch, source)

    def end(self, run_id: str) -> Progress:
        ended = self.database.run(lambda own: finalize_job(own, run_id))
        assert ended is not None
        return ended

    def run(self, run_id: str, user: str = "ann", **raw: Any) -> Progress:
        self.work(self.open(run_id, user, **raw))
        return self.end(run_id)
