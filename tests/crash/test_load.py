"""PostgreSQL is killed while many ask: each is answered, in time, and afterwards as if nothing had been.

Run by `make test-crash`: it needs an installation of its own.
"""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from include.storage.connection import connect
from local import supervision
from local.stack import Stack, stack
from tests.crash.calls import SECONDS_FOR_AN_ANSWER, Ask, Called, Callers
from tests.crash.faults import kill_postgres
from tests.crash.histories import History
from tests.end_to_end.airflow import RUNS, Airflow, wait_until

API = "/api/stocks"
KILLS = 3
SECONDS_BETWEEN = 4.0
GOOD_CALLS = 10  # of every client after the last kill, one after the other
SECONDS_TO_RECOVER = 60
TICKERS = [f"LOADED{n}" for n in range(50)]


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[Stack]:
    """An installation in which one user may have as many jobs as this test asks for."""
    with stack(tmp_path / "stack", {"BELLWETHER_MAX_ACTIVE_JOBS": "10000"}) as running:
        yield running


class Requests:
    """Asks for jobs, each under an id of its own, and again under it until there is an answer that it was taken."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._answered = True

    def ask(self, client: httpx.Client, number: int) -> httpx.Response:
        if self._answered:
            self.ids.append(f"load-{number}")
        self._answered = False
        answer = client.post(f"{API}/jobs", json=self.body(self.ids[-1]))
        self._answered = answer.is_success
        return answer

    @staticmethod
    def body(request_id: str) -> dict[str, Any]:
        capital = 1 + int(request_id.removeprefix("load-"))  # each is other work than all before
        return {"tickers": TICKERS, "data_source": "demo", "capital": capital, "request_id": request_id}


class Triggers:
    """Triggers runs at Airflow's own door, under names of the client's own."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def ask(self, client: httpx.Client, number: int) -> httpx.Response:
        name = f"own-{number // 3}"  # every name three times: again after a lost answer
        conf = {"tickers": TICKERS, "data_source": "demo", "capital": 1_000_000 + number // 3}
        answer = client.post(RUNS, json={"dag_run_id": name, "logical_date": None, "conf": conf})
        if answer.is_success:
            self.names.add(name)
        return answer


def first_event(client: httpx.Client, path: str) -> httpx.Response:
    """The answer of a stream as soon as it has told anything, or refused to."""
    with client.stream("GET", path) as answer:
        if answer.is_success:
            next(line for line in answer.iter_lines() if line.startswith("data: "))
        else:
            answer.read()
        return answer


def asks_about(job_id: str, requests: Requests, triggers: Triggers) -> dict[str, Ask]:
    def get(path: str) -> Ask:
        return lambda client, _number: client.get(path)

    job = f"{API}/jobs/{job_id}"
    return {
        "job": get(job),
        "job by cookie": get(job),
        "details": get(f"{job}/details"),
        "list": get(f"{API}/jobs"),
        "progress": get(f"{API}/progress"),
        "results": get(f"{API}/results"),
        "results by cookie": get(f"{API}/results"),
        "events": lambda client, _number: first_event(client, f"{job}/events"),
        "watchlist": lambda client, n: client.post(f"{API}/watchlist/load", json={"tickers": [f"W{n % 9}"]}),
        "submit": requests.ask,
        "trigger": triggers.ask,
    }


def test_while_postgresql_is_killed_every_call_is_answered_and_afterwards_all_go_on(roomy: Stack) -> None:
    history, requests, triggers = History("load"), Requests(), Triggers()
    with Airflow(roomy) as airflow:
        airflow.pause()
        job_id = airflow.request(tickers=TICKERS, data_source="demo")
    server = api_server(roomy)
    asks = asks_about(job_id, requests, triggers)
    callers = Callers(roomy, asks, by_cookie=frozenset(name for name in asks if name.endswith("by cookie")))
    with callers.calling():
        for _ in range(KILLS):
            time.sleep(SECONDS_BETWEEN)
            kill_postgres(roomy)
            history.say("killed")
        wait_until(lambda: have_recovered(callers), SECONDS_TO_RECOVER)
    for called in sorted(callers.calls, key=lambda one: one.begun):
        if called.status not in (200, 201):
            history.say("refused", caller=called.caller, status=called.status, took=called.seconds, fault=called.fault)
    history.say("over", answers={name: Counter(c.status for c in callers.since(0)[name]) for name in asks})
    assert [one for one in callers.calls if not is_as_documented(one)] == []
    assert {one.status for one in callers.calls} > {503}, "nothing was killed that anybody noticed"
    assert max(one.seconds for one in callers.calls) < SECONDS_FOR_AN_ANSWER
    assert api_server(roomy) == server, "the API server was started again"
    check_jobs(roomy, requests, triggers)


def api_server(installation: Stack) -> tuple[int, int]:
    (state,) = (one for one in supervision.states(installation.home) if one.name == "api-server")
    return state.pid, state.started


def have_recovered(callers: Callers) -> bool:
    """Whether the last calls of everybody have succeeded."""
    for name in callers.asks:
        last = [one for one in callers.calls if one.caller == name][-GOOD_CALLS:]
        if len(last) < GOOD_CALLS or not all(one.status in (200, 201) for one in last):
            return False
    return True


def is_as_documented(called: Called) -> bool:
    """Whether the answer is one, or a refusal for now in the shape of its door."""
    answer = called.answer
    if answer is None:
        return called.caller == "events" and "peer closed connection" in called.fault
    if answer.status_code in (200, 201):
        return True
    if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or not answer.headers.get("Retry-After"):
        return False
    said = answer.json()
    return "detail" in said if called.caller == "trigger" else said["error"]["code"] == "UNAVAILABLE"


def check_jobs(installation: Stack, requests: Requests, triggers: Triggers) -> None:
    """Each request has one job, which is there; asked for again it is the same."""
    with Airflow(installation) as airflow:
        for request_id in requests.ids:
            again = [airflow.http.post(f"{API}/jobs", json=Requests.body(request_id)) for _ in range(2)]
            (job_id,) = {one.raise_for_status().json()["job_id"] for one in again}
            assert airflow.http.get(f"{API}/jobs/{job_id}").is_success
        for name in triggers.names:
            assert airflow.run(name)["dag_run_id"] == name
    url = installation.cluster.url(installation.source.databases.airflow)
    with connect(url) as connection:
        asked = connection.execute(
            "SELECT conf ->> 'request_id' AS id, count(*) AS runs FROM dag_run WHERE conf ->> 'request_id' = ANY(%s)"
            " GROUP BY 1",
            [requests.ids],
        ).fetchall()
    assert {row["id"]: row["runs"] for row in asked} == dict.fromkeys(requests.ids, 1)
