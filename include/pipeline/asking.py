"""What a run asks for, from Airflow's side: who, by which door, with what, and the job that comes of it."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from include.jobs.canonical import Requester, canonicalise
from include.jobs.opening import AskingRun, OpenedJob, open_job, record_refusal
from include.jobs.watched import watched_on
from include.market.sessions import next_completion, resolve_sessions
from include.model.errors import (
    CancelledRunError,
    ClaimCollisionError,
    DuplicateJobError,
    EmptyWatchlistError,
    InvalidRequestError,
    StrategyError,
    TooManyJobsError,
)
from include.model.job import Run
from include.settings import settings
from include.storage.aliases import ticker_aliases
from include.storage.calendars import calendar_overrides
from include.storage.connection import Connection
from include.storage.jobs import clock
from include.storage.requests import Door, door_of_run, promised_tickers
from include.storage.schema import check_schema
from include.storage.watchlist import watchlist_tickers

if TYPE_CHECKING:
    from include.model.request import AnalysisRequest

SCHEDULE = "(schedule)"  # who asks for a run of the timetable
NOBODY = "(unknown)"  # Airflow does not say who asked: dag.test(), or a run that another DAG triggered

REFUSALS = (
    *(InvalidRequestError, StrategyError, DuplicateJobError, TooManyJobsError),
    *(ClaimCollisionError, CancelledRunError),
)

_DOORS = {
    "scheduled": Door.SCHEDULE,
    "backfill": Door.BACKFILL,
    "operator_triggered": Door.OPERATOR,
    "asset_triggered": Door.ASSET,
    "asset_materialization": Door.ASSET,
}


class NothingWatchedError(Exception):
    """A run of the schedule has nothing to do, which is nobody's fault."""


def open_for_run(
    connection: Connection,
    params: Mapping[str, Any],
    dag_run: Any,  # noqa: ANN401
    ti: Any,  # noqa: ANN401
    since: float,
    exchange: str | None = None,
) -> OpenedJob:
    """Open the job that a run asks for with `params`, or join another one's; `since` is when the run began to ask.

    A run of the timetable of an `exchange` asks for its session, and by naming nothing for everybody's watchlists
    there. Raises one of REFUSALS, after recording it, and NothingWatchedError.
    """
    check_schema(connection)
    cleared = dag_run.clear_number or 0
    run = Run(dag_id=dag_run.dag_id, job_id=dag_run.run_id, clear_number=cleared, try_number=ti.try_number)
    name = dag_run.triggering_user_name or (NOBODY if exchange is None else SCHEDULE)
    door = door_of_run(connection, run.job_id, name) or _door_of(dag_run)
    asking = AskingRun(run=run, requested_by=name, door=door, raw=dag_run.conf or {}, since=since)
    requester = Requester(
        name=name,
        trigger=door.trigger,
        watchlist=lambda: watched_on(connection, exchange) if exchange else watchlist_tickers(connection, name),
        aliases=lambda: ticker_aliases(connection),
        promised=lambda: promised_tickers(connection, run.job_id, name, asking.raw),
    )
    request: AnalysisRequest | None = None
    if exchange is not None:
        params = {**params, "as_of": dag_run.logical_date.date()}
    try:
        demand = canonicalise(params, requester)
        request = demand.request
        # The scheduler's clock may be ahead of the database's.
        sessions, until = _sessions(connection, request, dag_run.run_after if exchange else None)
        return open_job(connection, asking, demand, sessions, lambda other: is_over(ti, other), until)
    except REFUSALS as error:
        if exchange and isinstance(error, EmptyWatchlistError):
            raise NothingWatchedError(f"nothing to do: no watchlist has a ticker of {exchange}") from error
        record_refusal(connection, asking, request, str(error))
        raise


def _sessions(
    connection: Connection, request: "AnalysisRequest", not_before: datetime | None
) -> tuple[Mapping[str, date], datetime | None]:
    """What to analyse, and until when (None: for ever) that is what the request asks for; by the database's clock."""
    tickers, source, day = request.tickers, request.data_source, request.as_of
    overrides = calendar_overrides(connection)
    while True:
        now = clock(connection)
        now = max(now, not_before or now)
        sessions = resolve_sessions(tickers, source, day, now, overrides=overrides)
        until = None if day else next_completion(tickers, source, now, overrides=overrides)
        if until is None or until > clock(connection):  # calendars of many exchanges take their time
            return sessions, until


def _door_of(dag_run: Any) -> Door:  # noqa: ANN401
    """The door of a run that no door of ours made. With all HTTP doors ours, a manual one is the command line's."""
    if dag_run.run_type == "manual":
        return Door.CLI if settings().one_door else Door.RUN
    return _DOORS[dag_run.run_type]


def is_over(ti: Any, run: Run) -> bool:  # noqa: ANN401
    """Whether a DAG run has ended or does not exist."""
    count: int = ti.get_dr_count(dag_id=run.dag_id, run_ids=[run.job_id], states=["queued", "running"])
    return count == 0
