"""Every pair of kill points, and three at random: see tests/pipeline/killing.py. No installation is needed."""

from itertools import combinations_with_replacement

import pytest

from local.postgres import Cluster
from tests.conftest import drop_database, new_database
from tests.crash.histories import History
from tests.dice import seeded
from tests.pipeline.conftest import prepared, undisturbed, url_of
from tests.pipeline.killing import POINTS, run_job
from tests.pipeline.rows import Rows, rows_of

__all__ = ["prepared", "undisturbed"]

TRIPLES = 40


def leaves_the_same(
    cluster: Cluster, prepared: str, undisturbed: Rows, points: tuple[str, ...], history: History
) -> bool:
    """Whether the rows of a job that was killed at these points are those of one that nobody disturbed."""
    name = new_database(cluster, prepared)
    try:
        not_reached = run_job(url_of(cluster, name), points)
        is_equal = rows_of(url_of(cluster, name)) == undisturbed
        history.say("killed", points=points, not_reached=not_reached, is_equal=is_equal)
        return is_equal
    finally:
        drop_database(cluster, name)


@pytest.mark.parametrize("first", POINTS)
def test_two_kills_at_any_two_points_leave_the_rows_of_a_job_that_nobody_disturbed(
    cluster: Cluster, prepared: str, undisturbed: Rows, first: str
) -> None:
    history = History(f"kills-{first}")
    for points in combinations_with_replacement(POINTS, 2):
        if points[0] == first:
            assert leaves_the_same(cluster, prepared, undisturbed, points, history)


def test_three_kills_at_random_points_leave_the_rows_of_a_job_that_nobody_disturbed(
    cluster: Cluster, prepared: str, undisturbed: Rows
) -> None:
    seed, rng = seeded("kills")
    history = History("kills-at-random")
    history.say("begins", seed=seed)
    for _ in range(TRIPLES):
        points = tuple(rng.choices(list(POINTS), k=3))
        assert leaves_the_same(cluster, prepared, undisturbed, points, history)
