"""Every HTTP door leads to the same run for the same work, and is closed to who may not."""

import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from include.storage.connection import connect
from local.stack import Stack
from tests.end_to_end.airflow import RUNS, Airflow

API = "/api/stocks"


@pytest.fixture(scope="module")
def airflow(installation: Stack) -> Iterator[Airflow]:
    with Airflow(installation) as client:
        yield client


def ask(airflow: Airflow, route: str = "/jobs", **fields: Any) -> httpx.Response:
    return airflow.http.post(API + route, json=fields)


def test_a_storm_of_equal_requests_through_all_doors_is_one_job(installation: Stack, airflow: Airflow) -> None:
    tickers, count = [f"STORM{n}" for n in range(400)], 30
    gate, answers = threading.Barrier(count), []

    def storm(number: int) -> None:
        spelled = [t.lower() if number % 2 else f" {t} " for t in tickers][:: 1 if number % 4 < 2 else -1]
        gate.wait(timeout=30)
        if number % 3 == 0:
            answers.append(ask(airflow, tickers=spelled, data_source="demo"))
        elif number % 3 == 1:
            answers.append(ask(airflow, "/analyze-all-stocks", symbols=spelled, data_source="demo"))
        else:
            answers.append(airflow.post(tickers=spelled, data_source="demo"))

    threads = [threading.Thread(target=storm, args=(n,)) for n in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(answers) == count
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert len({answer.json()["dag_run_id"] for answer in answers}) == 1
    assert airflow.wait(answers[0].json()["dag_run_id"])["note"] == "completed: 400 of 400 tickers"
    with connect(installation.database_url()) as connection:
        said = connection.execute(
            "SELECT disposition, count(*)::int AS n FROM analysis_requests WHERE job_id = %s GROUP BY disposition",
            [answers[0].json()["dag_run_id"]],
        ).fetchall()
    assert {row["disposition"]: row["n"] for row in said} == {"created": 1, "joined": count - 1}


def test_the_first_request_is_created_and_an_equal_one_joins_it_with_its_progress(airflow: Airflow) -> None:
    fields = {"tickers": [f"PAIR{n}" for n in range(400)], "data_source": "demo", "capital": 5000}
    first, second = ask(airflow, **fields), ask(airflow, **fields)
    assert (first.status_code, second.status_code) == (201, 200)
    created, joined = first.json(), second.json()
    assert (created["disposition"], created["is_duplicate"], created["status"]) == ("created", False, "queued")
    assert (created["count"], created["capital"], created["thread_started"]) == (400, 5000, True)
    assert (joined["disposition"], joined["is_duplicate"], joined["total"]) == ("joined", True, 400)
    assert joined["job_id"] == created["job_id"]
    assert "400 tickers" in joined["message"]
    airflow.wait(created["job_id"])
    done = airflow.http.get(f"{API}/jobs/{created['job_id']}").json()
    assert (done["status"], done["completed"], done["progress_percent"]) == ("completed", 400, 100.0)


def test_a_job_has_a_status_from_the_moment_it_was_accepted(airflow: Airflow) -> None:
    job_id = ask(airflow, tickers=["SOON1"], data_source="demo").json()["job_id"]
    assert airflow.http.get(f"{API}/jobs/{job_id}").json()["status"] in ("queued", "processing", "completed")


def test_every_bad_field_is_named_and_nothing_is_run(airflow: Airflow) -> None:
    answer = ask(airflow, tickers=["I BM"], capital=-1, captial=5)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    error = answer.json()["error"]
    assert error["code"] == "VALIDATION_ERROR"
    assert {detail["field"] for detail in error["details"]} == {"capital", "captial"}
    assert {detail["field"] for detail in ask(airflow, tickers=["I BM"]).json()["error"]["details"]} == {"tickers.0"}


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"", b'"text"', b'{"tickers": ["JPM"], "capital": NaN}'])
def test_a_body_that_is_no_request_is_refused(airflow: Airflow, body: bytes) -> None:
    answer = airflow.http.post(f"{API}/jobs", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert answer.json()["error"]["code"] == "VALIDATION_ERROR"


def test_a_date_that_cannot_be_analysed_is_refused_at_the_door(airflow: Airflow) -> None:
    answer = ask(airflow, tickers=["JPM"], data_source="sample", as_of="2999-01-01")
    assert [detail["field"] for detail in answer.json()["error"]["details"]] == ["as_of"]


def test_airflows_own_trigger_names_every_bad_field_too(airflow: Airflow) -> None:
    answer = airflow.post(tickers=["IBM"], captial=5, risk_percent=0)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    assert "captial" in answer.json()["detail"]
    assert "risk_percent" in answer.json()["detail"]


def test_a_clients_own_run_id_is_idempotent_and_a_conflict_for_another_request(airflow: Airflow) -> None:
    def post(*tickers: str) -> httpx.Response:
        conf = {"tickers": list(tickers), "data_source": "sample"}
        return airflow.http.post(RUNS, json={"logical_date": None, "dag_run_id": "my-own-id", "conf": conf})

    assert [post("IBM").json()["dag_run_id"] for _ in range(2)] == ["my-own-id", "my-own-id"]
    assert post("JPM").status_code == httpx.codes.CONFLICT
    airflow.wait("my-own-id")


def test_an_unknown_job_is_not_found(airflow: Airflow) -> None:
    answer = airflow.http.get(f"{API}/jobs/no-such-job")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def routes(airflow: Airflow) -> list[tuple[str, str]]:
    paths = airflow.http.get(f"{API}/openapi.json").raise_for_status().json()["paths"]
    found = [(method.upper(), API + path.replace("{job_id}", "x")) for path in paths for method in paths[path]]
    return [*found, ("GET", f"{API}/openapi.json"), ("POST", "/api/stocks-door/dagRuns")]


def test_nothing_answers_without_a_login(installation: Stack, airflow: Airflow) -> None:
    for method, path in routes(airflow):
        answer = httpx.request(method, installation.url + path, json={}, trust_env=False)
        assert answer.status_code == httpx.codes.UNAUTHORIZED, path


def test_a_viewer_reads_and_may_not_ask_by_any_door(installation: Stack, airflow: Airflow) -> None:
    installation.add_user("vera", "viewer")
    with Airflow(installation, "vera") as viewer:
        for method, path in routes(airflow):
            if method == "POST":
                answer = viewer.http.request(method, path, json={"logical_date": None})
                assert answer.status_code == httpx.codes.FORBIDDEN, path
        assert viewer.http.get(f"{API}/openapi.json").is_success


def test_another_site_cannot_ask_with_the_cookie_of_a_signed_in_browser(installation: Stack) -> None:
    cookie = {"Cookie": f"_token={installation.token()}", "Origin": "http://evil.example"}
    answer = httpx.post(f"{installation.url}{API}/jobs", json={"tickers": ["IBM"]}, headers=cookie, trust_env=False)
    assert answer.status_code == httpx.codes.FORBIDDEN
