"""Waiting for a job: by its events, and by looking where these are cut off."""

import pytest

from include.client import ApiError, Client, JobIsActiveError
from include.client.events import Event, events_of
from tests.client.said import JOB_ID, job, view
from tests.client.server import API, Server, Step, answer, event, refuse, reset, stream

JOB = f"{API}/jobs/{JOB_ID}"
EVENTS = f"{JOB}/events"
HALF, DONE = job(completed=1), job("completed", completed=2)


def wait(client: Client, timeout: float = 60) -> list[int]:
    """The number of completed tickers whenever it was told; the last one is how the job ended."""
    told: list[int] = []
    ended = client.wait(JOB_ID, lambda now: told.append(now.completed), timeout=timeout)
    assert ended.status == "completed"
    return told


def test_the_events_are_told_until_the_job_ends(server: Server, client: Client) -> None:
    server.will("GET", EVENTS, stream(event("progress", "a", HALF), ": ping\n\n", event("ended", "b", DONE)))
    assert wait(client) == [1, 2]
    assert server.of(JOB) == []


def test_a_stream_that_is_cut_goes_on_where_it_was(server: Server, client: Client, pauses: list[float]) -> None:
    cut = stream(event("progress", "a", HALF), 'event: ended\nid: never\ndata: {"job', whole=False)
    server.will("GET", EVENTS, cut, stream(event("ended", "b", DONE)))
    server.will("GET", JOB, answer(view(completed=1)))
    assert wait(client) == [1, 2]
    first, second = server.of(EVENTS)
    assert "Last-Event-ID" not in first.headers
    assert second.headers["Last-Event-ID"] == "a"
    assert len(server.of(JOB)) == 1


@pytest.mark.parametrize(
    "broken",
    [
        stream(),
        stream(whole=False),
        stream("data: nonsense\n\n"),
        reset,
        refuse(503, "UNAVAILABLE", "this server has as many streams as it may", Retry_After="2"),
    ],
)
def test_without_streams_it_looks(server: Server, client: Client, pauses: list[float], broken: Step) -> None:
    server.will("GET", EVENTS, broken)
    server.will("GET", JOB, *[answer(view(completed=1))] * 5, answer(view(status="completed", completed=2)))
    assert wait(client) == [1, 2]
    assert len(server.of(EVENTS)) == 3
    assert len(server.of(JOB)) == 6


def test_a_job_that_ends_between_the_events_is_seen(server: Server, client: Client) -> None:
    server.will("GET", EVENTS, stream(event("progress", "a", HALF)))
    server.will("GET", JOB, answer(view(status="completed", completed=2)))
    assert wait(client) == [1, 2]


def test_a_server_that_starts_again_meanwhile_is_waited_for(
    server: Server, client: Client, pauses: list[float]
) -> None:
    server.will("GET", EVENTS, stream(event("progress", "a", HALF), whole=False), reset, reset, reset)
    away = refuse(503, "UNAVAILABLE", "away", Retry_After="1")
    server.will("GET", JOB, reset, away, answer(view(completed=1)), answer(view(status="completed", completed=2)))
    assert wait(client) == [1, 2]


def test_waiting_ends_with_the_time_that_there_is_and_says_where_the_job_stands(server: Server, client: Client) -> None:
    server.will("GET", JOB, answer(view(completed=1)))
    with pytest.raises(JobIsActiveError, match=r"not ended after 0\.05 seconds: processing, 1 of 2 tickers") as late:
        client.wait(JOB_ID, timeout=0.05)
    assert late.value.job.job_id == JOB_ID


def test_a_job_that_there_is_not_is_told_at_once(server: Server, client: Client) -> None:
    missing = refuse(404, "NOT_FOUND", "there is no job x")
    server.will("GET", f"{API}/jobs/x/events", missing)
    server.will("GET", f"{API}/jobs/x", missing)
    with pytest.raises(ApiError, match="there is no job x"):
        client.wait("x")


def test_events_are_read_as_the_standard_says() -> None:
    lines = [
        "retry: 1",
        "",
        ": comment",
        "data:one",
        "data: two",
        "id",
        "",
        "event: e",
        "id: 7",
        "data: x",
        "",
        "data: y",
    ]
    assert list(events_of(lines)) == [
        Event(name="message", id="", data="one\ntwo"),
        Event(name="e", id="7", data="x"),
    ]
