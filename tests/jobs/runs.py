"""Runs without Airflow, for tests of what is submitted."""

from dataclasses import dataclass, field

from include.jobs.submission import RunState


@dataclass
class FakeRuns:
    """Runs in memory. `stolen` are made by somebody else in the moment in which we try."""

    states: dict[str, RunState] = field(default_factory=dict)
    stolen: set[str] = field(default_factory=set)
    equal: bool = True

    def state(self, run_id: str) -> RunState | None:
        return self.states.get(run_id)

    def is_equal(self, run_id: str) -> bool:
        return self.equal

    def under_way(self) -> list[str]:
        return [run_id for run_id, state in self.states.items() if state is RunState.ACTIVE]

    def create(self, run_id: str) -> bool:
        if run_id in self.states:
            return False
        self.states[run_id] = RunState.ACTIVE
        return run_id not in self.stolen
