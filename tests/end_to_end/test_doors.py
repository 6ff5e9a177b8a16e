"""Every HTTP door leads to the same run for the same work, and is closed to who may not."""

import json
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import psycopg
import pytest

from include.storage.connection import connect
from local.stack import Stack
from tests.end_to_end.airflow import RUNS, Airflow, wait_until

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
    with airflow.paused():  # a job that ends before the last of them has asked is no equal active one
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


def test_what_airflow_reads_as_json_is_json_at_its_trigger_too(airflow: Airflow) -> None:
    """Without a type neither takes a body: Airflow says that it is no object, our door what is missing."""
    plain = RUNS.replace("analyze_stocks", "no_such_dag")
    sent = {"logical_date": None, "conf": {"tickers": ["IBM"], "data_source": "sample"}}

    def status_of(address: str, **headers: str) -> int:
        return airflow.http.post(address, content=json.dumps(sent), headers=headers).status_code

    for kind in ("application/json", "application/vnd.api+json", "Application/JSON; charset=utf-8"):
        assert (status_of(plain, **{"Content-Type": kind}), status_of(RUNS, **{"Content-Type": kind})) == (404, 200)
    assert (status_of(plain), status_of(RUNS)) == (422, 415)
    text = {"Content-Type": "text/plain"}
    assert (status_of(plain, **text), status_of(RUNS, **text)) == (422, 415)


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


def test_a_clients_own_run_id_is_nobody_elses(installation: Stack, airflow: Airflow) -> None:
    body = {"logical_date": None, "dag_run_id": "ours", "conf": {"tickers": ["IBM"], "data_source": "sample"}}
    airflow.http.post(RUNS, json=body).raise_for_status()
    with Airflow(installation, "bob") as bob:
        assert bob.http.post(RUNS, json=body).status_code == httpx.codes.CONFLICT
    airflow.wait("ours")


def test_a_logical_date_that_another_run_has_is_a_conflict(airflow: Airflow) -> None:
    def post(*tickers: str, **own: str) -> httpx.Response:
        conf = {"tickers": list(tickers), "data_source": "sample", "capital": 567}
        return airflow.http.post(RUNS, json={"logical_date": "2026-01-05T00:00:00Z", "conf": conf, **own})

    airflow.wait(post("IBM").json()["dag_run_id"])
    for answer in (post("JPM"), post("JPM", dag_run_id="another-own-id"), post("IBM")):
        assert answer.status_code == httpx.codes.CONFLICT
        assert "logical_date" in answer.json()["detail"]


def test_airflows_own_trigger_is_in_airflows_record_of_events(airflow: Airflow) -> None:
    run_id = airflow.request(tickers=["IBM"], data_source="sample", capital=678)
    airflow.wait(run_id)
    events = airflow.http.get("/api/v2/eventLogs", params={"dag_id": "analyze_stocks", "event": "trigger_dag_run"})
    assert any('"capital": 678' in event["extra"] for event in events.json()["event_logs"])


def test_a_repeated_request_whose_run_was_deleted_is_told_where_its_job_is(airflow: Airflow) -> None:
    fields = {"tickers": ["IBM"], "data_source": "sample", "request_id": "evening-2"}
    run_id = airflow.request(**fields)
    airflow.wait(run_id)
    airflow.http.delete(f"{RUNS}/{run_id}").raise_for_status()
    answer = airflow.post(**fields)
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert f"/api/stocks/jobs/{run_id}" in answer.json()["detail"]


def test_an_unknown_job_is_not_found(airflow: Airflow) -> None:
    answer = airflow.http.get(f"{API}/jobs/no-such-job")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def long_running(name: str) -> dict[str, Any]:
    """Fields of a job that is at work for some seconds."""
    return {"tickers": [f"{name}{n}" for n in range(2000)], "data_source": "demo", "batch_size": 50}


def job(airflow: Airflow, job_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = airflow.http.get(f"{API}/jobs/{job_id}").raise_for_status().json()
    return answer


def test_on_duplicate_fail_is_a_conflict_that_names_the_equal_job(airflow: Airflow) -> None:
    fields = long_running("FAIL")
    first = ask(airflow, **fields).json()["job_id"]
    answer = ask(airflow, **fields, on_duplicate="fail")
    assert answer.status_code == httpx.codes.CONFLICT
    (detail,) = answer.json()["error"]["details"]
    assert (detail["field"], detail["job_id"]) == ("on_duplicate", first)
    at_airflows_door = airflow.post(**fields, on_duplicate="fail")
    assert at_airflows_door.status_code == httpx.codes.CONFLICT
    assert first in at_airflows_door.json()["detail"]
    airflow.http.post(f"{API}/jobs/{first}/cancel").raise_for_status()


def test_on_duplicate_supersede_cancels_the_equal_job_and_takes_over(airflow: Airflow) -> None:
    fields = long_running("SUPER")
    old = ask(airflow, **fields).json()["job_id"]
    wait_until(lambda: job(airflow, old)["status"] == "processing")
    new = ask(airflow, **fields, on_duplicate="supersede")
    assert (new.status_code, new.json()["disposition"]) == (201, "created")
    new_id = new.json()["job_id"]
    assert new_id != old
    assert airflow.wait(old)["state"] == "failed"
    assert job(airflow, old)["status_reason"] == f"superseded by {new_id}"
    assert airflow.wait(new_id)["state"] == "success"


def test_a_request_id_gets_the_same_answer_again_also_when_the_job_has_ended(airflow: Airflow) -> None:
    fields = {"tickers": ["IBM"], "data_source": "sample", "request_id": "evening-1"}
    first = ask(airflow, **fields)
    airflow.wait(first.json()["job_id"])
    again = ask(airflow, **fields)
    assert (again.status_code, again.json()["job_id"]) == (201, first.json()["job_id"])
    assert (again.json()["status"], again.json()["is_duplicate"]) == ("completed", False)
    by_airflow = airflow.post(**fields).raise_for_status().json()
    assert by_airflow["dag_run_id"] == first.json()["job_id"]
    other = ask(airflow, **{**fields, "tickers": ["JPM"]})
    assert [detail["field"] for detail in other.json()["error"]["details"]] == ["request_id"]


def test_a_cancelled_job_ends_at_once_and_stays_cancelled(airflow: Airflow) -> None:
    job_id = ask(airflow, **long_running("STOP")).json()["job_id"]
    wait_until(lambda: job(airflow, job_id)["status"] == "processing")
    answer = airflow.http.post(f"{API}/jobs/{job_id}/cancel").raise_for_status().json()
    assert (answer["status"], answer["status_reason"], answer["pending"]) == ("cancelled", "cancelled by admin", 0)
    run = airflow.wait(job_id)
    assert (run["state"], run["note"]) == ("failed", "cancelled: by admin")
    assert airflow.http.post(f"{API}/jobs/{job_id}/cancel").json() == answer
    assert job(airflow, job_id) == answer


def test_a_job_that_is_cancelled_as_soon_as_it_is_accepted_never_runs(airflow: Airflow) -> None:
    for number in range(5):
        job_id = ask(airflow, **long_running(f"SOON{number}X")).json()["job_id"]
        answer = airflow.http.post(f"{API}/jobs/{job_id}/cancel").raise_for_status().json()
        assert answer["status"] == "cancelled"
        airflow.wait(job_id)
        assert job(airflow, job_id)["status"] == "cancelled"


def test_a_job_that_has_ended_is_not_cancelled(airflow: Airflow) -> None:
    job_id = ask(airflow, tickers=["JPM"], data_source="sample", capital=777).json()["job_id"]
    airflow.wait(job_id)
    assert airflow.http.post(f"{API}/jobs/{job_id}/cancel").json()["status"] == "completed"
    assert airflow.run(job_id)["state"] == "success"
    assert airflow.http.post(f"{API}/jobs/no-such-job/cancel").status_code == httpx.codes.NOT_FOUND


def test_only_the_failed_tickers_of_a_job_are_asked_for_again(airflow: Airflow) -> None:
    fields = {"tickers": ["IBM", "NOSUCH1", "NOSUCH2"], "data_source": "sample", "capital": 4321}
    job_id = ask(airflow, **fields).json()["job_id"]
    airflow.wait(job_id)
    again = airflow.http.post(f"{API}/jobs/{job_id}/retry-failed")
    assert again.status_code == httpx.codes.CREATED
    assert (again.json()["tickers"], again.json()["capital"]) == (["NOSUCH1", "NOSUCH2"], 4321)
    airflow.wait(again.json()["job_id"])
    assert job(airflow, again.json()["job_id"])["failed"] == 2


def test_a_job_without_failed_tickers_has_nothing_to_do_again(airflow: Airflow) -> None:
    job_id = ask(airflow, tickers=["IBM"], data_source="sample", capital=1234).json()["job_id"]
    airflow.wait(job_id)
    answer = airflow.http.post(f"{API}/jobs/{job_id}/retry-failed")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "CONFLICT")
    assert airflow.http.post(f"{API}/jobs/no-such-job/retry-failed").status_code == httpx.codes.NOT_FOUND


def test_a_database_that_is_away_is_a_503_and_nothing_is_half_done(installation: Stack, airflow: Airflow) -> None:
    fields = {"tickers": ["IBM"], "data_source": "sample", "capital": 999}
    with psycopg.connect(installation.cluster.url("postgres"), autocommit=True) as superuser:
        superuser.execute("ALTER DATABASE stocks ALLOW_CONNECTIONS false")
        superuser.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'stocks'")
        try:
            answers = [ask(airflow, **fields), airflow.post(**fields)]
        finally:
            superuser.execute("ALTER DATABASE stocks ALLOW_CONNECTIONS true")
    assert [(answer.status_code, answer.headers["Retry-After"]) for answer in answers] == [(503, "2")] * 2
    assert answers[0].json()["error"]["code"] == "UNAVAILABLE"
    made = ask(airflow, **fields)
    assert (made.status_code, made.json()["disposition"]) == (201, "created")
    airflow.wait(made.json()["job_id"])


def test_the_door_of_a_request_is_the_trigger_of_its_job(installation: Stack, airflow: Airflow) -> None:
    by_api = ask(airflow, tickers=["IBM"], data_source="sample", capital=31).json()["job_id"]
    by_form = airflow.http.post(
        RUNS,
        json={"logical_date": None, "conf": {"tickers": ["IBM"], "data_source": "sample", "capital": 32}},
        headers={"Referer": f"{installation.url}/dags/analyze_stocks"},
    ).json()["dag_run_id"]
    for run_id in (by_api, by_form):
        airflow.wait(run_id)
    with connect(installation.database_url()) as connection:
        found = connection.execute(
            "SELECT trigger FROM analysis_jobs WHERE job_id = ANY(%s) ORDER BY request #> '{risk,capital}'",
            [[by_api, by_form]],
        ).fetchall()
    assert [row["trigger"] for row in found] == ["api", "ui"]


def routes(airflow: Airflow) -> list[tuple[str, str]]:
    paths = airflow.http.get(f"{API}/openapi.json").raise_for_status().json()["paths"]
    found = [(method.upper(), API + path.replace("{job_id}", "x")) for path in paths for method in paths[path]]
    return [*found, ("GET", f"{API}/openapi.json"), ("POST", "/api/stocks-door/dags/analyze_stocks/dagRuns")]


def test_nothing_answers_without_a_login(installation: Stack, airflow: Airflow) -> None:
    for method, path in routes(airflow):
        answer = httpx.request(method, installation.url + path, json={}, trust_env=False)
        assert answer.status_code == httpx.codes.UNAUTHORIZED, path


def test_a_viewer_reads_and_may_not_ask_by_any_door(installation: Stack, airflow: Airflow) -> None:
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


def test_airflows_own_page_triggers_with_the_cookie_and_another_site_cannot(
    installation: Stack, airflow: Airflow
) -> None:
    body = {"logical_date": None, "conf": {"tickers": ["IBM"], "data_source": "sample", "capital": 34}}

    def post(site: str) -> httpx.Response:
        headers = {"Cookie": f"_token={installation.token()}", "Origin": site, "Referer": f"{site}/dags/analyze_stocks"}
        return httpx.post(installation.url + RUNS, json=body, headers=headers, trust_env=False)

    assert post("http://evil.example").status_code == httpx.codes.FORBIDDEN
    airflow.wait(post(installation.url).raise_for_status().json()["dag_run_id"])


def test_the_door_reads_bodies_up_to_a_limit(airflow: Airflow) -> None:
    answer = airflow.post(tickers=["IBM"], data_source="sample", request_id="x" * 1_000_000)
    assert answer.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE
    assert "1000000 bytes" in answer.json()["detail"]
