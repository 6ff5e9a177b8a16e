"""Whether what is asked for now would be done: the database, its schema, the scheduler."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.dagrun import DagRun
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from include.model.errors import SchemaError
from include.model.notifications import Channel
from include.settings import settings
from include.storage.connection import DatabaseAwayError
from include.storage.notifications import waiting
from include.storage.schema import SCHEMA_VERSION, check_schema
from include.web.database import stocks

HOUSEKEEPING_DAG = "stocks_housekeeping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Housekeeping:
    """How the last housekeeping that is over went. It is no part of being ready: jobs end without it."""

    state: str
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What is not ready, and what mends it."""

    field: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """Whether users are told what changed: the ways that an operator has given a connection, and what is under way.

    `messages` are ended jobs that nobody has looked at, `notifications` wait to be sent; a week has `given_up` some.
    """

    ways: tuple[Channel, ...]
    messages: int
    notifications: int
    given_up: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """What was found."""

    schema_version: str
    scheduler_heartbeat: datetime | None
    last_housekeeping: Housekeeping | None
    notifications: Notifications | None
    troubles: tuple[Trouble, ...]


def examine(session: Session) -> Readiness:
    """Look at everything that a job needs."""
    scheduler = SchedulerJobRunner.most_recent_job(session=session)
    trouble = _database()
    troubles = [trouble]
    if scheduler is None or not scheduler.is_alive():
        troubles.append(Trouble(field="scheduler", value="dead", reason="no job begins before it runs: start it"))
    return Readiness(
        schema_version=SCHEMA_VERSION,
        scheduler_heartbeat=scheduler.latest_heartbeat if scheduler else None,
        last_housekeeping=last_housekeeping(session),
        notifications=None if trouble else _notifications(),
        troubles=tuple(trouble for trouble in troubles if trouble),
    )


def _database() -> Trouble | None:
    try:
        with stocks() as database:
            database.run(check_schema)
    except DatabaseAwayError:
        return Trouble(field="database", value="away", reason="start it, or mend Airflow's connection to it")
    except SchemaError as error:
        return Trouble(field="schema", value="wrong", reason=str(error))
    return None


def _notifications() -> Notifications:
    chosen = settings()
    ways = {Channel.EMAIL: chosen.smtp_connection_id, Channel.WEBHOOK: chosen.webhook_connection_id}
    with stocks() as database:
        found = asdict(database.run(waiting))
    return Notifications(ways=tuple(way for way, connection_id in ways.items() if connection_id), **found)


def last_housekeeping(session: Session) -> Housekeeping | None:
    """How the last housekeeping that is over went, None before there was one."""
    found = session.execute(ended_housekeeping(DagRun.state, DagRun.end_date)).first()
    return None if found is None else Housekeeping(state=str(found.state), ended_at=found.end_date)


def ended_housekeeping(*columns: Any) -> Select[Any]:  # noqa: ANN401
    """The statement for the last run that is over."""
    ended = select(*columns).where(DagRun.dag_id == HOUSEKEEPING_DAG, DagRun.end_date.is_not(None))
    return ended.order_by(DagRun.end_date.desc()).limit(1)
