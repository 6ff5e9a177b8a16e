"""The routes that make and end jobs."""

from collections.abc import Mapping
from typing import Annotated, Any

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.datamodels.dag_run import TriggerDAGRunPostBody
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models.dagrun import DagRun
from fastapi import APIRouter, Body, Request, Response, status
from pydantic import BaseModel, Field

from include.jobs.retrying import retry_of
from include.jobs.submission import RunState
from include.model.errors import FieldProblem, InvalidRequestError, UnknownJobError
from include.model.job import JobStatus, Progress
from include.model.reading import JobView
from include.model.viewer import Viewer
from include.storage.connection import Connection
from include.storage.jobs import cancel_job, has_opened, progress
from include.storage.requests import Disposition, Door
from include.storage.viewing import check_visible
from include.web.access import MayAsk, ViewerDep
from include.web.airflow_runs import AirflowRuns, find_run, is_visible, released
from include.web.asking import Answer, Asked, ask
from include.web.database import stocks
from include.web.job_views import answering, standing, view, waiting_job
from include.web.watching import note

router = APIRouter()
Payload = Annotated[Any, Body(description="The fields of a request; the DAG's form explains them.")]


class Accepted(BaseModel):
    """The job that does what was asked for: a new one, or the equal one that is active, and then how far it is."""

    job_id: str
    dag_run_id: str
    status: JobStatus
    disposition: Disposition
    is_duplicate: bool
    tickers: list[str]
    symbols: list[str] = Field(description="the tickers, as older clients call them")
    count: int
    completed: int
    total: int
    capital: float
    thread_started: bool = Field(description="the run exists: always true")
    message: str = Field("", description="in words, when the job is not new")


JOINED = "An equal job is active, or this request was answered before: where that job stands"
ACCEPTS: Mapping[str, Any] = {
    "status_code": status.HTTP_201_CREATED,
    "response_model": Accepted,
    "response_model_exclude_unset": True,
    "responses": {status.HTTP_200_OK: {"model": Accepted, "description": JOINED}},
}


@router.post("/jobs", dependencies=[MayAsk], **ACCEPTS)
@router.post("/analyze", dependencies=[MayAsk], **ACCEPTS)  # as older clients call it
def create_job(
    request: Request, response: Response, user: GetUserDep, session: SessionDep, payload: Payload = None
) -> dict[str, Any]:
    """Ask for an analysis: 201 with a new job, or 200 with the equal one that is active and its progress."""
    return ask_for(request, response, user, session, payload)


@router.post("/analyze-all-stocks", dependencies=[MayAsk], **ACCEPTS)
def analyze_all_stocks(
    request: Request, response: Response, user: GetUserDep, session: SessionDep, payload: Payload = None
) -> dict[str, Any]:
    """Ask for an analysis of `symbols`, all of the source when there are none, as clients of the system before do."""
    fields = dict(_object(payload))
    symbols = fields.pop("symbols", None)
    chosen = {"tickers": symbols} if symbols else {"universe": "sample"}
    return ask_for(request, response, user, session, {**chosen, **fields})


@router.post("/jobs/{job_id}/cancel", dependencies=[MayAsk], response_model=JobView)
def cancel(job_id: str, request: Request, user: GetUserDep, viewer: ViewerDep, session: SessionDep) -> Response:
    """End a job: what is done stays, the rest is cancelled. A job that has ended stays as it is."""
    runs = AirflowRuns(session, user, request, TriggerDAGRunPostBody(logical_date=None))
    name = user.get_name()
    with released(session), stocks() as database:
        wanted, run = answering(session, database, job_id)
        database.run(lambda connection: _check(connection, viewer, wanted, run))
        times_cleared = run.clear_number if run else 0
        reached = database.run(lambda connection: progress(connection, wanted))
        if runs.state(wanted) is RunState.ACTIVE or (reached and reached.status.is_active):
            reason = f"cancelled by {name}"
            database.run(lambda c: cancel_job(c, wanted, reason, actor=name, clear_number=times_cleared))
        if not database.run(lambda connection: _has_done_its_work(connection, wanted, times_cleared)):
            runs.cancel(wanted, f"cancelled: by {name}")
        run = find_run(session, wanted)
        waiting = waiting_job(run) if run else None
        said = database.run(lambda connection: view(connection, standing(connection, viewer, wanted, waiting)))
    return Response(said, media_type="application/json")


@router.post("/jobs/{job_id}/retry-failed", dependencies=[MayAsk], **ACCEPTS)
def retry_failed(
    job_id: str,
    request: Request,
    response: Response,
    user: GetUserDep,
    viewer: ViewerDep,
    session: SessionDep,
) -> dict[str, Any]:
    """Ask for the failed tickers of an ended job again: a new job, or the equal one that is active."""
    with stocks() as database:
        with released(session):
            wanted, _run = answering(session, database, job_id)
        database.run(lambda connection: check_visible(connection, viewer, wanted))
        fields = database.run(lambda connection: retry_of(connection, wanted))
    return ask_for(request, response, user, session, fields)


def _check(connection: Connection, viewer: Viewer, job_id: str, run: DagRun | None) -> None:
    check_visible(connection, viewer, job_id)
    if run and not is_visible(run, viewer) and progress(connection, job_id) is None:
        raise UnknownJobError(job_id)


def _has_done_its_work(connection: Connection, job_id: str, times_cleared: int) -> bool:
    """Whether a job has ended by itself since its run was cleared last: its run is about to, and that is no cancel."""
    reached = progress(connection, job_id)
    is_done = reached is not None and reached.status is not JobStatus.CANCELLED
    return is_done and has_opened(connection, job_id, times_cleared)


def _object(payload: Any) -> Mapping[str, Any]:  # noqa: ANN401
    if not isinstance(payload, Mapping):
        raise InvalidRequestError([FieldProblem("body", payload, "must be a JSON object")])
    return payload


def ask_for(request: Request, response: Response, user: Any, session: Any, payload: Any) -> dict[str, Any]:  # noqa: ANN401
    """Ask for what the fields of `payload` say, as every route does that makes jobs."""
    raw = _object(payload)
    body = TriggerDAGRunPostBody(logical_date=None, conf=dict(raw))
    runs, asked = AirflowRuns(session, user, request, body), Asked(raw=raw, user=user.get_name(), door=Door.API)
    with stocks() as database, released(session):
        answer = database.run(lambda connection: ask(connection, runs, asked))
        is_new = answer.submission.created and not answer.submission.repeated
        # a piece of work of its own: what is tried again must not ask again
        reached = None if is_new else database.run(lambda c: progress(c, answer.submission.run_id))
    note(request, job_id=answer.submission.run_id, disposition=answer.submission.disposition)
    if not answer.submission.created:
        response.status_code = status.HTTP_200_OK
    return _answer(answer, reached)


def _answer(answer: Answer, reached: Progress | None) -> dict[str, Any]:
    wanted, submission = answer.demand.request, answer.submission
    completed = reached.completed if reached else 0
    said = {
        "job_id": submission.run_id,
        "dag_run_id": submission.run_id,
        "status": reached.status if reached else "queued",
        "disposition": submission.disposition,
        "is_duplicate": not submission.created,
        "tickers": list(wanted.tickers),
        "symbols": list(wanted.tickers),
        "count": len(wanted.tickers),
        "completed": completed,
        "total": len(wanted.tickers),
        "capital": wanted.risk.capital,
        "thread_started": True,
    }
    if not submission.created:
        said["message"] = f"an equal job is {said['status']}: {completed} of {len(wanted.tickers)} tickers are done"
    return said
