"""The routes of jobs: ask for one, and see where one stands."""

from collections.abc import Mapping
from typing import Annotated, Any

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.datamodels.dag_run import TriggerDAGRunPostBody
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.models.dagrun import DagRun
from fastapi import APIRouter, Body, HTTPException, Request, Response, status

from include.model.errors import FieldProblem, InvalidRequestError
from include.model.job import Progress
from include.pipeline.database import stocks_database
from include.storage.jobs import progress, progress_document
from include.storage.requests import Door
from include.web.access import MayAsk, MayRead, SameOrigin
from include.web.airflow_runs import AirflowRuns, find_run, joined_job, released
from include.web.asking import Answer, ask

router = APIRouter()
Payload = Annotated[Any, Body(description="The fields of a request; the DAG's form explains them.")]


@router.post("/jobs", dependencies=[MayAsk], status_code=status.HTTP_201_CREATED)
def create_job(
    request: Request, response: Response, user: GetUserDep, session: SessionDep, _: SameOrigin, payload: Payload = None
) -> dict[str, Any]:
    """Ask for an analysis: 201 with a new job, or 200 with the equal one that is active and its progress."""
    return _ask(request, response, user, session, payload)


@router.post("/analyze", dependencies=[MayAsk], status_code=status.HTTP_201_CREATED)
def analyze(
    request: Request, response: Response, user: GetUserDep, session: SessionDep, _: SameOrigin, payload: Payload = None
) -> dict[str, Any]:
    """Ask for an analysis of `tickers`, as clients of the system before this one do."""
    return _ask(request, response, user, session, payload)


@router.post("/analyze-all-stocks", dependencies=[MayAsk], status_code=status.HTTP_201_CREATED)
def analyze_all_stocks(
    request: Request, response: Response, user: GetUserDep, session: SessionDep, _: SameOrigin, payload: Payload = None
) -> dict[str, Any]:
    """Ask for an analysis of `symbols`, all of the source when there are none, as clients of the system before do."""
    fields = dict(_object(payload))
    symbols = fields.pop("symbols", None)
    chosen = {"tickers": symbols} if symbols else {"universe": "sample"}
    return _ask(request, response, user, session, {**chosen, **fields})


@router.get("/jobs/{job_id}", dependencies=[MayRead])
def read_job(job_id: str, session: SessionDep) -> dict[str, Any]:
    """Where a job stands. A run that joined another one's job shows that job."""
    with released(session):
        run = find_run(session, job_id)
        wanted = (joined_job(session, run) if run else None) or job_id
        waiting = _waiting(run) if run else None
    with stocks_database() as connection:
        reached = progress(connection, wanted)
    if reached is not None:
        return _document(reached)
    if waiting is None:
        raise HTTPException(status.HTTP_404_NOT_FOUND, f"there is no job {job_id}")
    return waiting


def _object(payload: Any) -> Mapping[str, Any]:  # noqa: ANN401
    if not isinstance(payload, Mapping):
        raise InvalidRequestError([FieldProblem("body", payload, "must be a JSON object")])
    return payload


def _ask(request: Request, response: Response, user: Any, session: Any, payload: Any) -> dict[str, Any]:  # noqa: ANN401
    raw = _object(payload)
    body = TriggerDAGRunPostBody(logical_date=None, conf=dict(raw))
    with stocks_database() as connection, released(session):
        answer = ask(connection, AirflowRuns(session, user, request, body), raw, user.get_name(), Door.API)
        reached = None if answer.submission.created else progress(connection, answer.submission.run_id)
    if not answer.submission.created:
        response.status_code = status.HTTP_200_OK
    return _answer(answer, reached)


def _answer(answer: Answer, reached: Progress | None) -> dict[str, Any]:
    wanted, run_id = answer.demand.request, answer.submission.run_id
    common = {
        "job_id": run_id,
        "dag_run_id": run_id,
        "tickers": list(wanted.tickers),
        "symbols": list(wanted.tickers),
        "count": len(wanted.tickers),
        "total": len(wanted.tickers),
        "capital": wanted.risk.capital,
        "thread_started": True,
    }
    if answer.submission.created:
        return {**common, "status": "queued", "disposition": "created", "is_duplicate": False, "completed": 0}
    completed = reached.completed if reached else 0
    return {
        **common,
        "status": reached.status if reached else "queued",
        "disposition": "joined",
        "is_duplicate": True,
        "completed": completed,
        "message": f"an equal job is active: {completed} of {len(wanted.tickers)} tickers are done",
    }


def _document(reached: Progress) -> dict[str, Any]:
    done = reached.total - reached.pending
    return {**progress_document(reached), "progress_percent": round(100 * done / reached.total, 1)}


def _waiting(run: DagRun) -> dict[str, Any]:
    """A run whose first task has not opened its job: queued, or failed with the reason in its note."""
    ended = run.end_date is not None
    created = run.queued_at or run.run_after
    return {
        "job_id": run.run_id,
        "status": "failed" if ended else "queued",
        "status_reason": (run.note or "it ended before its job was opened") if ended else None,
        "total": 0,
        "completed": 0,
        "reused": 0,
        "failed": 0,
        "cancelled": 0,
        "pending": 0,
        "progress_percent": 0.0,
        "created_at": created.isoformat() if created else None,
        "started_at": None,
        "completed_at": run.end_date.isoformat() if run.end_date else None,
    }
