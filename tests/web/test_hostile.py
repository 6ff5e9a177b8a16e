"""What somebody sends who means harm, or whose program is broken: refused or not found, and nothing else happens."""

import base64
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from include.model.bars import DataSource
from include.storage.connection import Connection
from tests.storage.demands import begun, demand
from tests.web.calls import error
from tests.web.conftest import Call

# Airflow's own deprecations are not ours to mend; warnings of our code stay errors.
pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.filterwarnings(r"error:::include\..*")]

LONGEST = "x" * 250  # that a run of Airflow can be called
ODD_IDS = ["manual__2026-11-22T06:45:17.123456+00:00", "a+b", "a:b", "~._-", "x" * 200, LONGEST]
TRICKS = [
    *("..", "../..", "../health", "./.", "a/../b", "/", "//", "\\..\\", "%2e%2e", "%2F", "a\0b", "a\nb", "a b"),
    *(
        "x" * 251,
        "x" * 300,
        "x" * 5000,
        "' OR '1'='1",
        "1; DROP TABLE analysis_jobs",
        "ß",
        "\u202e",
        "🐂",
        "*",
        "?a=b",
        "#",
    ),
]
SQL = [
    "' OR '1'='1",
    "'; DROP TABLE analysis_jobs; --",
    "1); DELETE FROM analysis_jobs; --",
    "' UNION SELECT rolname, rolpassword FROM pg_authid --",
    "$$; SELECT pg_sleep(60); $$",
    "%(viewer)s",
    "%s%s%n",
    ":viewer",
    "\\'; SELECT 1; --",
]
FIRST_AND_LAST = [
    *("0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00"),
    *("0000-01-01", "10000-01-01", "2026-02-30", "-0001-01-01"),
]
NOW = "2026-01-05T00:00:00Z"
# Of the shapes that lists have, with what PostgreSQL's types cannot hold, or can only just.
FAR_PLACES: list[list[Any]] = [
    *([number] for number in (10**20, -(10**20), 2**63, 2**63 - 1, 0, -1, 1.5, 1e300, 1e17, "NaN")),
    *([moment, number] for moment in (NOW, 1e17, *FIRST_AND_LAST) for number in (10**20, -(10**20), 2**63 - 1, 0, "x")),
    *([key, "IBM"] for key in (1e300, -1e300, "NaN", "Infinity")),
    *(["-score", key, "IBM"] for key in (1e300, "NaN", "-Infinity")),
]
UNDER_A_JOB = [("GET", ""), ("GET", "/details"), ("GET", "/events"), ("DELETE", "")]


@pytest.fixture
def jobs(connection: Connection) -> list[str]:
    """Jobs with every name that a run of Airflow can have."""
    for number, job_id in enumerate(ODD_IDS):
        begun(connection, job_id, demand(f"T{number}"))
    return ODD_IDS


def count(connection: Connection) -> int:
    (row,) = connection.execute("SELECT count(*) AS jobs FROM analysis_jobs").fetchall()
    return int(row["jobs"])


def test_a_job_is_read_by_any_name_that_a_run_can_have(api: Call, jobs: list[str]) -> None:
    for job_id in jobs:
        found = api("GET", f"/jobs/{quote(job_id, safe='')}").raise_for_status().json()
        assert found["job_id"] == job_id
        path = found["links"]["details"].removeprefix("/api/stocks")
        assert [row["status"] for row in api("GET", path).raise_for_status().json()["items"]] == ["processing"]
        listed = api("GET", f"/results?job_id={quote(job_id, safe='')}").raise_for_status().json()
        assert listed["items"] == []


def test_a_name_that_no_run_can_have_is_no_job(api: Call, jobs: list[str], connection: Connection) -> None:
    for trick in TRICKS:
        expected = httpx.codes.BAD_REQUEST if "\0" in trick else httpx.codes.NOT_FOUND
        for method, rest in UNDER_A_JOB:
            answer = api(method, f"/jobs/{quote(trick, safe='')}{rest}", user="admin")
            assert answer.status_code == expected, (trick, method, rest)
            assert error(answer)["code"] in ("NOT_FOUND", "BAD_REQUEST")
    assert count(connection) == len(jobs)


def filters(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every query parameter of every route that reads."""
    for path, methods in document["paths"].items():
        for one in methods.get("get", {}).get("parameters", ()):
            if one["in"] == "query":
                yield path, one["name"]


def addresses(api: Call, *wanted: str) -> list[tuple[str, str]]:
    """The routes that take such parameters, with names of what there is, and the parameter."""
    names = {"job_id": quote(ODD_IDS[0]), "ticker": "IBM", "name": "default", "record_id": 1}
    asked = filters(api("GET", "/openapi.json").json())
    return [(path.format(**names), name) for path, name in asked if name in wanted]


def is_nothing(said: dict[str, Any]) -> bool:
    """Whether a list has no rows, or a count counted none."""
    return said["items"] == [] if "items" in said else said["total"] == 0


def test_sql_in_a_filter_is_a_value_like_any_other(api: Call, jobs: list[str], connection: Connection) -> None:
    asked = list(filters(api("GET", "/openapi.json").json()))
    assert ("/results", "strategy") in asked
    assert len(asked) > 30
    for path, name in asked:
        there = path.format(job_id=quote(jobs[0]), ticker="IBM", name="default", record_id=1)
        for sql in SQL:
            answer = api("GET", there, params={name: sql})
            assert answer.status_code in (200, 400, 404), (path, name, answer.text)
            assert not answer.is_success or is_nothing(answer.json()), (path, name)
    assert count(connection) == len(jobs)


def test_sql_in_a_path_or_a_body_is_a_value_like_any_other(api: Call, jobs: list[str], connection: Connection) -> None:
    for sql in SQL:
        for place in ("jobs", "results", "prices", "watchlist", "universes"):
            assert api("GET", f"/{place}/{quote(sql, safe='')}").status_code in (400, 404), (place, sql)
        refused = {"tickers": [sql], "strategy": sql}
        assert {detail["field"] for detail in error(api("POST", "/jobs", json=refused))["details"]} == {
            "tickers.0",
            "strategy",
        }
        assert api("POST", "/watchlist/default", json={"tickers": [sql]}).status_code == httpx.codes.BAD_REQUEST
        changed = {"notes": sql, "name": sql}
        api("POST", "/watchlist/default", json={"tickers": ["IBM"]})
        api("PATCH", "/watchlist/default/IBM", json=changed).raise_for_status()
        (entry,) = api("GET", "/watchlist/default").json()["items"]
        assert {name: entry[name] for name in changed} == changed
    assert count(connection) == len(jobs)


def test_a_bare_number_is_no_day(api: Call) -> None:
    for path in ("/jobs?since=", "/results?session=", "/prices/IBM?until=", "/requests?since="):
        for number in ("0", "20260105", "0.5", "-1", "1e3"):
            answer = api("GET", path + number)
            assert answer.status_code == httpx.codes.BAD_REQUEST
            assert "2026-01-05" in error(answer)["details"][0]["reason"]


@pytest.mark.usefixtures("jobs")
@pytest.mark.parametrize("source", [*DataSource])
def test_the_first_and_the_last_day_that_can_be_written_are_days(api: Call, source: DataSource) -> None:
    api("POST", "/watchlist/default", json={"tickers": ["IBM"]}).raise_for_status()
    days = addresses(api, "since", "until", "session")
    with_source = {path for path, _ in addresses(api, "data_source")}
    assert {name for _, name in days} == {"since", "until", "session"}
    for path, name in days:
        for day in FIRST_AND_LAST:
            more = {"data_source": source} if path in with_source else {}
            answer = api("GET", path, params={name: day, **more})
            assert answer.status_code in (200, 400, 404), (path, name, day, answer.text)


@pytest.mark.usefixtures("jobs")
def test_a_place_that_no_row_can_have_is_no_fault(api: Call) -> None:
    api("POST", "/watchlist/default", json={"tickers": ["IBM"]}).raise_for_status()
    lists = addresses(api, "cursor")
    assert "/requests" in [path for path, _ in lists]
    for path, _ in lists:
        for place in FAR_PLACES:
            cursor = base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")
            answer = api("GET", path, params={"cursor": cursor})
            assert answer.status_code in (200, 400), (path, place, answer.text)


@pytest.mark.parametrize("number", [10**20, 2**63, -1, 0, "1e3", "٣"])
def test_a_record_that_no_request_can_have_is_not_looked_for(api: Call, number: object) -> None:
    assert api("GET", f"/requests/{quote(str(number))}").status_code == httpx.codes.BAD_REQUEST


def test_a_cursor_that_no_list_gave_is_refused(api: Call) -> None:
    with_character_0 = ["WyJcdTAwMDAiXQ", "WyIyMDI2LTAxLTA1VDAwOjAwOjAwWiIsICJcdTAwMDAiXQ"]
    for path in ("/jobs", "/results", "/requests", "/watchlist/default", "/results/IBM/history"):
        for cursor in (*SQL, "x" * 2000, "AAAA", "W10", "bnVsbA", *with_character_0):
            answer = api("GET", path, params={"cursor": cursor})
            assert answer.status_code == httpx.codes.BAD_REQUEST, (path, cursor)
            assert [detail["field"] for detail in error(answer)["details"]] == ["cursor"]


def test_half_a_character_is_named_where_it_stands(api: Call) -> None:
    body = b'{"tickers": ["IBM"], "universe": [["\\ud800"]], "\\udc00": 1}'
    answer = api("POST", "/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert [detail["field"] for detail in error(answer)["details"]] == ["universe", "?"]
