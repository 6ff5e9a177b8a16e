"""Watchlists over HTTP; what they hold to stands in the tests of the jobs' watchlists."""

import pytest

from tests.web.calls import error
from tests.web.conftest import Call

LIST = "/watchlist/banks%20%26"  # is refused: & is no character of a name
BANKS = "/watchlist/My%20banks"


def fill(api: Call) -> None:
    assert api("POST", BANKS, json={"tickers": ["jpm", "BAC", "C"], "notes": "cheap"}).status_code == 200


def test_a_list_is_made_read_in_pages_and_removed(api: Call) -> None:
    added = api("POST", BANKS, json={"tickers": ["jpm", "BAC", "JPM"]})
    assert (added.status_code, added.json()) == (200, {"name": "My banks", "added": 2, "count": 2})
    names = [(one["name"], one["count"]) for one in api("GET", "/watchlist").json()["items"]]
    assert names == [("default", 0), ("My banks", 2)]
    first = api("GET", f"{BANKS}?limit=1").json()
    assert ([entry["ticker"] for entry in first["items"]], first["count"]) == (["BAC"], 2)
    second = api("GET", f"{BANKS}?limit=1&cursor={first['next_cursor']}").json()
    assert ([entry["ticker"] for entry in second["items"]], second["next_cursor"]) == (["JPM"], None)
    assert api("DELETE", BANKS).status_code == 204
    assert api("GET", BANKS).status_code == 404


def test_an_entry_has_what_is_written_beside_it_and_the_last_fields(api: Call) -> None:
    fill(api)
    assert api("PATCH", f"{BANKS}/jpm", json={"name": "Morgan"}).status_code == 204
    (_, _, entry) = api("GET", BANKS).json()["items"]
    assert (entry["ticker"], entry["name"], entry["notes"]) == ("JPM", "Morgan", "cheap")
    last = ("last_job_id", "last_analyzed_at", "last_status", "last_verdict", "last_score")
    assert [entry[field] for field in last] == [None] * 5
    assert api("DELETE", f"{BANKS}/JPM").status_code == 204
    assert api("DELETE", f"{BANKS}/JPM").status_code == 404


def test_a_list_gets_another_name(api: Call) -> None:
    fill(api)
    api("POST", "/watchlist/tech", json={"tickers": ["IBM"]})
    conflict = api("PATCH", BANKS, json={"name": "tech"})
    assert (conflict.status_code, error(conflict)["code"]) == (409, "CONFLICT")
    assert api("PATCH", BANKS, json={"name": "lenders"}).json()["name"] == "lenders"


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"tickers": ["IBM", "J PM", 3]}, {"tickers.1", "tickers.2"}),
        ({"tickers": []}, {"tickers"}),
        ({"tickers": "IBM"}, {"tickers"}),
        ({"tickers": ["IBM"], "notes": "a\0b"}, {"notes"}),
        ({"tickers": ["IBM"], "notes": "x" * 1001}, {"notes"}),
        ({"tickers": ["IBM"], "note": "x"}, {"note"}),
        ({}, {"tickers"}),
    ],
)
def test_every_bad_field_is_named_and_nothing_is_added(api: Call, body: object, fields: set[str]) -> None:
    answer = api("POST", BANKS, json=body)
    assert (answer.status_code, error(answer)["code"]) == (400, "VALIDATION_ERROR")
    assert {detail["field"] for detail in error(answer)["details"]} == fields
    assert api("GET", BANKS).status_code == 404


def test_a_name_that_no_list_can_have(api: Call) -> None:
    answer = api("POST", LIST, json={"tickers": ["IBM"]})
    assert [detail["field"] for detail in error(answer)["details"]] == ["list"]


def test_unknown_parameters_of_a_page_are_refused(api: Call) -> None:
    refused = error(api("GET", "/watchlist/default?limit=501&offset=1&sort=notes&search=" + "x" * 101))
    assert {detail["field"] for detail in refused["details"]} == {"limit", "offset", "sort", "search"}


def test_a_list_is_searched_and_sorted_in_pages(api: Call) -> None:
    fill(api)
    api("PATCH", f"{BANKS}/C", json={"notes": "dear"})
    found = api("GET", f"{BANKS}?search=CHEAP&sort=-ticker&limit=1").json()
    assert ([entry["ticker"] for entry in found["items"]], found["count"]) == (["JPM"], 3)
    rest = api("GET", f"{BANKS}?search=CHEAP&sort=-ticker&cursor={found['next_cursor']}").json()
    assert ([entry["ticker"] for entry in rest["items"]], rest["next_cursor"]) == (["BAC"], None)


def test_the_limits_are_told(api: Call) -> None:
    said = api("GET", "/watchlist").json()
    assert (said["most_lists"], said["most_tickers"]) == (50, 1000)
    assert api("GET", "/watchlist/default").json()["most_tickers"] == 1000


def test_nobody_sees_or_changes_anothers_lists(api: Call) -> None:
    fill(api)
    for method, path, body in [
        ("GET", BANKS, None),
        ("PATCH", BANKS, {"name": "mine"}),
        ("PATCH", f"{BANKS}/JPM", {"notes": None}),
        ("DELETE", f"{BANKS}/JPM", None),
        ("DELETE", BANKS, None),
        ("POST", f"{BANKS}/analyze", {}),
    ]:
        for other in ("bob", "admin"):
            assert api(method, path, other, **({} if body is None else {"json": body})).status_code == 404, path
    assert len(api("GET", BANKS).json()["items"]) == 3


def test_a_list_says_itself_what_is_analysed(api: Call) -> None:
    fill(api)
    answer = api("POST", f"{BANKS}/analyze", json={"tickers": ["IBM"], "universe": "sp500"})
    assert {detail["field"] for detail in error(answer)["details"]} == {"tickers", "universe"}
