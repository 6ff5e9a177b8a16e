"""The description of the API says what the routes do, and needs nothing from elsewhere."""

import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.web.conftest import Call


@pytest.fixture
def document(api: Call) -> dict[str, Any]:
    found: dict[str, Any] = api("GET", "/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(m.upper(), path, said) for path, methods in document["paths"].items() for m, said in methods.items()]


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in references(value)]
    return [found for value in part for found in references(value)] if isinstance(part, list) else []


def test_every_call_says_what_it_does_and_with_which_errors(document: dict[str, Any]) -> None:
    assert len(operations(document)) > 15
    for method, path, said in operations(document):
        assert said["description"], (method, path)
        assert {"400", "401", "403", "500", "503"} <= set(said["responses"]), (method, path)
        assert "422" not in said["responses"], (method, path)
        assert said["security"], (method, path)


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = references(document)
    assert "#/components/schemas/Error" in found
    for reference in found:
        part = document
        for name in reference.removeprefix("#/").split("/"):
            part = part[name]


def test_the_examples_are_of_their_schemas(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name in ("Error", "Request"):
        Draft202012Validator.check_schema(schemas[name])
    (example,) = schemas["Error"]["examples"]
    Draft202012Validator(schemas["Error"]).validate(example)
    body = document["paths"]["/jobs"]["post"]["requestBody"]["content"]["application/json"]
    Draft202012Validator(schemas["Request"]).validate(body["example"])


def test_an_error_is_as_it_is_described(api: Call, document: dict[str, Any]) -> None:
    answer = api("POST", "/watchlist/default", json={"tickers": ["I BM"]})
    Draft202012Validator(document["components"]["schemas"]["Error"]).validate(answer.json())


def test_the_page_shows_every_call_and_loads_nothing(api: Call, document: dict[str, Any]) -> None:
    answer = api("GET", "/docs")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
    for _, path, _ in operations(document):
        assert f"{path}</code>" in answer.text
    assert not re.findall(r"<script|<link|@import|url\(|//[a-z]", answer.text)


def test_what_makes_jobs_says_that_a_user_may_have_too_many(document: dict[str, Any]) -> None:
    told = {path for _, path, said in operations(document) if "429" in said["responses"]}
    asking = {"/jobs", "/analyze", "/analyze-all-stocks", "/jobs/{job_id}/retry-failed"}
    assert told == {*asking, "/watchlist/{name}/analyze"}
