"""What is refused before a route sees it, and what is let through."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.web.calls import SITE, call, error

JSON = {"Content-Type": "application/json"}
COOKIE = {"Cookie": "_token=x"}
HERE = {"Origin": SITE}


@pytest.fixture
def app(bare: Any) -> Any:
    async def echo(request: dict[str, Any]) -> dict[str, int]:
        return {"fields": len(request)}

    bare.post("/echo")(echo)
    bare.delete("/echo")(lambda: {})
    bare.get("/echo")(lambda: {})
    return bare


async def in_pieces(count: int) -> AsyncIterator[bytes]:
    yield b'{"a": "'
    for _ in range(count):
        yield b"x" * 10_000
    yield b'"}'


def test_a_body_up_to_the_limit_is_read(app: Any) -> None:
    assert call(app, "POST", "/echo", content=in_pieces(99), headers=JSON).json() == {"fields": 1}


@pytest.mark.parametrize("content", [b'{"a": "' + b"x" * 1_000_000 + b'"}', in_pieces(101)])
def test_a_body_over_the_limit_is_refused_also_when_it_does_not_say_its_length(app: Any, content: Any) -> None:
    answer = call(app, "POST", "/echo", content=content, headers=JSON)
    assert (answer.status_code, error(answer)["code"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_a_body_that_is_not_json_is_refused(app: Any, kind: str) -> None:
    answer = call(app, "POST", "/echo", content=b"{}", headers={"Content-Type": kind})
    assert (answer.status_code, error(answer)["code"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize("kind", ["Application/JSON; charset=utf-8", "application/vnd.api+json"])
def test_json_may_name_its_character_set_or_what_it_says(app: Any, kind: str) -> None:
    headers = {"Content-Type": kind}
    assert call(app, "POST", "/echo", content=b"{}", headers=headers).is_success


def test_a_program_with_a_token_needs_neither_origin_nor_body(app: Any) -> None:
    assert call(app, "DELETE", "/echo", headers={"Authorization": "Bearer x"}).is_success


@pytest.mark.parametrize("origin", [{}, {"Origin": "http://evil.test"}, {"Origin": "null"}, {"Origin": ""}])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_what_another_site_made_a_browser_send_is_refused(app: Any, method: str, origin: dict[str, str]) -> None:
    answer = call(app, method, "/echo", content=b"{}", headers={**JSON, **COOKIE, **origin})
    assert (answer.status_code, error(answer)["code"]) == (403, "FORBIDDEN")


def test_another_kind_of_authorization_does_not_make_the_cookie_harmless(app: Any) -> None:
    headers = {**JSON, **COOKIE, "Authorization": "Basic x", "Origin": "http://evil.test"}
    assert call(app, "POST", "/echo", content=b"{}", headers=headers).status_code == httpx.codes.FORBIDDEN


def test_a_page_of_this_site_asks_with_the_cookie_and_json(app: Any) -> None:
    assert call(app, "POST", "/echo", content=b"{}", headers={**JSON, **COOKIE, **HERE}).is_success
    assert call(app, "DELETE", "/echo", headers={**JSON, **COOKIE, **HERE}).is_success
    no_json = call(app, "DELETE", "/echo", headers={**COOKIE, **HERE})
    assert no_json.status_code == httpx.codes.UNSUPPORTED_MEDIA_TYPE


def test_behind_a_proxy_the_address_that_people_use_counts(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://stocks.test/airflow/")
    headers = {**JSON, **COOKIE, "Host": "10.0.0.7:8080"}
    assert call(app, "DELETE", "/echo", headers={**headers, "Origin": "https://stocks.test"}).is_success
    assert call(app, "DELETE", "/echo", headers={**headers, "Origin": SITE}).status_code == httpx.codes.FORBIDDEN


def test_reading_needs_no_origin(app: Any) -> None:
    assert call(app, "GET", "/echo", headers={**COOKIE, "Origin": "http://evil.test"}).is_success


@pytest.mark.parametrize("path", ["/echo%00", "/echo?a=%00"])
def test_the_character_that_postgresql_does_not_have_is_refused(app: Any, path: str) -> None:
    answer = call(app, "GET", path)
    assert (answer.status_code, error(answer)["code"]) == (400, "BAD_REQUEST")


def test_a_browser_that_says_itself_that_the_page_is_of_this_site_is_believed_and_one_that_says_else_is_not(
    app: Any,
) -> None:
    headers = {**JSON, **COOKIE, "Host": "10.0.0.7:8080", "Origin": "https://stocks.test"}  # a proxy that nobody named
    assert call(app, "DELETE", "/echo", headers={**headers, "Sec-Fetch-Site": "same-origin"}).is_success
    for other in ("cross-site", "same-site", "none"):
        answer = call(app, "DELETE", "/echo", headers={**headers, "Sec-Fetch-Site": other})
        assert answer.status_code == httpx.codes.FORBIDDEN
