"""
### The same graph with empty bodies

What Airflow alone costs: the tasks of `analyze_stocks` in their order, doing nothing. `make bench` compares with it.
"""

from typing import Any

from airflow.sdk import dag, task


@dag(schedule=None, params={"batches": 1}, doc_md=__doc__, tags=["benchmark"], max_active_tasks=64)
def empty_graph() -> None:
    """Wire three empty tasks."""

    @task
    def open_job(params: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return [{"number": number} for number in range((params or {})["batches"])]

    @task
    def analyze(batch: dict[str, Any]) -> None:
        pass

    @task(trigger_rule="all_done", multiple_outputs=False)
    def finalize_job() -> dict[str, Any]:
        return {}

    analyze.expand(batch=open_job()) >> finalize_job()


empty_graph()
