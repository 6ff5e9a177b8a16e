"""Everybody who asks: for jobs, at every door, and for what is stored. Whoever got no answer asks the same again."""

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
from tenacity import retry, retry_if_exception, stop_after_delay, wait_fixed

from local.stack import MAIN_DAG, Stack
from tests.end_to_end.airflow import RUNS

API = "/api/stocks"
LIST = f"{API}/watchlist/soak"
STOCKS = 400
KEPT = 20  # tickers of the watchlist
PATIENCE_SECONDS = 180

Asker = Callable[[httpx.Client, int], str | None]
"""Asks once, as number so and so of its kind; returns the id of the job that it was given, if it asked for one."""

_works = itertools.count(1)


def may_pass(error: BaseException) -> bool:
    """Whether the same may be asked again: no answer came, or one that something is away."""
    if isinstance(error, httpx.HTTPStatusError):
        return error.response.is_server_error
    return isinstance(error, httpx.TransportError | CommandFailedError | subprocess.TimeoutExpired)


class CommandFailedError(Exception):
    """A command did not do what it should; the end of what it said."""


class NotToldError(Exception):
    """There was no job to follow, or its stream ended before the job did."""


insist = retry(
    retry=retry_if_exception(may_pass), wait=wait_fixed(0.5), stop=stop_after_delay(PATIENCE_SECONDS), reraise=True
)


@insist
def post(client: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """The answer, however often it must be asked for."""
    said: dict[str, Any] = client.post(path, json=body).raise_for_status().json()
    return said


def work(tickers: int = 10) -> dict[str, Any]:
    """Fields of a request that is like no other; one in four computes anew what is known."""
    number = next(_works)
    names = [f"SOAK{(number * 7 + place) % STOCKS}" for place in range(tickers)]
    return {"tickers": names, "data_source": "demo", "capital": 1000 + number, "force": number % 4 == 0}


def ask_our_api(client: httpx.Client, number: int) -> str:
    """Every fifth request is made twice, as two users who want the same do."""
    body = work(3 if number % 3 == 0 else 10)
    asked = post(client, f"{API}/jobs", {**body, "request_id": f"soak-{body['capital']}"})
    if number % 5 == 0 and not body["force"]:
        post(client, f"{API}/jobs", {**body, "request_id": f"soak-{body['capital']}-again"})
    return str(asked["job_id"])


def ask_airflow(client: httpx.Client, number: int) -> str:
    """Airflow's own trigger, under a name of the client's."""
    conf = work()
    body = {"dag_run_id": f"own-{conf['capital']}", "logical_date": None, "conf": conf}
    return str(post(client, RUNS, body)["dag_run_id"])


def ask_for_a_watchlist(client: httpx.Client, number: int) -> str:
    """A list that changes all the time, analysed as a whole."""
    post(client, LIST, {"tickers": [f"WATCHED{number % 40}"]})
    if number >= KEPT:
        client.delete(f"{LIST}/WATCHED{(number - KEPT) % 40}")
    fields = {name: value for name, value in work().items() if name != "tickers"}
    return str(post(client, f"{LIST}/analyze", {**fields, "request_id": f"watch-{fields['capital']}"})["job_id"])


def at_the_command_line(installation: Stack) -> Asker:
    """`airflow dags trigger`, which speaks to the database itself."""

    @insist
    def trigger(run_id: str, conf: dict[str, Any]) -> None:
        command = [sys.executable, "-m", "airflow", "dags", "trigger", MAIN_DAG, "-r", run_id, "-c", json.dumps(conf)]
        environment = dict(installation.env)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        if done.returncode and "already exists" not in done.stderr:
            raise CommandFailedError(done.stderr[-500:])

    def ask(client: httpx.Client, number: int) -> str:
        conf = work()
        run_id = f"cli-{conf['capital']}"
        trigger(run_id, conf)
        return run_id

    return ask


def reads() -> dict[str, Asker]:
    """One reader a route."""
    paths = {
        "job list": "/jobs?limit=50",
        "progress": "/progress",
        "screener": "/results?data_source=demo&sort=-score&limit=100",
        "history": "/results/SOAK7/history?data_source=demo",
        "queue": "/queue",
        "health": "/health",
        "watchlist": "/watchlist/soak",
        "record": "/requests?limit=50",
    }
    return {name: _reader(path) for name, path in paths.items()}


def _reader(path: str) -> Asker:
    def read(client: httpx.Client, number: int) -> None:
        client.get(f"{API}{path}").raise_for_status()

    return read


def follow(jobs: Callable[[], str | None]) -> Asker:
    """Follow the events of a job until it has ended; with the stream cut before that, it is no answer."""

    def ask(client: httpx.Client, number: int) -> None:
        job_id = jobs()
        if job_id is None:
            raise NotToldError
        with client.stream("GET", f"{API}/jobs/{quote(job_id, safe='')}/events") as events:
            events.raise_for_status()
            if not any(line.startswith("event: ended") for line in events.iter_lines()):
                raise NotToldError

    return ask
