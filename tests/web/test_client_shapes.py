"""What the API says is what the client reads: its values, from answers of the real routes."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from include.client.answers import Difference, NotificationSettings, Page, VerdictCounts
from include.client.reading import value_of
from include.model.analysis import Verdict
from include.model.changes import Change
from include.model.reading import ErrorGroup
from include.model.results import SeriesRow
from include.storage.connection import Connection
from include.storage.watchlist import add_to_watchlist
from tests.storage.sessions import FRI, THU, analyse, said
from tests.web.conftest import Call

SHAPES: dict[str, Any] = {
    "/watchlist/banks/changes": Page[Change],
    "/jobs/run-2/changes": Page[Change],
    "/jobs/run-2/errors": Page[ErrorGroup],
    "/verdicts": VerdictCounts,
    "/results/JPM/series": Page[SeriesRow],
    "/results/JPM/difference": Difference,
    f"/results/JPM/difference?session={THU}": Difference,
    "/notifications": NotificationSettings,
}


@pytest.fixture(autouse=True)
def changed(connection: Connection) -> None:
    """Two sessions of a list."""
    add_to_watchlist(connection, "ann", ["JPM", "WFC"], "banks")
    analyse(connection, "run-1", THU, said("JPM", Verdict.BUY), said("WFC", Verdict.BUY))
    analyse(connection, "run-2", FRI, said("JPM", Verdict.HOLD, close=94), said("WFC", Verdict.HOLD), scope="schedule")


def test_every_shape_is_that_of_the_answer_and_leaves_nothing_out(api: Call) -> None:
    for path, shape in SHAPES.items():
        answer, adapter = api("GET", path), TypeAdapter(shape)
        read = value_of(answer, adapter)
        assert adapter.dump_python(read, mode="json") == answer.json(), path
