"""The few calls of Airflow's REST API that `make` needs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

import httpx

from local.errors import LocalError

COMPONENTS = {"metadatabase": "postgres", "scheduler": "scheduler", "dag_processor": "dag-processor"}
FIRST_EXECUTION_CALL_SECONDS = 60.0
LOG_LINES = 15


def _client(url: str, token: str | None = None, timeout: float = 30.0) -> httpx.Client:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return httpx.Client(base_url=url, headers=headers, timeout=timeout, trust_env=False)


def unhealthy(url: str) -> list[str]:
    """The processes that are not healthy yet, by their names here; the API server when it does not answer."""
    try:
        with _client(url, timeout=5) as client:
            health = client.get("/api/v2/monitor/health").raise_for_status().json()
    except (httpx.HTTPError, ValueError):
        return ["api-server"]
    return [name for key, name in COMPONENTS.items() if health.get(key, {}).get("status") != "healthy"]


def warm(url: str) -> None:
    """Have the API server build the part that tasks talk to; else the first task waits six seconds for it."""
    with _client(url, timeout=FIRST_EXECUTION_CALL_SECONDS) as client:
        client.get("/execution/health").raise_for_status()


def log_in(url: str, user: str, password: str) -> str:
    """A token for a user.

    Raises:
        LocalError: Airflow refused the user or the password.
    """
    with _client(url) as client:
        answer = client.post("/auth/token", json={"username": user, "password": password})
    if answer.status_code != httpx.codes.CREATED:
        raise LocalError(f"Airflow refused the login of {user} ({answer.status_code}); `make down`, then `make up`")
    return str(answer.json()["access_token"])


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTask:
    """A task of a run that failed, with the end of its log."""

    name: str
    log: str


@dataclass(frozen=True, slots=True)
class AirflowApi:
    """Airflow at `url`, for the user whose token this is."""

    url: str
    token: str

    def _call(self, method: str, path: str, **arguments: Any) -> Any:  # noqa: ANN401
        with _client(self.url, self.token) as client:
            answer = client.request(method, path, **arguments)
        if answer.is_error:
            raise LocalError(f"Airflow answered {answer.status_code} to {method} {path}: {_detail(answer)}")
        return answer.json()

    def dag_read_at(self, dag_id: str) -> datetime | None:
        """When the DAG processor last read this DAG, None when it has not."""
        with _client(self.url, self.token) as client:
            answer = client.get(f"/api/v2/dags/{quote(dag_id)}")
        read = answer.json().get("last_parsed_time") if answer.is_success else None
        return None if read is None else datetime.fromisoformat(read)

    def import_errors(self) -> list[str]:
        """Why DAG files could not be read."""
        found = self._call("GET", "/api/v2/importErrors")["import_errors"]
        return [f"{error['filename']}:\n{error['stack_trace'].strip()}" for error in found]

    def trigger(self, dag_id: str, conf: dict[str, Any]) -> str:
        """Request a run; returns its id."""
        body = {"logical_date": None, "conf": conf}
        return str(self._call("POST", f"/api/v2/dags/{quote(dag_id)}/dagRuns", json=body)["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Airflow's word for where a run stands: queued, running, success, failed."""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}"
        return str(self._call("GET", path)["state"])

    def xcom(self, dag_id: str, run_id: str, task_id: str, key: str) -> str | None:
        """What a task of a run handed on under a key, None when there is nothing."""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}/taskInstances/{quote(task_id)}"
        with _client(self.url, self.token) as client:
            answer = client.get(f"{path}/xcomEntries/{quote(key)}")
        return str(answer.json()["value"]) if answer.is_success else None

    def failed_task(self, dag_id: str, run_id: str) -> FailedTask | None:
        """The task of a run that failed first: later ones failed because of it."""
        path = f"/api/v2/dags/{quote(dag_id)}/dagRuns/{quote(run_id, safe='')}/taskInstances"
        failed = self._call("GET", path, params={"state": "failed"})["task_instances"]
        if not failed:
            return None
        task = min(failed, key=lambda each: each["end_date"] or "")
        log = self._call(
            "GET",
            f"{path}/{quote(task['task_id'], safe='')}/logs/{task['try_number']}",
            params={"map_index": task["map_index"], "full_content": True},
            headers={"Accept": "application/json"},
        )
        lines = [_log_line(entry) for entry in log["content"]]
        told = [line for line in lines if not line.startswith("::")]
        return FailedTask(name=task["task_id"], log="\n".join(told[-LOG_LINES:]))


def _detail(answer: httpx.Response) -> str:
    """The first line of why a request was refused."""
    try:
        said = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        said = answer.text
    return str(said).split("\n", maxsplit=1)[0][:500]


def _log_line(entry: dict[str, Any] | str) -> str:
    if isinstance(entry, str):
        return entry
    errors = [f"{e.get('exc_type')}: {e.get('exc_value')}" for e in entry.get("error_detail") or []]
    return " ".join([str(entry.get("event", "")), *errors])
