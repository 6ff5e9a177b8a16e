"""Airflow's own way is guarded as ours is, and says what is refused as Airflow does."""

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from include.model.errors import DuplicateJobError, SchemaError, StrategyError, TooManyJobsError
from include.storage.connection import DatabaseAwayError
from tests.web.calls import SITE, call

PATH = "/dags/analyze_stocks/dagRuns"
COOKIE = {"Cookie": "_token=x"}
JSON = {"Content-Type": "application/json"}
UNAUTHORIZED = 401  # let through to Airflow's login, which nobody has here


@pytest.fixture
def door(airflow: None) -> Any:
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import HTTPException

    from include.web.door import create_door

    def nobody() -> None:
        raise HTTPException(UNAUTHORIZED, "no login")

    app = create_door()
    app.dependency_overrides[get_user] = nobody
    return app


def raising(app: Any, raised: Exception) -> Any:
    def fail() -> None:
        raise raised

    app.get("/fails")(fail)
    return app


@pytest.mark.parametrize(
    ("headers", "content", "status"),
    [
        ({**JSON, **COOKIE, "Origin": "http://evil.test"}, b"{}", 403),
        ({**JSON, **COOKIE}, b"{}", 403),
        ({**COOKIE, "Origin": SITE, "Content-Type": "text/plain"}, b"{}", 415),
        ({**JSON, "Authorization": "Bearer x"}, b'"' + b"x" * 1_000_000 + b'"', 413),
    ],
)
def test_what_ours_refuses_is_refused_here_too(door: Any, headers: dict[str, str], content: bytes, status: int) -> None:
    answer = call(door, "POST", PATH, content=content, headers=headers)
    assert answer.status_code == status
    assert list(answer.json()) == ["detail"]


@pytest.mark.parametrize("headers", [{**COOKIE, "Origin": SITE}, {"Authorization": "Bearer x"}])
def test_airflows_page_and_programs_with_a_token_come_as_far_as_airflows_login(
    door: Any, headers: dict[str, str]
) -> None:
    answer = call(door, "POST", PATH, json={"logical_date": None}, headers=headers)
    assert (answer.status_code, answer.json()) == (UNAUTHORIZED, {"detail": "no login"})


@pytest.mark.parametrize(
    ("raised", "status"), [(DuplicateJobError("job-1"), 409), (TooManyJobsError(20, 20, "job-1"), 429)]
)
def test_what_is_refused_is_said_as_it_is(door: Any, raised: Exception, status: int) -> None:
    answer = call(raising(door, raised), "GET", "/fails")
    assert (answer.status_code, answer.json()) == (status, {"detail": str(raised)})


@pytest.mark.parametrize("raised", [SchemaError("column secret: run `migrate`"), DatabaseAwayError("secret")])
def test_what_may_be_well_in_a_moment_is_to_be_tried_again(door: Any, raised: Exception) -> None:
    with capture_logs() as logged:
        answer = call(raising(door, raised), "GET", "/fails")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "database" in answer.json()["detail"]
    assert "secret" not in answer.text
    told = [str(line["exc_info"]) for line in logged if line["event"] == "a request failed"]
    assert told == ([str(raised)] if isinstance(raised, SchemaError) else [])


def test_a_broken_file_of_strategies_is_found_in_the_log_under_the_id_that_is_answered(door: Any) -> None:
    with capture_logs() as logged:
        answer = call(raising(door, StrategyError("/etc/secret.toml: no such rule")), "GET", "/fails")
    assert answer.status_code == 500
    assert "secret" not in answer.text
    (fault,) = [line for line in logged if line["event"] == "a request failed"]
    assert fault["error_id"] in answer.json()["detail"]
    assert "secret.toml" in str(fault["exc_info"])


class HalfRead:
    """A run of which the rest is still to be read."""

    @property
    def dag_run_id(self) -> str:
        raise OperationalError("SELECT", {}, Exception("server closed the connection"))


def test_a_run_that_can_be_read_only_in_part_is_no_fault_of_ours(airflow: None) -> None:
    from include.web.door import _in_airflows_shape

    run: Any = HalfRead()
    with pytest.raises(DatabaseAwayError, match="server closed the connection"):
        _in_airflows_shape(run)
