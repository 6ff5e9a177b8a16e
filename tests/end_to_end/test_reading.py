"""What is read over HTTP: only what is for the one who asks, and all of that."""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from local.stack import Stack
from tests.end_to_end.airflow import Airflow, wait_until

API = "/api/stocks"
MANY = 500  # as many as a page may have


@pytest.fixture(scope="module")
def users(installation: Stack) -> Iterator[dict[str, Airflow]]:
    """Two plain users, one who may only read, an operator, and the administrator."""
    with ExitStack() as open_clients:
        yield {
            name: open_clients.enter_context(Airflow(installation, name))
            for name in ("ann", "bob", "vic", "olga", "admin")
        }


@pytest.fixture(scope="module")
def ann(users: dict[str, Airflow]) -> Airflow:
    return users["ann"]


def ask(who: Airflow, **fields: Any) -> str:
    return str(who.http.post(f"{API}/jobs", json=fields).raise_for_status().json()["job_id"])


def done(who: Airflow, **fields: Any) -> str:
    """A job that has ended."""
    job_id = ask(who, **fields)
    who.wait(job_id)
    return job_id


def read(who: Airflow, path: str, **filters: Any) -> Any:
    return who.http.get(API + path, params=filters).raise_for_status().json()


@pytest.fixture(scope="module")
def of_ann(ann: Airflow) -> str:
    """An ended job of ann's, of which one ticker has failed."""
    return done(ann, tickers=["IBM", "JPM", "KO", "NOSUCH"], data_source="sample", capital=20_001)


def test_nobody_but_operators_can_tell_another_users_job_from_one_that_does_not_exist(
    users: dict[str, Airflow], of_ann: str
) -> None:
    for name in ("bob", "vic"):
        answers = [users[name].http.get(f"{API}/jobs/{job_id}") for job_id in (of_ann, "nothing")]
        assert [answer.status_code for answer in answers] == [httpx.codes.NOT_FOUND] * 2
        said = [answer.json()["error"] for answer in answers]
        assert said[0]["message"] == said[1]["message"].replace("nothing", of_ann)
    for name in ("ann", "olga", "admin"):
        assert read(users[name], f"/jobs/{of_ann}")["status"] == "completed_with_errors"


def test_another_users_job_is_neither_cancelled_nor_tried_again(users: dict[str, Airflow], of_ann: str) -> None:
    long = ask(users["ann"], tickers=[f"MINE{n}" for n in range(2000)], data_source="demo", batch_size=50)
    for job_id in (of_ann, long):
        for verb in ("cancel", "retry-failed"):
            answer = users["bob"].http.post(f"{API}/jobs/{job_id}/{verb}")
            assert answer.status_code == httpx.codes.NOT_FOUND
    assert read(users["ann"], f"/jobs/{long}")["status"] in ("queued", "processing", "completed")
    assert users["olga"].http.post(f"{API}/jobs/{long}/cancel").is_success


def test_an_operator_sees_every_job_and_only_an_administrator_removes_one(users: dict[str, Airflow]) -> None:
    job_id = users["ann"].request(tickers=["SLB"])
    users["ann"].wait(job_id)
    for name, expected in {"vic": 403, "ann": 403, "olga": 403, "admin": 204}.items():
        assert users[name].http.delete(f"{API}/jobs/{job_id}").status_code == expected, name
    assert users["admin"].http.get(f"{API}/jobs/{job_id}").status_code == httpx.codes.NOT_FOUND


def test_a_job_is_hidden_from_others_from_the_moment_it_is_accepted(users: dict[str, Airflow]) -> None:
    for number in range(5):
        job_id = ask(users["ann"], tickers=[f"SECRET{number}"], data_source="demo")
        assert users["bob"].http.get(f"{API}/jobs/{job_id}").status_code == httpx.codes.NOT_FOUND
        assert users["ann"].http.get(f"{API}/jobs/{job_id}").is_success


def pages(who: Airflow, path: str, at_a_time: int = 2, **filters: Any) -> list[dict[str, Any]]:
    """All items of a list, so many at a time."""
    items, cursor = [], None
    while True:
        answer = read(who, path, limit=at_a_time, **filters, **({"cursor": cursor} if cursor else {}))
        items += answer["items"]
        cursor = answer["next_cursor"]
        if cursor is None:
            return items


def test_a_job_says_all_that_there_is_to_say(ann: Airflow, of_ann: str) -> None:
    job = read(ann, f"/jobs/{of_ann}")
    counts = {name: job[name] for name in ("total", "completed", "failed", "pending", "progress_percent")}
    assert counts == {"total": 4, "completed": 3, "failed": 1, "pending": 0, "progress_percent": 100.0}
    assert (job["requested_by"], job["trigger"], job["strategy"], job["capital"]) == ("ann", "api", "balanced", 20_001)
    assert job["request"]["tickers"] == ["IBM", "JPM", "KO", "NOSUCH"]
    assert [(asked["door"], asked["disposition"]) for asked in job["requests"]] == [("api", "created")]
    assert job["worked_seconds"] > 0
    for link in ("job", "details", "results", "dag_run", "dag_run_api"):
        assert ann.http.get(job["links"][link]).is_success, link


def test_the_details_name_every_ticker_and_why_one_failed(ann: Airflow, of_ann: str) -> None:
    rows = pages(ann, f"/jobs/{of_ann}/details")
    assert [row["ticker"] for row in rows] == ["IBM", "JPM", "KO", "NOSUCH"]
    assert all(row["verdict"] and row["seconds"] is not None for row in rows[:3])
    (failed,) = pages(ann, f"/jobs/{of_ann}/details", status="failed")
    assert (failed["ticker"], failed["error_code"]) == ("NOSUCH", "unknown_ticker")


def test_a_list_of_jobs_has_the_own_ones_and_an_operator_sees_all(users: dict[str, Airflow], of_ann: str) -> None:
    of_bob = done(users["bob"], tickers=["T"], data_source="sample", capital=20_002)
    seen = {name: [job["job_id"] for job in pages(users[name], "/jobs", 20)] for name in ("ann", "bob", "vic", "olga")}
    assert of_ann in seen["ann"]
    assert of_bob not in seen["ann"]
    assert seen["bob"][0] == of_bob
    assert of_ann not in seen["bob"]
    assert not {of_ann, of_bob} & set(seen["vic"])
    assert {of_ann, of_bob} <= set(seen["olga"])
    for name, jobs in seen.items():
        assert len(jobs) == len(set(jobs)), name
    assert [job["job_id"] for job in read(users["olga"], "/jobs", requested_by="bob")["items"]] == seen["bob"]


def test_progress_shows_what_goes_on_from_the_moment_it_is_accepted(users: dict[str, Airflow], of_ann: str) -> None:
    job_id = ask(users["ann"], tickers=[f"GOES{n}" for n in range(2000)], data_source="demo", batch_size=50)
    glance = read(users["ann"], "/progress")
    assert (glance["items"][0]["job_id"], glance["active"] >= 1) == (job_id, True)
    assert job_id not in [job["job_id"] for job in read(users["bob"], "/progress")["items"]]
    wait_until(lambda: bool(read(users["ann"], f"/jobs/{job_id}")["status"] != "queued"))
    users["ann"].http.post(f"{API}/jobs/{job_id}/cancel").raise_for_status()
    after = read(users["ann"], "/progress")
    assert {job_id, of_ann} <= {job["job_id"] for job in after["items"]}
    assert after["items"][0]["status"] == "cancelled" or after["active"] > 0


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/jobs?stauts=queued", "stauts"),
        ("/jobs?status=done", "status"),
        ("/jobs?limit=501", "limit"),
        ("/jobs?since=yesterday", "since"),
        ("/jobs?cursor=bm90IGpzb24", "cursor"),
        ("/jobs?cursor=%F0%9F%98%80", "cursor"),
        ("/results?min_score=nan", "min_score"),
        ("/results?sort=name", "sort"),
        ("/results?ticker=I+BM", "ticker.0"),
        ("/results?session=2010-13-01", "session"),
        ("/results?strategies=balanced", "strategies"),
        ("/results/IBM/history?limit=0", "limit"),
        ("/prices/IBM?data_source=bloomberg", "data_source"),
    ],
)
def test_a_filter_that_there_is_not_and_a_value_that_cannot_be_are_named(ann: Airflow, path: str, field: str) -> None:
    answer = ann.http.get(API + path)
    assert answer.status_code == httpx.codes.BAD_REQUEST
    error = answer.json()["error"]
    assert (error["code"], [detail["field"] for detail in error["details"]]) == ("VALIDATION_ERROR", [field])


def test_results_are_everybodys_and_those_of_a_job_are_for_who_sees_it(users: dict[str, Airflow], of_ann: str) -> None:
    mine = {row["ticker"] for row in pages(users["ann"], "/results", job_id=of_ann)}
    assert mine == {"IBM", "JPM", "KO"}
    assert pages(users["bob"], "/results", job_id=of_ann) == []
    assert mine <= {row["ticker"] for row in pages(users["vic"], "/results", MANY, data_source="sample")}
    assert [row["ticker"] for row in pages(users["vic"], "/results", ticker=["ko", "IBM"], sort="ticker")] == [
        "IBM",
        "KO",
    ]
    scores = [row["score"] for row in pages(users["vic"], "/results", MANY, sort="-score")]
    assert scores == sorted(scores, reverse=True)


def test_the_screener_as_csv_has_every_row_that_its_pages_have(ann: Airflow, of_ann: str) -> None:
    answer = ann.http.get(f"{API}/results", params={"format": "csv", "sort": "ticker"}).raise_for_status()
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["ticker"] for row in rows] == [row["ticker"] for row in pages(ann, "/results", MANY, sort="ticker")]
    assert rows[0]["verdict"]


def test_the_screener_as_parquet_has_every_row_that_its_pages_have(ann: Airflow, of_ann: str) -> None:
    from pyarrow.parquet import read_table

    answer = ann.http.get(f"{API}/results", params={"format": "parquet", "sort": "ticker"}).raise_for_status()
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    rows, items = read_table(io.BytesIO(answer.content)).to_pylist(), pages(ann, "/results", MANY, sort="ticker")
    names = ("ticker", "verdict", "score", "entry", "reasons")
    assert [[row[name] for name in names] for row in rows] == [[item[name] for name in names] for item in items]


@pytest.mark.parametrize("path", ["/results/ibm", "/results/IBM/history", "/results/IBM/explanation", "/prices/IBM"])
def test_an_answer_that_a_client_has_is_not_sent_again(ann: Airflow, of_ann: str, path: str) -> None:
    asked = {"data_source": "sample"}
    answer = ann.http.get(API + path, params=asked).raise_for_status()
    again = ann.http.get(API + path, params=asked, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (httpx.codes.NOT_MODIFIED, b"")
    other = ann.http.get(API + path, params=asked, headers={"If-None-Match": '"other"'})
    assert other.json() == answer.json()


def test_an_explanation_adds_up_to_the_score_and_prices_reach_its_session(ann: Airflow, of_ann: str) -> None:
    said = read(ann, "/results/IBM/explanation", data_source="sample")
    total = 50 + sum(reading["contribution"] for reading in said["readings"])
    assert total == pytest.approx(said["result"]["score"], abs=0.1)
    bars = read(ann, "/prices/IBM", data_source="sample")["bars"]
    assert bars[-1]["session_date"] == said["result"]["session_date"]
    assert bars[-1]["close"] == said["result"]["close"]


@pytest.mark.parametrize(
    "path", ["/results/NOSUCH", "/results/I%20BM", "/results/NOSUCH/explanation", "/prices/NOSUCH"]
)
def test_what_there_is_no_result_of_is_not_found(ann: Airflow, path: str) -> None:
    answer = ann.http.get(API + path, params={"data_source": "sample"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "NOT_FOUND")


def events(who: Airflow, job_id: str, **headers: str) -> list[tuple[str, str, dict[str, Any]]]:
    """All events of a job, with their names and ids, until the server ends the stream."""
    found = []
    with who.http.stream("GET", f"{API}/jobs/{job_id}/events", headers=headers) as answer:
        answer.raise_for_status()
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            elif "event" in fields:
                found.append((fields["event"], fields["id"], json.loads(fields["data"])))
                fields = {}
    return found


def test_events_tell_the_progress_of_a_job_until_it_ends(ann: Airflow) -> None:
    job_id = ask(ann, tickers=[f"EVENT{n}" for n in range(1500)], data_source="demo", batch_size=50)
    told = events(ann, job_id)
    completed = [job["completed"] for _, _, job in told]
    assert completed == sorted(completed)
    assert [name for name, _, _ in told] == ["progress"] * (len(told) - 1) + ["ended"]
    assert (told[-1][2]["status"], told[-1][2]["completed"]) == ("completed", 1500)
    assert len(told) > 1
    assert [name for name, _, _ in events(ann, job_id, **{"Last-Event-ID": told[-2][1]})] == ["ended"]


def test_events_of_another_users_job_are_not_told(users: dict[str, Airflow], of_ann: str) -> None:
    for job_id in (of_ann, "nothing"):
        answer = users["bob"].http.get(f"{API}/jobs/{job_id}/events")
        assert answer.status_code == httpx.codes.NOT_FOUND


def test_clients_that_go_away_free_their_streams(ann: Airflow) -> None:
    job_id = ask(ann, tickers=[f"AWAY{n}" for n in range(3000)], data_source="demo", batch_size=50)

    def is_told() -> bool:
        with ann.http.stream("GET", f"{API}/jobs/{job_id}/events") as answer:
            return answer.is_success and bool(next(answer.iter_lines()))

    assert all(is_told() for _ in range(10))
    wait_until(is_told)
    ann.http.post(f"{API}/jobs/{job_id}/cancel").raise_for_status()


def test_clients_of_the_system_before_read_progress_and_history(ann: Airflow, of_ann: str) -> None:
    seen = read(ann, "/all-stocks/progress")
    assert of_ann in [job["job_id"] for job in seen["jobs"]]
    assert {"status", "total", "completed", "progress_percent"} <= seen.keys()
    told = read(ann, "/all-stocks/IBM/history")
    assert told["symbol"] == "IBM"
    assert told["history"][0]["verdict"]
