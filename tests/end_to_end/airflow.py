"""Airflow's REST API as a program uses it; every wait is bounded."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self
from urllib.parse import quote

import httpx

from local.stack import MAIN_DAG, Stack

DAG = f"/api/v2/dags/{MAIN_DAG}"
RUNS = f"{DAG}/dagRuns"
ENDED = ("success", "failed")


def wait_until(is_so: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("it did not come to that")
        time.sleep(0.05)


class Airflow:
    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def __init__(self, installation: Stack, user: str = "admin") -> None:
        headers = {"Authorization": f"Bearer {installation.token(user)}"}
        self.http = httpx.Client(base_url=installation.url, headers=headers, timeout=60, trust_env=False)

    def post(self, **conf: Any) -> httpx.Response:
        return self.http.post(RUNS, json={"logical_date": None, "conf": conf})

    def request(self, **conf: Any) -> str:
        return str(self.post(**conf).raise_for_status().json()["dag_run_id"])

    def run(self, run_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.http.get(f"{RUNS}/{quote(run_id, safe='')}").raise_for_status().json()
        return answer

    def wait(self, run_id: str, seconds: float = 180) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            run = self.run(run_id)
            if run["state"] in ENDED:
                return run
            time.sleep(0.1)
        raise TimeoutError(f"{run_id} did not end: {self.run(run_id)}")

    def mark(self, run_id: str, state: str) -> None:
        answer = self.http.patch(f"{RUNS}/{quote(run_id, safe='')}", json={"state": state})
        answer.raise_for_status()

    def pause(self, is_paused: bool = True) -> None:
        """What is asked for while the DAG is paused stays queued."""
        self.http.patch(DAG, json={"is_paused": is_paused}).raise_for_status()

    @contextmanager
    def paused(self) -> Iterator[None]:
        self.pause()
        try:
            yield
        finally:
            self.pause(False)

    def clear(self, run_id: str) -> None:
        answer = self.http.post(f"{RUNS}/{quote(run_id, safe='')}/clear", json={"dry_run": False})
        answer.raise_for_status()
