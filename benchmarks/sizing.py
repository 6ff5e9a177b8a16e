"""What a machine carries: `python -m benchmarks.sizing --tickers 100000 --users 1000 --cores 64`.

An evening of all tickers, and a busy hour of all users, simulated with the costs that were measured (docs/sizing.md).
"""

import argparse
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.figures import high, middle
from benchmarks.queues import Costs, Job, Machine, Simulation
from include.settings import settings

MOST_TICKERS = 10_000  # of one job
SESSIONS_A_YEAR = 252
HOUR = 3600.0
BYTES_A_RESULT = 2_450  # with its detail, indicator values and follow-up, and all indexes
BYTES_A_BAR = 212
API_CONNECTIONS, AIRFLOW_CONNECTIONS = 5, 10  # that a process keeps


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of it: tickers each evening; jobs and reads of each user in the busy hour."""

    tickers: int
    users: int
    jobs_a_user: float = 2.0
    job_tickers: int = 20
    reads_a_user: float = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evening:
    """All tickers once: how long it takes with prices that are stored, and how long the prices take to fetch."""

    seconds: float
    fetch_hours: float
    busiest: tuple[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusyHour:
    """Seconds of users' jobs, how long after the hour the last one ended, and the busiest station."""

    median: float
    p95: float
    late_seconds: float
    utilisation: dict[str, float]


def evening(load: Load, machine: Machine, costs: Costs) -> Evening:
    """Every ticker's new session, in as many jobs as it needs, all asked for at once."""
    simulation = Simulation(machine, costs, settings())
    simulation.run([Job(tickers=size) for size in _portions(load.tickers)])
    return Evening(
        seconds=max(taken for _, taken in simulation.seconds),
        fetch_hours=load.tickers / machine.requests_per_minute / 60,
        busiest=_busiest(simulation.utilisation()),
    )


def busy_hour(load: Load, machine: Machine, costs: Costs, seed: int = 1) -> BusyHour:
    """Users ask for jobs of their own, each new to the day, and read meanwhile; at random moments."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    jobs = [
        Job(tickers=load.job_tickers, at=dice.uniform(0, HOUR)) for _ in range(round(load.users * load.jobs_a_user))
    ]
    reads = [dice.uniform(0, HOUR) for _ in range(round(load.users * load.reads_a_user))]
    simulation = Simulation(machine, costs, settings())
    simulation.run(jobs, reads)
    taken = [seconds for _, seconds in simulation.seconds]
    ended = max(job.at + seconds for job, seconds in simulation.seconds)
    return BusyHour(
        median=middle(taken),
        p95=high(taken),
        late_seconds=max(0.0, ended - HOUR),
        utilisation=simulation.utilisation(),
    )


def _portions(tickers: int) -> list[int]:
    return [min(MOST_TICKERS, tickers - start) for start in range(0, tickers, MOST_TICKERS)]


def _busiest(utilisation: dict[str, float]) -> tuple[str, float]:
    return max(utilisation.items(), key=lambda item: item[1])


def report(load: Load, machine: Machine, costs: Costs) -> Table:
    """Everything in a table."""
    night, day = evening(load, machine, costs), busy_hour(load, machine, costs)
    table = Table(
        "what", "value", "from", title=f"{load.tickers:,} tickers, {load.users:,} users, {machine.cores} cores"
    )
    table.add_row(
        "evening, prices stored", f"{night.seconds:,.0f} s", f"{night.busiest[0]} {night.busiest[1]:.0%} busy"
    )
    table.add_row("prices fetched", f"{night.fetch_hours:,.1f} h", f"{machine.requests_per_minute:g} requests a minute")
    asked = f"{load.users * load.jobs_a_user:,.0f} jobs of {load.job_tickers}"
    table.add_row("a user's job, median", f"{day.median:,.1f} s", f"{asked} in an hour")
    table.add_row("a user's job, p95", f"{day.p95:,.1f} s", f"last one {day.late_seconds:,.0f} s after it")
    for station, share in sorted(day.utilisation.items(), key=lambda item: -item[1]):
        table.add_row(
            f"busy hour, {station}", f"{share:.0%}", "" if share < 0.8 else "TOO BUSY: what waits for it grows"
        )
    rows = load.tickers * SESSIONS_A_YEAR
    gigabytes = rows * (BYTES_A_RESULT + BYTES_A_BAR) / 1e9
    table.add_row("results a year", f"{rows:,}", f"{gigabytes:,.0f} GB with bars, details and indicator values")
    connections = machine.slots + machine.api_processes * API_CONNECTIONS
    table.add_row("connections to `stocks`", f"{connections}", "tasks at once, and five of each API process")
    return table


def main(arguments: Sequence[str]) -> int:
    """Print what the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sizing", description=__doc__)
    parser.add_argument("--tickers", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--slots", type=int, help="tasks at once ([core] parallelism); four a core")
    parser.add_argument("--schedulers", type=int, default=1)
    parser.add_argument("--api-processes", type=int, default=1)
    parser.add_argument("--requests-per-minute", type=float, default=float(settings().requests_per_minute))
    parser.add_argument("--jobs-a-user", type=float, default=2.0, help="in the busy hour")
    parser.add_argument("--job-tickers", type=int, default=20)
    parser.add_argument("--reads-a-user", type=float, default=120.0, help="in the busy hour")
    given = parser.parse_args(arguments)
    machine = Machine(
        cores=given.cores,
        slots=given.slots or 4 * given.cores,
        schedulers=given.schedulers,
        api_processes=given.api_processes,
        requests_per_minute=given.requests_per_minute,
    )
    load = Load(
        tickers=given.tickers,
        users=given.users,
        jobs_a_user=given.jobs_a_user,
        job_tickers=given.job_tickers,
        reads_a_user=given.reads_a_user,
    )
    Console(width=120).print(report(load, machine, Costs()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
