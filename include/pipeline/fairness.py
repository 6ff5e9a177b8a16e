"""Whose batch is next when more of them wait than there are slots.

Airflow takes waiting tasks by weight, the highest first, whichever job they are of; its own rules give all batches of
a job one weight, above that of any job's last task. With the weights here

- the n-th batches of all jobs come before anybody's next ones, so that a small job does not wait for a large one;
- what ends or opens a job, and every task of any other DAG, comes before batches.

A large job is overtaken by a later one until that has had as many of its batches done. Weights only order what waits:
a batch that runs is not interrupted, and what the executor has been given is done in that order. So it is given fewer
batches than it can do at once, `[core] parallelism`, which Airflow's LocalExecutor 3.3 does not hold to by itself: a
quarter of the slots is left to what opens and ends jobs. Airflow counts them for each DAG: where those of two exchanges
and of requests have large jobs at one time, each may have its three quarters, and a short task waits until one ends.
"""

from typing import TYPE_CHECKING, Any

from airflow.sdk.configuration import conf
from airflow.task.priority_strategy import PriorityWeightStrategy

if TYPE_CHECKING:
    from airflow.models.taskinstance import TaskInstance

# Arguments of the tasks. A task of another DAG weighs at least 1, by Airflow's default.
ENDING: dict[str, Any] = {"weight_rule": "absolute", "priority_weight": 3}
OPENING: dict[str, Any] = {"weight_rule": "absolute", "priority_weight": 2}


def batches_at_once(slots: int) -> int:
    """How many batches of one DAG may run at once where so many tasks do."""
    return max(1, slots - max(1, slots // 4))


EQUAL_TURNS: dict[str, Any] = {
    "weight_rule": f"{__name__}.EqualTurns",  # by name: a mapped task takes no instance
    "max_active_tis_per_dag": batches_at_once(conf.getint("core", "parallelism")),
}


class EqualTurns(PriorityWeightStrategy):
    """A mapped task weighs the less, the higher its map index; all of them weigh less than any other task."""

    def get_weight(self, ti: "TaskInstance") -> int:
        """0 for the first, and one less for each that follows.

        Airflow makes the first before it knows how many there will be, and does not weigh it again: -1 is 0.
        """
        return -max(ti.map_index, 0)
