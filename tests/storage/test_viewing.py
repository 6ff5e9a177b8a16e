"""Whose jobs somebody may see."""

import pytest

from include.model.errors import UnknownJobError
from include.model.viewer import Viewer
from include.storage.connection import Connection
from include.storage.viewing import check_visible
from tests.storage.demands import demand, opened

ANN, BOB = (Viewer(name=name, sees_all=False) for name in ("ann", "bob"))
OPERATOR = Viewer(name="olga", sees_all=True)


def is_visible(connection: Connection, viewer: Viewer, job_id: str) -> bool:
    try:
        check_visible(connection, viewer, job_id)
    except UnknownJobError:
        return False
    return True


def test_a_users_job_is_for_the_user_and_for_operators(connection: Connection) -> None:
    opened(connection, "run-1", demand(user="ann"))
    assert [is_visible(connection, viewer, "run-1") for viewer in (ANN, BOB, OPERATOR)] == [True, False, True]


@pytest.mark.parametrize("scope", ["shared", "schedule"])
def test_a_job_of_everybodys_scope_is_for_everybody(connection: Connection, scope: str) -> None:
    opened(connection, "run-1", demand(user="ann", scope=scope))
    assert is_visible(connection, BOB, "run-1")


def test_who_asked_sees_the_job_whatever_its_scope_is_called(connection: Connection) -> None:
    opened(connection, "run-1", demand(user="ann", scope="team:desk"))
    assert [is_visible(connection, viewer, "run-1") for viewer in (ANN, BOB)] == [True, False]


def test_a_job_that_does_not_exist_is_not_hidden_from_anybody(connection: Connection) -> None:
    assert is_visible(connection, BOB, "run-1")
