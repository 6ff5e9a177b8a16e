"""One user has as many active jobs as the setting says, whichever door they ask at."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from include.settings import Settings
from local.stack import Stack
from tests.end_to_end.airflow import Airflow

API = "/api/stocks"
MOST: int = Settings.model_fields["max_active_jobs"].default


def fields(number: int) -> dict[str, Any]:
    return {"tickers": ["IBM"], "data_source": "sample", "capital": 70_000 + number}


@pytest.fixture
def user(installation: Stack) -> Iterator[Airflow]:
    """A user with as many jobs as are allowed, none of which begins: the DAG is paused."""
    with Airflow(installation) as admin, Airflow(installation, "rosa") as rosa, admin.paused():
        asked = [rosa.http.post(f"{API}/jobs", json=fields(number)) for number in range(MOST)]
        try:
            assert {answer.status_code for answer in asked} == {httpx.codes.CREATED}
            yield rosa
        finally:
            for answer in asked:
                rosa.http.post(f"{API}/jobs/{answer.json()['job_id']}/cancel").raise_for_status()


def test_one_job_too_many_is_refused_at_every_door_and_what_joins_is_not(installation: Stack, user: Airflow) -> None:
    refused = user.http.post(f"{API}/jobs", json=fields(MOST))
    error = refused.json()["error"]
    oldest = user.http.post(f"{API}/jobs", json=fields(0))
    assert (oldest.status_code, oldest.json()["disposition"]) == (httpx.codes.OK, "joined")
    assert (refused.status_code, error["code"]) == (httpx.codes.TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS")
    assert f"you have {MOST} active jobs, the most allowed" in error["message"]
    assert (error["details"][0]["field"], error["details"][0]["job_id"]) == ("max_active_jobs", oldest.json()["job_id"])
    at_airflows_door = user.post(**fields(MOST))
    assert at_airflows_door.status_code == httpx.codes.TOO_MANY_REQUESTS
    assert at_airflows_door.json()["detail"] == error["message"]
    recorded = user.http.get(f"{API}/requests", params={"disposition": "refused"}).raise_for_status().json()["items"]
    assert [(one["door"], one["reason"]) for one in recorded] == [("rest", error["message"]), ("api", error["message"])]
    with Airflow(installation) as another:
        job_id = another.http.post(f"{API}/jobs", json=fields(MOST)).raise_for_status().json()["job_id"]
        another.http.post(f"{API}/jobs/{job_id}/cancel").raise_for_status()
    user.http.post(f"{API}/jobs/{oldest.json()['job_id']}/cancel").raise_for_status()
    made = user.http.post(f"{API}/jobs", json=fields(MOST))
    assert made.status_code == httpx.codes.CREATED
    user.http.post(f"{API}/jobs/{made.json()['job_id']}/cancel").raise_for_status()
