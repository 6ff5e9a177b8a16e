"""The weights by which Airflow chooses among tasks that wait, as it writes them down and reads them again."""

from itertools import pairwise
from typing import Any

import pytest

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]

MOST_BATCHES = 1000


@pytest.fixture
def stored(dagbag: Any) -> dict[str, Any]:
    """Our DAGs as the scheduler has them."""
    from airflow.serialization.serialized_objects import DagSerialization

    return {dag_id: DagSerialization.from_dict(DagSerialization.to_dict(dag)) for dag_id, dag in dagbag.dags.items()}


def weight(dag: Any, task_id: str, map_index: int = -1) -> int:
    """What the scheduler gives a task instance when it makes it."""
    from airflow.models.taskinstance import TaskInstance

    instance = TaskInstance(dag.get_task(task_id), run_id="any", map_index=map_index, dag_version_id=None)
    assert instance.priority_weight is not None
    return instance.priority_weight


def job_dags(stored: dict[str, Any]) -> list[Any]:
    return [dag for dag in stored.values() if dag.has_task("open_job")]


def test_the_next_batch_of_a_job_comes_after_the_first_ones_of_all(stored: dict[str, Any]) -> None:
    for dag in job_dags(stored):
        weights = [weight(dag, "analyze", number) for number in range(MOST_BATCHES)]
        assert all(later < earlier for earlier, later in pairwise(weights))


def test_batches_of_all_job_dags_have_the_same_turns(stored: dict[str, Any]) -> None:
    turns = {tuple(weight(dag, "analyze", number) for number in range(9)) for dag in job_dags(stored)}
    assert len(turns) == 1
    assert len(job_dags(stored)) > 1


def test_the_instance_that_airflow_makes_before_it_maps_weighs_what_the_first_does(stored: dict[str, Any]) -> None:
    for dag in job_dags(stored):
        assert weight(dag, "analyze", -1) == weight(dag, "analyze", 0)


def test_what_ends_a_job_comes_first_then_what_opens_one_then_other_tasks_then_batches(stored: dict[str, Any]) -> None:
    others = [
        weight(dag, task_id) for dag in stored.values() if dag not in job_dags(stored) for task_id in dag.task_ids
    ]
    for dag in job_dags(stored):
        assert weight(dag, "finalize_job") > weight(dag, "open_job") > max(others)
        assert min(others) > weight(dag, "analyze", 0)


def test_batches_leave_slots_for_what_opens_and_ends_jobs(stored: dict[str, Any]) -> None:
    from airflow.configuration import conf

    slots = conf.getint("core", "parallelism")
    for dag in job_dags(stored):
        assert 0 < dag.get_task("analyze").max_active_tis_per_dag < slots


@pytest.mark.parametrize(("slots", "batches"), [(1, 1), (2, 1), (3, 2), (8, 6), (32, 24), (256, 192)])
@pytest.mark.usefixtures("airflow")
def test_a_quarter_of_the_slots_is_left_free_and_one_batch_always_runs(slots: int, batches: int) -> None:
    from include.pipeline.fairness import batches_at_once

    assert batches_at_once(slots) == batches
