"""Submitting: equal requests get the same run, and nobody is answered with a dead one."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.jobs.claims import claim_key
from include.jobs.submission import RunState, Submission, submit
from include.model.errors import DuplicateJobError, InvalidRequestError, RunExistsError
from include.model.request import OnDuplicate
from include.storage.connection import Connection
from include.storage.jobs import cancel_job, finalize_job
from include.storage.requests import Disposition, answer_request_id
from tests.jobs.runs import FakeRuns
from tests.storage.demands import begun, demand, opened

KEY = claim_key(demand().request)[:16]


@pytest.fixture
def runs() -> FakeRuns:
    return FakeRuns()


def test_the_first_request_makes_a_run_named_by_its_work(connection: Connection, runs: FakeRuns) -> None:
    made = submit(connection, runs, demand())
    assert (made.run_id, made.created) == (f"{KEY}.0", True)


def test_an_equal_request_gets_the_run_that_is_active(connection: Connection, runs: FakeRuns) -> None:
    submit(connection, runs, demand())
    again = submit(connection, runs, demand())
    assert (again.run_id, again.created) == (f"{KEY}.0", False)


def test_who_loses_the_race_gets_the_winners_run(connection: Connection) -> None:
    lost = submit(connection, FakeRuns(stolen={f"{KEY}.0"}), demand())
    assert (lost.run_id, lost.created) == (f"{KEY}.0", False)


def test_other_work_is_another_run(connection: Connection, runs: FakeRuns) -> None:
    submit(connection, runs, demand())
    assert submit(connection, runs, demand("XOM")).created


def test_after_its_job_has_ended_equal_work_is_a_new_run_at_once(connection: Connection, runs: FakeRuns) -> None:
    first = submit(connection, runs, demand())
    begun(connection, first.run_id)
    finalize_job(connection, first.run_id)  # Airflow still shows the run as active for a moment
    second = submit(connection, runs, demand())
    assert (second.run_id, second.created) == (f"{KEY}.1", True)


def test_nobody_is_answered_with_a_run_that_broke_before_its_job_was_opened(
    connection: Connection, runs: FakeRuns
) -> None:
    runs.states = {f"{KEY}.0": RunState.ENDED, f"{KEY}.1": RunState.ENDED}
    made = submit(connection, runs, demand())
    assert (made.run_id, made.created) == (f"{KEY}.2", True)


def test_nobody_is_answered_with_a_run_that_was_cancelled_before_its_job_was_opened(
    connection: Connection, runs: FakeRuns
) -> None:
    first = submit(connection, runs, demand())
    cancel_job(connection, first.run_id, "ann wants it", actor="ann")  # Airflow still shows the run as active
    second = submit(connection, runs, demand())
    assert (second.run_id, second.created) == (f"{KEY}.1", True)


def test_nobody_is_answered_with_a_run_that_came_to_other_work(connection: Connection, runs: FakeRuns) -> None:
    """A watchlist, say, has changed between the request and the opening of the job."""
    first = submit(connection, runs, demand())
    begun(connection, first.run_id, demand("IBM", "JPM", "XOM"))
    second = submit(connection, runs, demand())
    assert (second.run_id, second.created) == (f"{KEY}.1", True)


def test_a_job_that_works_on_a_session_which_is_the_last_no_more_is_not_joined(
    connection: Connection, runs: FakeRuns
) -> None:
    first = submit(connection, runs, demand())
    opened(connection, first.run_id, current_until=datetime.now(UTC) + timedelta(hours=1))
    assert submit(connection, runs, demand()).run_id == first.run_id
    connection.execute("UPDATE analysis_jobs SET current_until = clock_timestamp()")  # the next session is complete
    second = submit(connection, runs, demand(on_duplicate=OnDuplicate.FAIL))
    assert (second.run_id, second.created) == (f"{KEY}.1", True)
    assert submit(connection, runs, demand()).run_id == second.run_id
    begun(connection, f"{KEY}.1")
    finalize_job(connection, f"{KEY}.1")
    assert submit(connection, runs, demand()).run_id == f"{KEY}.2"


def test_work_can_be_asked_for_also_when_the_jobs_of_many_ended_runs_were_removed(connection: Connection) -> None:
    runs = FakeRuns(states={f"{KEY}.{number}": RunState.ENDED for number in range(5000)})
    assert submit(connection, runs, demand()).run_id == f"{KEY}.5000"


def test_a_job_that_came_in_by_another_way_is_joined(connection: Connection, runs: FakeRuns) -> None:
    begun(connection, "manual__from-the-command-line")
    runs.states = {"manual__from-the-command-line": RunState.ACTIVE}
    joined = submit(connection, runs, demand())
    assert (joined.run_id, joined.created) == ("manual__from-the-command-line", False)


def test_a_job_whose_run_is_over_is_not_joined(connection: Connection, runs: FakeRuns) -> None:
    begun(connection, "dead")
    runs.states = {"dead": RunState.ENDED}
    assert submit(connection, runs, demand()).created


def test_a_run_does_not_get_the_name_of_a_job_that_has_ended_when_airflow_has_forgotten_its_runs(
    connection: Connection,
) -> None:
    begun(connection, f"{KEY}.7", demand())  # those before it ended without a job
    finalize_job(connection, f"{KEY}.7")
    assert submit(connection, FakeRuns(), demand()).run_id == f"{KEY}.8"


def test_force_always_makes_a_run_of_its_own(connection: Connection, runs: FakeRuns) -> None:
    made = {submit(connection, runs, demand(force=True)).run_id for _ in range(5)}
    assert len(made) == 5
    assert all(run_id.startswith(f"{KEY}.0.") for run_id in made)


def test_a_clients_own_id_is_kept_and_gets_the_same_run_again(connection: Connection, runs: FakeRuns) -> None:
    first, again = (submit(connection, runs, demand(), own_id="mine") for _ in range(2))
    assert (first.run_id, first.created, again.run_id, again.created) == ("mine", True, "mine", False)


def test_a_clients_own_id_of_another_request_is_a_conflict(connection: Connection) -> None:
    runs = FakeRuns(states={"mine": RunState.ENDED}, equal=False)
    with pytest.raises(RunExistsError, match="choose another dag_run_id"):
        submit(connection, runs, demand(), own_id="mine")


def test_a_request_that_is_to_fail_beside_an_equal_job_names_it(connection: Connection, runs: FakeRuns) -> None:
    first = submit(connection, runs, demand())
    with pytest.raises(DuplicateJobError, match=first.run_id.replace(".", r"\.")):
        submit(connection, runs, demand(on_duplicate=OnDuplicate.FAIL))


def test_a_clients_own_id_is_not_used_for_a_request_that_is_to_fail_beside_an_equal_job(
    connection: Connection, runs: FakeRuns
) -> None:
    wanted = demand(on_duplicate=OnDuplicate.FAIL)
    first = submit(connection, runs, wanted, own_id="mine")
    begun(connection, "mine")
    with pytest.raises(DuplicateJobError, match="mine"):
        submit(connection, runs, wanted, own_id="another")
    assert runs.state("another") is None
    assert submit(connection, runs, wanted, own_id="mine").run_id == first.run_id


def test_a_superseding_request_makes_a_run_of_its_own_and_the_next_ones_get_that(
    connection: Connection, runs: FakeRuns
) -> None:
    first = submit(connection, runs, demand())
    begun(connection, first.run_id)
    second = submit(connection, runs, demand(on_duplicate=OnDuplicate.SUPERSEDE))
    again = submit(connection, runs, demand(on_duplicate=OnDuplicate.SUPERSEDE))
    third = submit(connection, runs, demand())
    assert (second.run_id, second.created) == (f"{KEY}.1", True)
    assert (again.run_id, again.created) == (f"{KEY}.1", False)
    assert (third.run_id, third.created) == (f"{KEY}.1", False)


def test_a_job_is_superseded_also_when_runs_before_it_or_meant_to_supersede_it_ended_without_a_job(
    connection: Connection,
) -> None:
    runs = FakeRuns(states={f"{KEY}.0": RunState.ENDED, f"{KEY}.2": RunState.ENDED})
    begun(connection, submit(connection, runs, demand()).run_id)
    new = submit(connection, runs, demand(on_duplicate=OnDuplicate.SUPERSEDE))
    assert (new.run_id, new.created) == (f"{KEY}.3", True)
    assert submit(connection, runs, demand()).run_id == f"{KEY}.3"


def test_a_run_that_has_not_begun_is_not_superseded_but_joined(connection: Connection, runs: FakeRuns) -> None:
    first = submit(connection, runs, demand())
    assert submit(connection, runs, demand(on_duplicate=OnDuplicate.SUPERSEDE)).run_id == first.run_id


def answered(connection: Connection, made: Submission, request_id: str = "mine") -> None:
    """What the door does behind a submission."""
    answer_request_id(connection, "ann", request_id, claim_key(demand().request), made.run_id, made.disposition)


@pytest.mark.parametrize("force", [False, True])
def test_the_same_request_id_gets_the_same_answer_also_after_the_end(
    connection: Connection, runs: FakeRuns, force: bool
) -> None:
    wanted = demand(request_id="mine", force=force)
    first = submit(connection, runs, wanted)
    answered(connection, first)
    begun(connection, first.run_id, wanted)
    finalize_job(connection, first.run_id)
    runs.states[first.run_id] = RunState.ENDED
    again = submit(connection, runs, wanted)
    assert (again.run_id, again.created, again.repeated) == (first.run_id, True, True)


def test_a_request_id_that_came_to_nothing_is_free_again(connection: Connection, runs: FakeRuns) -> None:
    first = submit(connection, runs, demand(request_id="mine"))
    answered(connection, first)
    runs.states[first.run_id] = RunState.ENDED  # it broke before it opened a job
    assert submit(connection, runs, demand(request_id="mine")).run_id == f"{KEY}.1"


def test_two_forced_requests_of_one_request_id_at_once_get_one_run(connection: Connection, runs: FakeRuns) -> None:
    made = {submit(connection, runs, demand(request_id="mine", force=True)).run_id for _ in range(2)}
    assert len(made) == 1


@dataclass
class TwinRuns(FakeRuns):
    """The same request was sent twice, and the other one has made the run a moment before."""

    connection: Connection | None = None

    def create(self, run_id: str) -> bool:
        assert self.connection
        answered(self.connection, Submission(run_id=run_id, disposition=Disposition.CREATED))
        super().create(run_id)
        return False


@pytest.mark.parametrize("how", [{}, {"on_duplicate": OnDuplicate.FAIL}, {"force": True}])
def test_a_request_that_is_sent_twice_at_one_moment_is_no_duplicate_of_itself(
    connection: Connection, how: dict[str, Any]
) -> None:
    again = submit(connection, TwinRuns(connection=connection), demand(request_id="mine", **how))
    assert (again.created, again.repeated) == (True, True)


def test_a_request_id_of_another_request_is_refused(connection: Connection, runs: FakeRuns) -> None:
    answered(connection, submit(connection, runs, demand(request_id="mine")))
    with pytest.raises(InvalidRequestError, match="use a new one"):
        submit(connection, runs, demand("XOM", request_id="mine"))
