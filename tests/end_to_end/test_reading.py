"""What is read over HTTP: only what is for the one who asks, and all of that."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from local.stack import Stack
from local.users import save
from tests.end_to_end.airflow import Airflow

API = "/api/stocks"


@pytest.fixture(scope="module")
def users(installation: Stack) -> Iterator[dict[str, Airflow]]:
    """Two plain users, one who may only read, an operator, and the administrator."""
    for name, role in {"ann": "user", "bob": "user", "vic": "viewer"}.items():
        save(installation.home, name, role)
    installation.add_user("olga", "op")  # the API server starts again, once for all of them
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


def test_a_job_is_hidden_from_others_from_the_moment_it_is_accepted(users: dict[str, Airflow]) -> None:
    for number in range(5):
        job_id = ask(users["ann"], tickers=[f"SECRET{number}"], data_source="demo")
        assert users["bob"].http.get(f"{API}/jobs/{job_id}").status_code == httpx.codes.NOT_FOUND
        assert users["ann"].http.get(f"{API}/jobs/{job_id}").is_success
