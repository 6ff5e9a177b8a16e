"""Every request leaves one line in the log and its metrics; every answer has safe headers."""

from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.web.calls import call


@pytest.fixture
def measured(airflow: None, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the metrics that are sent to Airflow's."""
    from include.web.watching import stats

    sent: list[str] = []
    monkeypatch.setattr(stats, "incr", lambda name, **_: sent.append(name))
    monkeypatch.setattr(stats, "timing", lambda name, value, **_: sent.append(name))
    return sent


def line(app: Any, path: str) -> dict[str, Any]:
    with capture_logs() as logged:
        call(app, "GET", path)
    (found,) = [entry for entry in logged if entry["event"] == "request"]
    return dict(found)


def test_a_request_is_told_with_who_asked_for_what(bare: Any, measured: list[str]) -> None:
    bare.get("/jobs/{job_id}")(lambda job_id: {})
    told = line(bare, "/jobs/abc")
    assert (told["user"], told["route"], told["status"], told["job_id"]) == ("ann", "/jobs/{job_id}", 200, "abc")
    assert told["ms"] >= 0
    assert measured == ["bellwether.api.requests.200", "bellwether.api.milliseconds"]


def test_what_a_route_notes_is_told(bare: Any, measured: list[str]) -> None:
    from fastapi import Request

    from include.web.watching import note

    def ask(request: Request) -> None:
        note(request, job_id="abc", disposition="joined")

    bare.get("/ask")(ask)
    told = line(bare, "/ask")
    assert (told["job_id"], told["disposition"]) == ("abc", "joined")
    assert measured[-1] == "bellwether.api.dispositions.joined"


@pytest.mark.parametrize(("path", "status"), [("/nowhere", 404), ("/fails", 500)])
def test_what_came_to_nothing_is_told_too(bare: Any, measured: list[str], path: str, status: int) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    bare.get("/fails")(fail)
    assert line(bare, path)["status"] == status
    assert f"bellwether.api.requests.{status}" in measured


def test_an_answer_that_breaks_off_is_not_made_whole(bare: Any) -> None:
    from fastapi.responses import StreamingResponse

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise ZeroDivisionError

    bare.get("/stream")(lambda: StreamingResponse(pieces()))
    with pytest.raises(ZeroDivisionError):
        call(bare, "GET", "/stream")


@pytest.mark.parametrize("path", ["/there", "/nowhere", "/fails"])
def test_every_answer_has_safe_headers(bare: Any, path: str) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    bare.get("/fails")(fail)
    bare.get("/there")(lambda: {})
    headers = call(bare, "GET", path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "no-store"


def test_a_route_says_itself_how_long_its_answer_may_be_kept(bare: Any) -> None:
    from fastapi import Response

    def cached(response: Response) -> None:
        response.headers["Cache-Control"] = "private, no-cache"

    bare.get("/cached")(cached)
    assert call(bare, "GET", "/cached").headers["Cache-Control"] == "private, no-cache"
