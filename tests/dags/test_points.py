"""The points at which the long tests kill a task are still in the code."""

import pytest


@pytest.mark.usefixtures("airflow")
def test_every_point_can_be_reached() -> None:
    from tests.crash import points

    wrapped: list[object] = []
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(points, "_wrap", lambda module, name, **_: wrapped.append(getattr(module, name)))
        patched.setattr(points, "_hang_while_fetching", lambda batch: wrapped.append(batch._analyse))
        points.install()
    assert len(wrapped) == len(points.POINTS) + 1
