"""The DAGs that run jobs, by name, what their runs say, and what those with a timetable have of their own."""

from datetime import timedelta
from typing import Any
from zlib import crc32

from include.settings import settings

MAIN = "analyze_stocks"
JOINED = "joined"  # XCom of a run's first task: the job that does its work
TIMED: Any = ("scheduled", "backfill")  # the kinds of runs that a timetable makes


def daily_exchanges() -> tuple[str, ...]:
    """The exchanges that have a daily DAG, by the setting."""
    names = (name.strip() for name in settings().daily_exchanges.split(","))
    return tuple(dict.fromkeys(name for name in names if name))


def daily_dag_id(exchange: str) -> str:
    """The DAG that analyses the watchlists after each session."""
    return f"stocks_daily_{exchange.lower()}"


def history_dag_id(exchange: str) -> str:
    """The DAG that analyses sessions of the past, by backfills."""
    return f"stocks_history_{exchange.lower()}"


def close_delay(dag_id: str) -> timedelta:
    """How long after a close the runs of a DAG are made: when the bar is final, and some microseconds of its own.

    Airflow names the run of a backfill by this moment alone. With the same one, the runs of two DAGs would have the
    same id, and so their jobs.
    """
    own = crc32(dag_id.encode()) % 1_000_000
    return timedelta(minutes=settings().close_delay_minutes, microseconds=own)


JOB_DAGS = frozenset(
    {MAIN, *(name(exchange) for exchange in daily_exchanges() for name in (daily_dag_id, history_dag_id))}
)
