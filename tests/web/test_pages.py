"""The pages' application: who gets a page, its files, and what stands in place of a page."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from include.model.viewer import Viewer
from tests.web.calls import call
from tests.web.conftest import who

Look = Callable[..., httpx.Response]


@pytest.fixture
def pages(airflow: None) -> FastAPI:
    from include.web.pages.app import create_pages

    return create_pages()


@pytest.fixture
def look(pages: FastAPI, monkeypatch: pytest.MonkeyPatch) -> Look:
    """A look at a page as somebody who may read and ask."""
    from airflow.api_fastapi.core_api.security import get_user

    from include.web.access import MayRead, Rights, viewer_of

    def viewer(request: Request) -> Viewer:
        name = who(request).get_name()
        return Viewer(name=name, sees_all=name == "admin")

    pages.dependency_overrides |= {get_user: who, viewer_of: viewer, MayRead.dependency: lambda: None}
    monkeypatch.setattr("include.web.pages.routes.rights_of", lambda user: Rights(may_ask=True, may_delete=False))

    def ask(path: str, user: str = "ann") -> httpx.Response:
        return call(pages, "GET", path, headers={"X-User": user})

    return ask


def file_addresses(page: str) -> list[str]:
    return re.findall(r'(?:src|href)="/stocks(/files/[^"]+)"', page)


def test_every_page_and_every_file_sends_to_the_login_and_back(pages: FastAPI) -> None:
    paths = ("/", "/screener?verdict=Buy", "/jobs/a:b", "/files/0/style.css")
    for path in paths:
        answer = call(pages, "GET", path)
        assert answer.status_code == httpx.codes.SEE_OTHER
        wanted = httpx.URL(answer.headers["Location"])
        assert wanted.path == "/api/v2/auth/login"
        assert wanted.params["next"].partition("?")[0] == httpx.URL(path).path


def test_a_page_has_its_policy_and_nothing_of_another_host(look: Look) -> None:
    answer = look("/")
    assert answer.status_code == httpx.codes.OK
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "://" not in re.sub(r'xmlns="[^"]*"', "", answer.text)
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_files_of_a_page_are_kept_for_ever_under_their_digest(look: Look) -> None:
    addresses = file_addresses(look("/").text)
    assert any(address.endswith("/pages/jobs.js") for address in addresses)
    for address in addresses:
        answer = look(address)
        assert answer.status_code == httpx.codes.OK
        assert "immutable" in answer.headers["Cache-Control"]
    assert look("/files/older/style.css").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", ["%2e%2e/app.py", "..%2fapp.py", "/etc/passwd", "pages", "", "style.css%00"])
def test_what_is_no_file_of_the_pages_is_not_there(look: Look, name: str) -> None:
    assert look(f"/files/0/{name}").status_code == httpx.codes.NOT_FOUND


def test_every_import_of_a_module_is_a_file(pages: FastAPI) -> None:
    from include.web.pages.files import all_files

    files = all_files()
    for name, file in files.items():
        if file.suffix == ".js" and not name.startswith("bokeh"):
            for wanted in re.findall(r'from "(\.[^"]+)"', file.read_text()):
                here = httpx.URL(f"http://x/{name}").join(wanted).path.lstrip("/")
                assert here in files, f"{name} imports {wanted}"


def test_what_an_address_says_is_text_in_the_page(look: Look) -> None:
    page = look("/jobs/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E").text
    assert "<script>alert" not in page


def test_an_unknown_page_says_so(look: Look) -> None:
    answer = look("/nowhere")
    assert answer.status_code == httpx.codes.NOT_FOUND
    assert "There is no such page" in answer.text


def test_who_has_no_right_is_told_what_is_missing(pages: FastAPI, look: Look) -> None:
    from fastapi import HTTPException

    from include.web.access import MayRead

    def refuse() -> None:
        raise HTTPException(403, "Forbidden")

    pages.dependency_overrides[MayRead.dependency] = refuse
    answer = look("/")
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "This is not for you" in answer.text


def test_a_broken_cookie_leads_to_the_login(pages: FastAPI, look: Look) -> None:
    from fastapi import HTTPException

    from include.web.access import MayRead

    def refuse() -> None:
        raise HTTPException(403, "Invalid JWT token")

    pages.dependency_overrides[MayRead.dependency] = refuse
    assert look("/").status_code == httpx.codes.SEE_OTHER


def test_a_fault_is_a_page_with_the_id_of_its_log(
    pages: FastAPI, look: Look, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def break_down(user: object) -> None:
        raise ZeroDivisionError("a secret of the server")

    monkeypatch.setattr("include.web.pages.routes.rights_of", break_down)
    answer = look("/")
    assert answer.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert re.search(r"details under [0-9a-f]{12}", answer.text)
    assert "secret" not in answer.text


def test_the_database_away_is_a_page_to_load_again(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    from include.storage.connection import DatabaseAwayError

    def away(user: object) -> None:
        raise DatabaseAwayError("gone")

    monkeypatch.setattr("include.web.pages.routes.rights_of", away)
    answer = look("/")
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert answer.headers["Retry-After"]
    assert "The database is away" in answer.text
