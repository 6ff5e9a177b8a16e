"""The simulation agrees with what was measured, and says what breaks first."""

import pytest

from benchmarks.queues import Costs, Job, Machine, Simulation
from benchmarks.sizing import Load, busy_hour, evening
from include.settings import Settings

TWO_CORES = Machine(cores=2, slots=8)
FACTOR = 1.3
# Seconds of one job by itself on 2 cores: README, `make bench ARGS="stack scale"`, Nov 2026.
MEASURED = [(1, 0.92), (100, 1.0), (1000, 4.8), (2000, 9.0), (10_000, 23.7)]


def seconds_of(tickers: int, settings: Settings, machine: Machine = TWO_CORES) -> float:
    simulation = Simulation(machine, Costs(), settings)
    simulation.run([Job(tickers=tickers)])
    ((_, seconds),) = simulation.seconds
    return seconds


@pytest.mark.parametrize(("tickers", "measured"), MEASURED)
def test_a_job_takes_as_long_as_measured(tickers: int, measured: float) -> None:
    simulated = seconds_of(tickers, Settings())
    assert measured / FACTOR < simulated < measured * FACTOR


def test_more_cores_alone_help_until_the_api_server_is_all_that_is_waited_for() -> None:
    load, costs = Load(tickers=100_000, users=1), Costs()
    two, eight, many = (evening(load, Machine(cores=cores, slots=4 * cores), costs) for cores in (2, 8, 64))
    assert two.busiest[0] == "cores"
    assert many.busiest[0] == "API server"
    assert two.seconds > 2 * eight.seconds
    more = evening(load, Machine(cores=64, slots=256, api_processes=8), costs)
    assert more.seconds < many.seconds / 2


def test_a_hundred_thousand_tickers_are_more_than_yahoo_gives_in_a_day() -> None:
    assert evening(Load(tickers=100_000, users=1), TWO_CORES, Costs()).fetch_hours > 24


def test_a_job_whose_prices_are_fetched_takes_as_long_as_the_source_lets_it() -> None:
    simulation = Simulation(Machine(requests_per_minute=60), Costs(), Settings())
    simulation.run([Job(tickers=300, fetched=300)])
    ((_, seconds),) = simulation.seconds
    assert 300 < seconds < 310


def test_a_small_job_does_not_wait_for_the_batches_of_a_large_one() -> None:
    simulation = Simulation(TWO_CORES, Costs(), Settings())
    simulation.run([Job(tickers=10_000), Job(tickers=1, at=5.0)])
    seconds = {job.tickers: taken for job, taken in simulation.seconds}
    assert seconds[1] < seconds[10_000] / 2


def test_an_hour_that_is_too_much_ends_late() -> None:
    small = Machine(cores=1, slots=4)
    few, many = (
        busy_hour(Load(tickers=1, users=n, jobs_a_user=12, reads_a_user=0), small, Costs()) for n in (10, 1000)
    )
    assert few.late_seconds < few.p95
    assert many.late_seconds > 60
    assert many.utilisation["cores"] > 0.9
