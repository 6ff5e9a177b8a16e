"""What counts as a crash while something starts."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from local import supervision, waiting
from local.errors import LocalError
from local.home import Home
from local.supervision import ProcessState


def process(state: str, started: int = 100, pid: int = 7) -> ProcessState:
    return ProcessState(name="scheduler", state=state, pid=pid, started=started, now=200)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[ProcessState]:
    states: list[ProcessState] = []
    monkeypatch.setattr(supervision, "states", lambda home: states)
    monkeypatch.setattr(waiting, "LOOK_EVERY_SECONDS", 0)
    return states


HOME = Home(Path("/nowhere"))


def clock_at(second: float) -> SimpleNamespace:
    return SimpleNamespace(monotonic=lambda: second)


@pytest.mark.parametrize("state", ["BACKOFF", "EXITED", "FATAL"])
def test_a_process_that_ended_has_crashed(seen: list[ProcessState], state: str) -> None:
    seen.append(process(state))
    assert waiting.Watch(HOME).crashed() == "scheduler"


@pytest.mark.parametrize("state", ["STARTING", "RUNNING"])
def test_a_process_at_work_has_not(seen: list[ProcessState], state: str) -> None:
    seen.append(process(state))
    assert waiting.Watch(HOME).crashed() is None


def test_one_that_was_not_started_yet_has_not(seen: list[ProcessState]) -> None:
    seen.append(process("STOPPED", started=0, pid=0))
    watch = waiting.Watch(HOME)
    assert watch.crashed() is None
    seen[:] = [process("STARTING")]
    assert watch.crashed() is None


def test_one_that_was_started_again_has_crashed(seen: list[ProcessState]) -> None:
    watch = waiting.Watch(HOME)
    seen[:] = [process("RUNNING", started=100)]
    assert watch.crashed() is None
    seen[:] = [process("STARTING", started=105)]
    assert watch.crashed() == "scheduler"


def test_one_crash_is_mended_and_a_loop_of_them_is_not(seen: list[ProcessState]) -> None:
    watch = waiting.Watch(HOME)
    for started, lost in ((100, None), (105, None), (111, "scheduler")):
        seen[:] = [process("RUNNING", started=started)]
        assert watch.lost() == lost


def test_a_process_that_supervisord_has_given_up_is_lost(seen: list[ProcessState]) -> None:
    seen.append(process("FATAL", pid=0))
    assert waiting.Watch(HOME).lost() == "scheduler"


def test_a_process_is_lost_when_it_stays_away(seen: list[ProcessState], monkeypatch: pytest.MonkeyPatch) -> None:
    watch = waiting.Watch(HOME)
    seen[:] = [process("STOPPED", pid=0)]
    for second, lost in ((0, None), (20, None), (21, "scheduler")):
        monkeypatch.setattr(waiting, "time", clock_at(second))
        assert watch.lost() == lost
    seen[:] = [process("RUNNING")]
    assert watch.lost() is None


def test_without_supervisord_nothing_comes_back(seen: list[ProcessState], monkeypatch: pytest.MonkeyPatch) -> None:
    watch = waiting.Watch(HOME)
    seen[:] = [process("RUNNING")]
    for second, lost in ((0, None), (20, None), (21, "supervisord")):
        monkeypatch.setattr(waiting, "time", clock_at(second))
        assert watch.lost() == lost
        seen.clear()


def test_a_crash_ends_the_waiting_and_names_the_log(seen: list[ProcessState]) -> None:
    seen.append(process("FATAL"))
    with pytest.raises(LocalError, match="scheduler ended right after its start") as failure:
        waiting.for_health(HOME, "http://127.0.0.1:9", seconds=60)
    assert failure.value.log == Path("/nowhere/logs/scheduler.log")


@pytest.mark.usefixtures("seen")
def test_the_time_up_names_who_is_missing() -> None:
    with pytest.raises(LocalError, match="api-server is not healthy after 0 s"):
        waiting.for_health(HOME, "http://127.0.0.1:9", seconds=0)
