"""Every error has one shape, whoever raised it, and says nothing of the inside."""

import json
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, ConfigDict, Field
from structlog.testing import capture_logs

from include.model.errors import SchemaError, StrategyError, TooManyJobsError
from tests.web.calls import call, error


class Form(BaseModel):
    model_config = ConfigDict(extra="forbid")

    capital: float = Field(gt=0)
    name: str = "x"


def raising(app: Any, raised: Exception) -> Any:
    def fail() -> None:
        raise raised

    app.get("/fails")(fail)
    return app


def test_an_unknown_path_and_an_unknown_method(bare: Any) -> None:
    bare.get("/there")(lambda: {})
    not_there = call(bare, "GET", "/not-there")
    assert (not_there.status_code, error(not_there)["code"]) == (404, "NOT_FOUND")
    not_so = call(bare, "PUT", "/there", json={})
    assert (not_so.status_code, error(not_so)["code"], not_so.headers["Allow"]) == (405, "METHOD_NOT_ALLOWED", "GET")
    assert call(bare, "GET", "/there/").status_code == 404


def test_an_unknown_method_is_answered_with_all_that_there_are(bare: Any) -> None:
    bare.get("/things/{name}")(lambda name: {})
    bare.delete("/things/{name}")(lambda name: {})
    assert call(bare, "PUT", "/things/x", json={}).headers["Allow"] == "DELETE, GET"


def test_an_address_with_a_word_of_its_own_has_the_methods_of_that_word(bare: Any) -> None:
    bare.patch("/lists/{name}/{ticker}")(lambda name, ticker: {})
    bare.get("/lists/{name}/changes")(lambda name: {})
    assert call(bare, "OPTIONS", "/lists/mine/changes").headers["Allow"] == "GET"
    assert call(bare, "OPTIONS", "/lists/mine/IBM").headers["Allow"] == "PATCH"


def test_every_bad_field_of_a_body_is_named(bare: Any) -> None:
    def take(form: Form) -> None: ...

    bare.post("/form")(take)
    answer = call(bare, "POST", "/form", json={"capital": -1, "name": 5, "captial": 1})
    said = error(answer)
    assert (answer.status_code, said["code"]) == (400, "VALIDATION_ERROR")
    found = {detail["field"]: (detail["value"], detail["reason"]) for detail in said["details"]}
    assert found == {
        "capital": (-1, "Input should be greater than 0"),
        "name": (5, "Input should be a valid string"),
        "captial": (1, "there is no such field"),
    }


def test_every_bad_filter_is_named(bare: Any) -> None:
    from fastapi import Query

    def take(filters: Annotated[Form, Query()]) -> None: ...

    bare.get("/list")(take)
    answer = call(bare, "GET", "/list?capital=much&nmae=x")
    assert {detail["field"] for detail in error(answer)["details"]} == {"capital", "nmae"}


@pytest.mark.parametrize("body", [b"{", b"[]", b'"text"', b"", b"\xff", b"[" * 100_000])
def test_a_body_that_cannot_be_read(bare: Any, body: bytes) -> None:
    def take(form: Form) -> None: ...

    bare.post("/form")(take)
    answer = call(bare, "POST", "/form", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert error(answer)["code"] in ("VALIDATION_ERROR", "BAD_REQUEST")


@pytest.mark.parametrize("value", ['"' + "x" * 5000 + '"', "NaN", "Infinity", '"\\ud800"', "[[1]]"])
def test_a_bad_value_is_repeated_as_json_can_say_it_and_not_at_length(bare: Any, value: str) -> None:
    def take(form: Form) -> None: ...

    bare.post("/form")(take)
    headers = {"Content-Type": "application/json"}
    answer = call(bare, "POST", "/form", content=f'{{"capital": {value}, "x": {value}}}'.encode(), headers=headers)
    assert answer.status_code == 400
    details = json.loads(answer.content, parse_constant=pytest.fail)["error"]["details"]
    assert details
    assert all(len(str(detail["value"])) < 300 for detail in details)


def test_a_fault_of_ours_says_nothing_but_the_id_under_which_the_log_has_it(bare: Any) -> None:
    app = raising(bare, ZeroDivisionError("secret"))
    with capture_logs() as logged:
        answer = call(app, "GET", "/fails")
    said = error(answer)
    assert (answer.status_code, said["code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in answer.text
    (fault,) = [line for line in logged if line["event"] == "a request failed"]
    assert fault["error_id"] in said["message"]
    assert isinstance(fault["exc_info"], ZeroDivisionError)


def test_what_airflow_says_of_its_inside_stays_inside(bare: Any) -> None:
    from fastapi import HTTPException

    app = raising(bare, HTTPException(500, {"reason": "Database error", "statement": "SELECT secret"}))
    answer = call(app, "GET", "/fails")
    assert (answer.status_code, error(answer)["code"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in answer.text


def test_airflows_refusals_have_our_shape(bare: Any) -> None:
    from fastapi import HTTPException

    app = raising(bare, HTTPException(409, {"reason": "Unique constraint violation", "statement": "hidden"}))
    answer = call(app, "GET", "/fails")
    assert (answer.status_code, error(answer)["message"]) == (409, "Unique constraint violation")


def test_airflows_database_may_be_away_too(bare: Any) -> None:
    from sqlalchemy.exc import OperationalError

    app = raising(bare, OperationalError("SELECT secret", {}, Exception("connection refused")))
    answer = call(app, "GET", "/fails")
    assert (answer.status_code, error(answer)["code"], answer.headers["Retry-After"]) == (503, "UNAVAILABLE", "2")
    assert "secret" not in answer.text


def test_a_database_at_another_schema_is_not_ready(bare: Any) -> None:
    app = raising(bare, SchemaError("column secret does not exist"))
    answer = call(app, "GET", "/fails")
    assert (answer.status_code, error(answer)["code"]) == (503, "UNAVAILABLE")
    assert "secret" not in answer.text


def test_one_job_too_many_names_the_setting_and_the_oldest_job(bare: Any) -> None:
    answer = call(raising(bare, TooManyJobsError(20, 20, "job-1")), "GET", "/fails")
    said = error(answer)
    assert (answer.status_code, said["code"]) == (429, "TOO_MANY_REQUESTS")
    assert said["message"].startswith("you have 20 active jobs, the most allowed; ")
    assert said["details"] == [
        {"field": "max_active_jobs", "value": 20, "reason": "so many jobs are active", "job_id": "job-1"}
    ]


def test_a_broken_file_of_strategies_is_the_servers_fault_and_its_path_stays_inside(bare: Any) -> None:
    with capture_logs() as logged:
        answer = call(raising(bare, StrategyError("/etc/secret.toml: no such rule")), "GET", "/fails")
    said = error(answer)
    assert (answer.status_code, said["code"]) == (500, "INTERNAL_ERROR")
    assert "strategies" in said["message"]
    assert "secret" not in answer.text
    (fault,) = [line for line in logged if line["event"] == "a request failed"]
    assert fault["error_id"] in said["message"]
