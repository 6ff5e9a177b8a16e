"""What is looked at while a job is spread over workers: its tasks, and what waits for a worker in Redis."""

from typing import Any
from urllib.parse import quote

import redis

from local.stack import MAIN_DAG, Stack
from tests.end_to_end.airflow import RUNS, Airflow

QUEUE = "default"  # Airflow's [operators] default_queue, by Celery a list in Redis
SENT_AGAIN = "stuck in queued reschedule"  # Airflow's word in its log for a task that it gives to the executor anew


def tasks_of(installation: Stack, run_id: str) -> list[dict[str, Any]]:
    with Airflow(installation) as airflow:
        found = airflow.http.get(f"{RUNS}/{quote(run_id, safe='')}/taskInstances?limit=500").raise_for_status()
    tasks: list[dict[str, Any]] = found.json()["task_instances"]
    return tasks


def places_of(installation: Stack, run_id: str) -> set[tuple[str, str]]:
    return {(task["hostname"], task["state"]) for task in tasks_of(installation, run_id)}


def batches_in(installation: Stack, run_id: str, *states: str) -> set[int]:
    """The batches of a job whose tasks are in one of these states."""
    tasks = (task for task in tasks_of(installation, run_id) if task["task_id"] == "analyze")
    return {task["map_index"] for task in tasks if task["state"] in states}


def tries_of(installation: Stack, run_id: str) -> set[int]:
    return {task["try_number"] for task in tasks_of(installation, run_id)}


def waiting_in_redis(installation: Stack) -> int:
    """How many tasks are in Redis that no worker has taken."""
    with redis.Redis.from_url(broker(installation)) as client:
        return int(client.llen(QUEUE))


def broker(installation: Stack) -> str:
    return installation.env["AIRFLOW__CELERY__BROKER_URL"]


def sent_again(installation: Stack, run_id: str) -> set[int]:
    """The batches that Airflow took for lost."""
    asked = {"dag_id": MAIN_DAG, "run_id": run_id, "event": SENT_AGAIN, "limit": 500}
    with Airflow(installation) as airflow:
        found = airflow.http.get("/api/v2/eventLogs", params=asked).raise_for_status()
    return {event["map_index"] for event in found.json()["event_logs"]}
