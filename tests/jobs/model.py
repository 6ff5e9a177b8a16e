"""Jobs as the contract has them, in memory: what the database must say after every step, told without SQL."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from include.jobs.batches import cut_batches
from include.jobs.claims import claim_key
from include.model.errors import (
    BellwetherError,
    CancelledRunError,
    DuplicateJobError,
    InvalidRequestError,
    OvertakenError,
    StaleAttemptError,
)
from include.model.request import Demand, OnDuplicate
from include.settings import settings
from tests.storage.demands import SESSION

ACTIVE = ("queued", "processing")


class RefusedError(Exception):
    """The step must raise `kind`, and change nothing."""

    def __init__(self, kind: type[BellwetherError]) -> None:
        super().__init__(kind.__name__)
        self.kind = kind


Place = tuple[int, int]  # how often the run was cleared, which try of its first task


@dataclass
class Detail:
    batch: int
    status: str = "queued"
    code: str | None = None
    score: float | None = None
    at: int = 0  # when it ended

    @property
    def is_open(self) -> bool:
        return self.status in ACTIVE

    def end(self, status: str, at: int, code: str | None = None, score: float | None = None) -> None:
        self.status, self.at, self.code, self.score = status, at, code, score


@dataclass
class Job:
    run_id: str
    place: Place
    demand: Demand
    details: dict[str, Detail]
    order: int  # the later, the higher
    session: date
    attempt: int = 1
    status: str = "queued"

    @property
    def key(self) -> str:
        return claim_key(self.demand.request)

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def counts(self) -> Counter[str]:
        return Counter(detail.status for detail in self.details.values())

    def open_details(self, batch: int | None = None) -> dict[str, Detail]:
        return {t: d for t, d in self.details.items() if d.is_open and batch in (None, d.batch)}


@dataclass
class Entry:
    """One ticker of somebody's watchlist."""

    job_id: str | None = None
    status: str | None = None
    score: float | None = None
    at: int = 0


@dataclass
class Model:
    jobs: dict[str, Job] = field(default_factory=dict)
    results: dict[tuple[str, date], tuple[str, int, float]] = field(default_factory=dict)  # job, its order, score
    requests: dict[str, list[tuple[str | None, str]]] = field(default_factory=dict)  # by run: job, disposition
    request_ids: dict[tuple[str, str], tuple[str, str, str]] = field(default_factory=dict)  # key, job, disposition
    watchlist: dict[tuple[str, str], Entry] = field(default_factory=dict)
    outbox: dict[tuple[str, int], tuple[str, Counter[str]]] = field(default_factory=dict)
    actions: list[tuple[str, str]] = field(default_factory=list)
    unborn: set[tuple[str, int]] = field(default_factory=set)  # runs that were cancelled before they opened a job
    over: set[str] = field(default_factory=set)  # runs that Airflow says have ended
    clock: int = 0
    session: date = SESSION  # the last one that is completed

    def tick(self) -> int:
        self.clock += 1
        return self.clock

    # --- opening

    def open(self, run_id: str, place: Place, demand: Demand) -> str:
        """The job that answers the request."""
        try:
            return self._open(run_id, place, demand)
        except RefusedError:
            if not self._is_overtaken(run_id, place):
                self._say(run_id, None, "refused")
            raise

    def _is_overtaken(self, run_id: str, place: Place) -> bool:
        before = self.jobs.get(run_id)
        return before is not None and (before.place > place if before.is_active else before.place[0] >= place[0])

    def _say(self, run_id: str, job_id: str | None, disposition: str) -> None:
        """What became of a run's request; the same again says nothing new."""
        said = self.requests.setdefault(run_id, [])
        if said[-1:] != [(job_id, disposition)]:
            said.append((job_id, disposition))

    def _open(self, run_id: str, place: Place, demand: Demand) -> str:
        key = claim_key(demand.request)
        known = self.request_ids.get((demand.requested_by, demand.request_id or ""))
        repeats = known is not None and known[1] != run_id
        if known and repeats and known[0] != key:
            raise RefusedError(InvalidRequestError)
        if self._is_unborn(run_id, place[0]):
            raise RefusedError(CancelledRunError)
        if self._is_overtaken(run_id, place):
            raise RefusedError(OvertakenError)
        if known and repeats and (known[1] in self.jobs or known[1] not in self.over):
            return self._join(run_id, demand, known[1])
        holder = self._holder(key, run_id, demand)
        if holder and demand.on_duplicate is OnDuplicate.SUPERSEDE:
            self._supersede(holder)
        elif holder and holder.run_id in self.over:
            self.finalise(holder.run_id)
        elif holder and demand.on_duplicate is OnDuplicate.FAIL:
            raise RefusedError(DuplicateJobError)
        elif holder:
            return self._join(run_id, demand, holder.run_id)
        self._create(run_id, place, demand)
        return run_id

    def _is_unborn(self, run_id: str, clear_number: int) -> bool:
        return any(run == run_id and cleared >= clear_number for run, cleared in self.unborn)

    def _holder(self, key: str, run_id: str, demand: Demand) -> Job | None:
        equal = (j for j in self.jobs.values() if j.is_active and j.key == key and j.session == self.session)
        others = (j for j in equal if j.run_id != run_id)
        return None if demand.force else next((job for job in others if not job.demand.force), None)

    def _join(self, run_id: str, demand: Demand, job_id: str) -> str:
        self._record(run_id, demand, job_id, "joined")
        own = self.jobs.get(run_id)
        if own and own.is_active:
            self._supersede(own)
        return job_id

    def _supersede(self, job: Job) -> None:
        self._stop(job, "cancelled", "cancelled", "cancelled")
        self.actions.append(("supersede", job.run_id))

    def _record(self, run_id: str, demand: Demand, job_id: str, disposition: str) -> None:
        self._say(run_id, job_id, disposition)
        if demand.request_id:
            whose = (demand.requested_by, demand.request_id)
            if whose not in self.request_ids or self.request_ids[whose][1] != job_id:
                self.request_ids[whose] = (claim_key(demand.request), job_id, disposition)

    def _create(self, run_id: str, place: Place, demand: Demand) -> None:
        self._record(run_id, demand, run_id, "created")
        session = self.session
        stored = {ticker: self.results.get((ticker, session)) for ticker in demand.request.tickers}
        known = {} if demand.force else {ticker: result for ticker, result in stored.items() if result}
        rest = [ticker for ticker in demand.request.tickers if ticker not in known]
        batches = cut_batches(rest, demand.batch_size, settings())
        details = {ticker: Detail(batch=n) for n, tickers in enumerate(batches) for ticker in tickers}
        now = self.tick()
        details |= {t: Detail(batch=0, status="reused", score=result[2], at=now) for t, result in known.items()}
        before = self.jobs.get(run_id)
        attempt = before.attempt + 1 if before else 1
        self.jobs[run_id] = Job(
            run_id=run_id, place=place, demand=demand, details=details, order=now, session=session, attempt=attempt
        )

    # --- work

    def begin(self, job_id: str, attempt: int, batch: int) -> list[str]:
        job = self._current(job_id, attempt, ACTIVE)
        job.status = "processing"
        for detail in job.open_details(batch).values():
            detail.status, detail.code = "processing", None
        return sorted(job.open_details(batch))

    def store(self, job_id: str, attempt: int, found: dict[str, float | str]) -> None:
        """`found` has the score of each ticker, or why it failed."""
        job = self._current(job_id, attempt, ("processing",))
        now = self.tick()
        for ticker, what in found.items():
            detail = job.details[ticker]
            if detail.status != "processing":
                continue
            if isinstance(what, str):
                detail.end("failed", now, code=what)
                continue
            detail.end("completed", now, score=what)
            place = ticker, job.session
            if place not in self.results or self.results[place][1] <= job.order:
                self.results[place] = (job_id, job.order, what)

    def note(self, job_id: str, attempt: int, batch: int, code: str) -> None:
        """What is noted for an attempt that is over is noted nowhere."""
        try:
            job = self._current(job_id, attempt, ("processing",))
        except RefusedError:
            return
        for detail in job.open_details(batch).values():
            if detail.status == "processing":
                detail.code = code

    def _current(self, job_id: str, attempt: int, statuses: Sequence[str]) -> Job:
        job = self.jobs[job_id]
        if job.attempt != attempt or job.status not in statuses:
            raise RefusedError(StaleAttemptError)
        return job

    # --- ends

    def finalise(self, job_id: str) -> None:
        job = self.jobs.get(job_id)
        if job is None or not job.is_active:
            return
        now = self.tick()
        for detail in job.open_details().values():
            detail.end("failed", now, code=detail.code or "interrupted")
        done = job.counts["completed"] + job.counts["reused"]
        self._end(job, "completed" if done == len(job.details) else "completed_with_errors" if done else "failed")

    def cancel(self, run_id: str, clear_number: int) -> bool:
        job = self.jobs.get(run_id)
        if job and job.is_active:
            self._stop(job, "cancelled", "cancelled", "cancelled")
        elif (job and job.place[0] >= clear_number) or self._is_unborn(run_id, clear_number):
            return False
        else:
            self.unborn.add((run_id, clear_number))
        self.actions.append(("cancel", run_id))
        return True

    def abandon(self, job_id: str) -> bool:
        job = self.jobs.get(job_id)
        if job is None or not job.is_active:
            return False
        self._stop(job, "failed", "failed", "interrupted")
        return True

    def _stop(self, job: Job, status: str, of_details: str, code: str) -> None:
        now = self.tick()
        for detail in job.open_details().values():
            detail.end(of_details, now, code=code)
        self._end(job, status)

    def _end(self, job: Job, status: str) -> None:
        job.status = status
        self.outbox[job.run_id, job.attempt] = (status, job.counts)
        for (owner, ticker), entry in self.watchlist.items():
            detail = job.details.get(ticker)
            concerns = owner == job.demand.requested_by or job.demand.request.scope == "shared"
            if detail and concerns and self._is_news(job, ticker, detail, entry):
                score = entry.score if detail.score is None else detail.score
                self.watchlist[owner, ticker] = Entry(job.run_id, detail.status, score, detail.at)

    def _is_news(self, job: Job, ticker: str, detail: Detail, entry: Entry) -> bool:
        """The newest session is, and of one session what came last."""
        last = self.jobs.get(entry.job_id or "")
        if last and ticker in last.details and last.session != job.session:
            return last.session < job.session
        return entry.at <= detail.at

    def keep_house(self, quiet: Callable[[Job], bool], silent: Callable[[Job], bool]) -> Iterator[str]:
        """End the quiet jobs whose run is over, and those that are silent for too long."""
        waiting = [job for job in self.jobs.values() if job.is_active and (quiet(job) or silent(job))]
        for job in sorted(waiting, key=lambda job: (not silent(job), job.order)):
            if job.run_id in self.over:
                self.finalise(job.run_id)
                yield job.run_id
            elif silent(job):
                self.abandon(job.run_id)
                yield job.run_id
