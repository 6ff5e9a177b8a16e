"""Counters and faults, with a clock of the test's."""

from collections.abc import Callable

import pytest

from local.yahoo.counters import Counters
from local.yahoo.faults import Fault, Faults


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def ask(counters: Counters, times: int) -> None:
    for _ in range(times):
        with counters.answering("IBM"):
            pass


def test_the_busiest_window_is_any_sliding_one(clock: Clock) -> None:
    counters = Counters(60, clock)
    for after, times in [(0, 3), (50, 4), (15, 2), (100, 1)]:
        clock.now += after
        ask(counters, times)
    assert counters.now().busiest_window == 7
    counters.reset()
    assert (counters.now().busiest_window, counters.now().by_ticker) == (0, {})


def test_the_most_in_flight_is_remembered(clock: Clock) -> None:
    counters = Counters(60, clock)
    with counters.answering("IBM"), counters.answering("KO"):
        assert counters.now().in_flight == 2
    assert (counters.now().in_flight, counters.now().most_in_flight) == (0, 2)


def test_beyond_the_limit_of_a_window_is_a_violation_and_later_all_is_well(clock: Clock) -> None:
    counters = Counters(60, clock)
    assert [counters.admit(2) for _ in range(3)] == [True, True, False]
    clock.now += 59
    assert not counters.admit(2)
    clock.now += 1
    assert counters.admit(2)
    assert counters.now().violations == 2


def test_without_a_limit_everything_is_admitted(clock: Clock) -> None:
    counters = Counters(60, clock)
    assert all(counters.admit(None) for _ in range(500))
    assert counters.now().violations == 0


def test_a_fault_ends_after_its_times(clock: Clock) -> None:
    faults = Faults(clock=clock)
    faults.put(Fault.RATE_LIMITED, "IBM", times=2)
    assert [faults.next("IBM") for _ in range(3)] == [Fault.RATE_LIMITED, Fault.RATE_LIMITED, None]
    assert faults.in_force() == {}


def test_a_fault_ends_after_its_seconds(clock: Clock) -> None:
    faults = Faults(clock=clock)
    faults.put(Fault.LATE_BAR, "IBM", seconds=5)
    clock.now += 4.9
    assert faults.next("IBM") is Fault.LATE_BAR
    clock.now += 0.1
    assert faults.next("IBM") is None


def test_a_fault_of_everything_goes_before_that_of_a_ticker() -> None:
    faults = Faults({"IBM": Fault.NOT_FOUND})
    faults.put(Fault.BAD_GATEWAY, times=1)
    assert faults.in_force() == {"*": Fault.BAD_GATEWAY, "IBM": Fault.NOT_FOUND}
    assert faults.of_everything() is Fault.BAD_GATEWAY
    assert [faults.next("IBM"), faults.next("IBM"), faults.next("KO")] == [Fault.BAD_GATEWAY, Fault.NOT_FOUND, None]


@pytest.mark.parametrize("clear", [lambda faults: faults.clear(), lambda faults: faults.clear("IBM")])
def test_a_fault_can_be_cleared(clear: Callable[[Faults], None]) -> None:
    faults = Faults({"IBM": Fault.NOT_FOUND})
    clear(faults)
    assert faults.next("IBM") is None
