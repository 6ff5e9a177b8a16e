"""What changed, over HTTP: to whom, page by page."""

import pytest

from include.model.analysis import Verdict
from include.storage.connection import Connection
from include.storage.watchlist import add_to_watchlist
from tests.storage.sessions import FRI, THU, analyse, said
from tests.web.calls import error
from tests.web.conftest import Call

LIST, JOB = "/watchlist/banks/changes", "/jobs/run-2/changes"


@pytest.fixture(autouse=True)
def changed(connection: Connection) -> None:
    """Two sessions of a list of ann's and one of bob's; the second session was for everybody."""
    add_to_watchlist(connection, "ann", ["JPM", "WFC"], "banks")
    add_to_watchlist(connection, "bob", ["JPM"])
    analyse(connection, "run-1", THU, said("JPM", Verdict.BUY), said("WFC", Verdict.BUY))
    both = said("JPM", Verdict.HOLD, close=94), said("WFC", Verdict.HOLD)
    analyse(connection, "run-2", FRI, *both, scope="schedule")


def test_the_changes_of_a_list_come_newest_first_page_by_page(api: Call) -> None:
    first = api("GET", f"{LIST}?limit=3").json()
    rest = api("GET", f"{LIST}?limit=3&cursor={first['next_cursor']}").json()
    kinds = [(one["ticker"], one["kind"]) for one in first["items"] + rest["items"]]
    assert sorted(kinds[:3]) == [("JPM", "dropped"), ("JPM", "stop"), ("WFC", "dropped")]
    assert sorted(kinds[3:]) == [("JPM", "new"), ("WFC", "new")]
    assert rest["next_cursor"] is None
    stop = next(one for one in first["items"] if one["kind"] == "stop")
    assert (stop["level"], stop["price"], stop["basis"]) == (95.0, 94.0, "close")
    assert (stop["plan_session"], stop["session_date"], stop["list"]) == ("2010-08-19", "2010-08-20", "banks")


def test_a_filter_leaves_out_the_rest(api: Call) -> None:
    for query, count in (("kind=stop", 1), ("ticker=WFC", 2), ("session=2010-08-19", 2), ("kind=failed", 0)):
        assert len(api("GET", f"{LIST}?{query}").json()["items"]) == count, query


@pytest.mark.parametrize("query", ["kind=lost", "session=20100820", "cursor=x", "since=2010-08-20", "limit=0"])
def test_what_no_list_has_is_refused_by_name(api: Call, query: str) -> None:
    for path in (LIST, JOB):
        answer = api("GET", f"{path}?{query}")
        assert answer.status_code == 400
        assert [one["field"] for one in error(answer)["details"]] == [query.partition("=")[0]]


def test_nobody_reads_what_changed_on_anothers_list(api: Call) -> None:
    for other in ("bob", "admin"):
        assert api("GET", LIST, other).status_code == 404
        assert {one["list"] for one in api("GET", JOB, other).json()["items"]} <= {"default"}
    assert api("GET", "/watchlist/default/changes").json()["items"] == []


def test_a_job_tells_each_user_of_the_own_lists(api: Call) -> None:
    assert sorted(one["ticker"] for one in api("GET", JOB).json()["items"]) == ["JPM", "JPM", "WFC"]
    # bob's list had nothing before, but the ticker has a past: that of everybody
    assert sorted(one["kind"] for one in api("GET", JOB, "bob").json()["items"]) == ["dropped", "stop"]
    assert api("GET", JOB, "admin").json()["items"] == []


def test_a_job_that_is_not_for_somebody_is_as_if_there_were_none(api: Call) -> None:
    assert api("GET", "/jobs/run-1/changes", "bob").status_code == 404
    assert api("GET", "/jobs/none/changes").status_code == 404
