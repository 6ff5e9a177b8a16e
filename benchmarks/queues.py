"""Jobs on their way through Airflow and this project, as queues: who waits for whom, and all of them for cores."""

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

from include.jobs.batches import cut_batches
from include.settings import Settings

Steps = Generator[simpy.Event, Any, None]
SLICE = 0.05  # seconds
FIRST = -1  # what opens and ends jobs comes before batches


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """Seconds of one core, but for `waiting`: what a task is waited for while nothing is computed."""

    scheduling: float = 0.030
    """A task, in the scheduler."""
    process: float = 0.08
    """A task's own process, without what it does, and the one that looks after it."""
    talking: float = 0.097
    """A task, in the API server: its process says there what it does."""
    recording: float = 0.020
    """A task, in Airflow's database."""
    waiting: float = 0.06
    ticker: float = 0.0022
    """Prices read, analysed, stored; in the task and in the database."""
    opening: float = 0.0004
    """A ticker, when its job is opened and ended."""
    asking: float = 0.016
    """A request over HTTP, reading or asking for a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What there is: cores, tasks at once, and processes of the scheduler and of the API server."""

    cores: int = 2
    slots: int = 8
    schedulers: int = 1
    api_processes: int = 1
    requests_per_minute: float = 60.0
    """That the price source takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job that is asked for at this second; of `fetched` tickers the prices are not stored yet."""

    tickers: int
    at: float = 0.0
    fetched: int = 0
    known: bool = False


class Simulation:
    """Jobs and reads on one machine; afterwards `seconds` of each job and how busy each station was."""

    def __init__(self, machine: Machine, costs: Costs, settings: Settings) -> None:
        self._env = simpy.Environment()
        self._costs, self._settings = costs, settings
        self._fetch_seconds = 60.0 / machine.requests_per_minute
        self._cores = simpy.Resource(self._env, machine.cores)
        self._slots = simpy.PriorityResource(self._env, machine.slots)
        self._scheduler = simpy.Resource(self._env, machine.schedulers)
        self._api = simpy.Resource(self._env, machine.api_processes)
        self._source = simpy.Resource(self._env, 1)
        self._places = {
            "cores": machine.cores,
            "scheduler": machine.schedulers,
            "API server": machine.api_processes,
            "price source": 1,
        }
        self._busy: dict[str, float] = defaultdict(float)
        self.seconds: list[tuple[Job, float]] = []

    def run(self, jobs: Sequence[Job], reads: Sequence[float] = ()) -> None:
        """Everything until the last job has ended; `reads` are the seconds at which somebody reads a page's data."""
        for job in jobs:
            self._env.process(self._job(job))
        for at in reads:
            self._env.process(self._read(at))
        self._env.run()

    def utilisation(self) -> dict[str, float]:
        """The share of the time in which each station was busy."""
        return {name: self._busy[name] / (places * self._env.now) for name, places in self._places.items()}

    def _job(self, job: Job) -> Steps:
        yield self._env.timeout(job.at)
        yield from self._in_api(self._costs.asking)
        yield from self._task(FIRST, job.tickers * self._costs.opening)
        if not job.known:
            yield self._env.all_of([self._env.process(batch) for batch in self._batches(job)])
        yield from self._task(FIRST, job.tickers * self._costs.opening)
        self.seconds.append((job, self._env.now - job.at))

    def _batches(self, job: Job) -> Iterator[Steps]:
        cut = cut_batches([str(number) for number in range(job.tickers)], None, self._settings)
        for number, batch in enumerate(cut):
            yield self._batch(number, len(batch), round(job.fetched * len(batch) / job.tickers))

    def _batch(self, number: int, tickers: int, fetched: int) -> Steps:
        if fetched:  # it frees its slot while it waits for its turn
            with self._source.request() as turn:
                yield turn
                yield from self._hold("price source", fetched * self._fetch_seconds)
        yield from self._task(number, tickers * self._costs.ticker)

    def _task(self, priority: int, work: float) -> Steps:
        with self._scheduler.request() as turn:
            yield turn
            yield from self._compute("scheduler", self._costs.scheduling)
        with self._slots.request(priority) as slot:
            yield slot
            yield self._env.timeout(self._costs.waiting)
            yield from self._compute(None, self._costs.process + work)
            yield from self._in_api(self._costs.talking)
            yield from self._compute(None, self._costs.recording)

    def _read(self, at: float) -> Steps:
        yield self._env.timeout(at)
        yield from self._in_api(self._costs.asking)

    def _in_api(self, seconds: float) -> Steps:
        with self._api.request() as turn:
            yield turn
            yield from self._compute("API server", seconds)

    def _compute(self, station: str | None, seconds: float) -> Steps:
        """On a core, a slice at a time: who has little to do is not behind whoever has much."""
        if station:
            self._busy[station] += seconds
        left = seconds
        while left > 0:
            with self._cores.request() as core:
                yield core
                yield from self._hold("cores", min(SLICE, left))
            left -= SLICE

    def _hold(self, station: str, seconds: float) -> Steps:
        self._busy[station] += seconds
        yield self._env.timeout(seconds)
