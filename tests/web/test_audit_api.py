"""The record of requests over HTTP: one's own, in pages, and whether work was done twice."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.storage.connection import Connection
from include.storage.requests import Disposition, Door, RequestRecord, record_request
from tests.storage.demands import demand
from tests.web.calls import error
from tests.web.conftest import Call


def record(connection: Connection, user: str = "ann", job_id: str | None = "job-1", **fields: Any) -> None:
    """A request that was created, unless it has no job."""
    made = RequestRecord(
        **{
            "requested_by": user,
            "door": Door.API,
            "raw": {"tickers": ["ibm"]},
            "request": demand("IBM").request if job_id else None,
            "disposition": Disposition.CREATED if job_id else Disposition.REFUSED,
            "job_id": job_id,
            "reason": None if job_id else "capital: must be > 0",
            "latency_ms": 12.5,
            **fields,
        }
    )
    record_request(connection, made)


def listed(api: Call, query: str = "", user: str = "ann") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api("GET", f"/requests{query}", user).json()["items"]
    return found


def test_a_user_reads_the_own_requests_and_who_sees_all_reads_everybodys(api: Call, connection: Connection) -> None:
    record(connection, "ann")
    record(connection, "bob", job_id="job-2")
    assert [one["job_id"] for one in listed(api)] == ["job-1"]
    assert [one["job_id"] for one in listed(api, user="bob")] == ["job-2"]
    assert [one["job_id"] for one in listed(api, user="admin")] == ["job-2", "job-1"]
    assert [one["job_id"] for one in listed(api, "?requested_by=bob", "admin")] == ["job-2"]
    assert listed(api, "?requested_by=bob") == []


@pytest.mark.parametrize(
    ("query", "jobs"),
    [
        ("", [None, "job-2", "job-1"]),
        ("?door=rest", ["job-2"]),
        ("?disposition=refused", [None]),
        ("?job_id=job-1", ["job-1"]),
        ("?door=rest&disposition=created", []),
        ("?since=2999-01-01", []),
        ("?since=2001-01-01T00:00:00%2B05:30", [None, "job-2", "job-1"]),
    ],
)
def test_requests_are_found_by_what_is_known_of_them(
    api: Call, connection: Connection, query: str, jobs: list[str | None]
) -> None:
    record(connection)
    record(connection, job_id="job-2", door=Door.REST, disposition=Disposition.JOINED)
    record(connection, job_id=None)
    assert [one["job_id"] for one in listed(api, query)] == jobs


def test_pages_are_whole_while_requests_come_in(api: Call, connection: Connection) -> None:
    for number in range(5):
        record(connection, job_id=f"job-{number}")
    first = api("GET", "/requests?limit=2").json()
    record(connection, job_id="job-5")
    second = api("GET", f"/requests?limit=2&cursor={first['next_cursor']}").json()
    third = api("GET", f"/requests?limit=2&cursor={second['next_cursor']}").json()
    seen = [one["job_id"] for page in (first, second, third) for one in page["items"]]
    assert seen == [f"job-{number}" for number in (4, 3, 2, 1, 0)]
    assert third["next_cursor"] is None


def test_unknown_filters_and_bad_values_are_named(api: Call) -> None:
    answer = api("GET", "/requests?dor=ui&door=window&since=yesterday&limit=0&cursor=x")
    assert answer.status_code == 400
    assert {detail["field"] for detail in error(answer)["details"]} == {"dor", "door", "since", "limit"}
    assert [detail["field"] for detail in error(api("GET", "/requests?cursor=x"))["details"]] == ["cursor"]


def test_one_request_is_read_with_what_was_sent_by_who_may(api: Call, connection: Connection) -> None:
    record(connection, "bob")
    (one,) = listed(api, user="bob")
    whole = api("GET", f"/requests/{one['id']}", "bob").json()
    assert (whole["raw"], whole["request"]["tickers"]) == ({"tickers": ["ibm"]}, ["IBM"])
    assert api("GET", f"/requests/{one['id']}", "admin").is_success
    assert api("GET", f"/requests/{one['id']}").status_code == 404
    assert api("GET", "/requests/99999999999999999999").status_code == 400


def equal_jobs(connection: Connection, user: str, seconds_apart: float) -> None:
    """Two equal jobs of one user, the second of which did all of it again."""
    for number, apart in enumerate((0.0, seconds_apart)):
        at = datetime.now(UTC) - timedelta(minutes=5) + timedelta(seconds=apart)
        connection.execute(
            "INSERT INTO analysis_jobs (job_id, dag_id, claim_key, request, scope, requested_by, trigger,"
            " analysis_source, status, status_reason, total, created_at, started_at, completed_at)"
            " VALUES (%s, 'analyze_stocks', %s, '{}', %s, %s, 'api', 'selected', 'failed', 'x', 1, %s, %s, %s)",
            [f"{user}-{number}", "a" * 64, f"user:{user}", user, at, at, at + timedelta(minutes=1)],
        )


def test_work_that_was_done_twice_is_named_to_whom_it_concerns(api: Call, connection: Connection) -> None:
    equal_jobs(connection, "bob", 1.5)
    found = api("GET", "/requests/duplicates?seconds=2", "bob").json()
    assert (found["passed"], found["duplicate_count"], found["seconds"]) == (False, 1, 2)
    (pair,) = found["pairs"]
    assert (pair["earlier"]["job_id"], pair["later"]["job_id"]) == ("bob-0", "bob-1")
    assert api("GET", "/requests/duplicates?seconds=1", "bob").json()["passed"]
    assert api("GET", "/requests/duplicates").json()["pair_count"] == 0
    assert api("GET", "/requests/duplicates", "admin").json()["pair_count"] == 1


def test_the_last_thirty_days_are_looked_at_unless_somebody_says_since_when(api: Call) -> None:
    today = datetime.now(UTC).date()
    assert api("GET", "/requests/duplicates").json()["since"] == (today - timedelta(days=30)).isoformat()
    assert api("GET", "/requests/duplicates?since=2020-01-02").json()["since"] == "2020-01-02"
    bad = error(api("GET", "/requests/duplicates?seconds=0&user=bob"))
    assert {detail["field"] for detail in bad["details"]} == {"seconds", "user"}


def test_the_number_of_a_request_is_digits_and_nothing_else(api: Call) -> None:
    for said in ("7%20", "%207", "+7", "7_0", "x", "%D9%A7"):
        assert api("GET", f"/requests/{said}").status_code == 400
