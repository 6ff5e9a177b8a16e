"""The application in Airflow's API server: its rights with real users, watchlists with real jobs, readiness."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from local.stack import Stack
from tests.end_to_end.airflow import Airflow, wait_until

API = "/api/stocks"


@pytest.fixture(scope="module")
def ann(installation: Stack) -> Iterator[Airflow]:
    with Airflow(installation, "ann") as client:
        yield client


@pytest.fixture(scope="module")
def bob(installation: Stack) -> Iterator[Airflow]:
    with Airflow(installation, "bob") as client:
        yield client


def get(user: Airflow, path: str) -> Any:
    return user.http.get(API + path).raise_for_status().json()


def routes(user: Airflow) -> list[tuple[str, str]]:
    return [
        (method.upper(), path) for path, methods in get(user, "/openapi.json")["paths"].items() for method in methods
    ]


def test_nothing_answers_without_a_login(installation: Stack, ann: Airflow) -> None:
    asked = [*routes(ann), ("GET", "/openapi.json"), ("GET", "/docs")]
    assert len(asked) > 20
    for method, path in asked:
        answer = httpx.request(method, installation.url + API + path, json={}, trust_env=False)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED"), path


def test_a_viewer_reads_and_changes_nothing(installation: Stack) -> None:
    with Airflow(installation, "vic") as viewer:
        for method, path in routes(viewer):
            if method != "GET":
                answer = viewer.http.request(method, API + path, json={"tickers": ["IBM"], "name": "x"})
                assert answer.status_code == httpx.codes.FORBIDDEN, (method, path)
        for path in (
            "/watchlist",
            "/requests",
            "/requests/duplicates",
            "/strategies",
            "/universes",
            "/version",
            "/docs",
        ):
            assert viewer.http.get(API + path).is_success, path


def test_a_watchlist_is_analysed_and_its_entries_say_what_was_found(ann: Airflow, bob: Airflow) -> None:
    path = f"{API}/watchlist/{quote('My banks')}"
    added = ann.http.post(path, json={"tickers": ["jpm", "BAC"], "notes": "cheap"}).raise_for_status()
    assert (added.json()["added"], added.json()["count"]) == (2, 2)
    fields = {"data_source": "sample", "capital": 777}
    first = ann.http.post(f"{path}/analyze", json=fields)
    assert (first.status_code, first.json()["tickers"]) == (201, ["BAC", "JPM"])
    ann.wait(first.json()["job_id"])
    entries = {entry["ticker"]: entry for entry in get(ann, f"/watchlist/{quote('My banks')}")["items"]}
    assert {entry["last_job_id"] for entry in entries.values()} == {first.json()["job_id"]}
    assert {entry["last_status"] for entry in entries.values()} <= {"completed", "reused"}
    assert all(entry["last_verdict"] and entry["last_analyzed_at"] for entry in entries.values())
    assert bob.http.get(path).status_code == httpx.codes.NOT_FOUND
    assert bob.http.post(f"{path}/analyze", json=fields).status_code == httpx.codes.NOT_FOUND
    assert ann.http.post(f"{path}/analyze", json={**fields, "universe": "sp500"}).status_code == 400


def test_each_reads_the_own_requests_and_an_operator_reads_all(installation: Stack, ann: Airflow, bob: Airflow) -> None:
    for user, capital in ((ann, 501), (bob, 502)):
        asked = user.http.post(f"{API}/jobs", json={"tickers": ["IBM"], "data_source": "sample", "capital": capital})
        user.wait(asked.raise_for_status().json()["job_id"])
    assert {one["requested_by"] for one in get(ann, "/requests")["items"]} == {"ann"}
    assert {one["requested_by"] for one in get(bob, "/requests")["items"]} == {"bob"}
    with Airflow(installation, "olga") as operator:
        assert {"ann", "bob"} <= {one["requested_by"] for one in get(operator, "/requests?limit=500")["items"]}
    assert get(ann, "/requests/duplicates?seconds=2")["passed"]


def test_a_running_installation_is_ready(ann: Airflow) -> None:
    wait_until(lambda: ann.http.get(f"{API}/health").is_success)
    said = get(ann, "/health")
    assert (said["status"], bool(said["scheduler_heartbeat"])) == ("ok", True)


def test_a_page_of_this_site_asks_with_the_cookie(installation: Stack, ann: Airflow) -> None:
    headers = {"Cookie": f"_token={installation.token('ann')}", "Origin": installation.url}
    url = f"{installation.url}{API}/watchlist/cookie"
    asked = httpx.post(url, json={"tickers": ["IBM"]}, headers=headers, trust_env=False)
    assert asked.status_code == httpx.codes.OK
    headers["Origin"] = "http://evil.example"
    for method in ("POST", "PATCH", "DELETE"):
        answer = httpx.request(method, url, json={"name": "x"}, headers=headers, trust_env=False)
        assert answer.status_code == httpx.codes.FORBIDDEN
    assert get(ann, "/watchlist/cookie")["count"] == 1


def test_a_streamed_body_is_refused_at_its_limit(ann: Airflow) -> None:
    def body() -> Iterator[bytes]:
        yield b'{"tickers": ["'
        for _ in range(200):
            yield b"x" * 10_000
        yield b'"]}'

    answer = ann.http.post(f"{API}/jobs", content=body(), headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "/jobs", 405)])
def test_what_there_is_not_is_told_in_our_shape(ann: Airflow, method: str, path: str, status: int) -> None:
    answer = ann.http.request(method, API + path)
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message", "details", "timestamp"}
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
