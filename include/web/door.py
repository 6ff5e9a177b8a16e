"""Airflow's own way to trigger the DAG, led through our submission: pressing Trigger twice leads to one run.

The middleware changes the path of that one route and nothing else; the route behind it authorises as Airflow does,
submits, and answers in Airflow's own shape.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.common.exceptions import ERROR_HANDLERS
from airflow.api_fastapi.core_api.datamodels.dag_run import DAGRunResponse, TriggerDAGRunPostBody
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.api_fastapi.logging.decorators import action_logging
from airflow.models.dagrun import DagRun
from fastapi import Depends, FastAPI, HTTPException, Request, status
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.types import ASGIApp, Receive, Scope, Send

from include.model.errors import (
    DuplicateJobError,
    InvalidRequestError,
    RunExistsError,
    SchemaError,
    StrategyError,
    TooManyJobsError,
)
from include.storage.connection import DatabaseAwayError
from include.storage.requests import Door
from include.web.access import DAG_ID, MayAsk
from include.web.airflow_runs import AirflowRuns, find_run, released
from include.web.asking import Asked, ask
from include.web.database import stocks
from include.web.errors import AIRFLOWS_DATABASE, DATABASE_AWAY, RETRY_AFTER_SECONDS, WRONG_SCHEMA, WRONG_STRATEGIES
from include.web.faults import report
from include.web.guard import Guard

TRIGGER_PATH = f"/api/v2/dags/{DAG_ID}/dagRuns"
PREFIX = "/api/stocks-door"
ROUTE = "/dags/{dag_id}/dagRuns"  # with the id where Airflow's record of events looks for it
RUN_WAS_DELETED = "the run {0} answered this request and was deleted since; GET /api/stocks/jobs/{0} has its job"


class LeadThroughSubmission:
    """Sends `POST /api/v2/dags/analyze_stocks/dagRuns` to our route, whatever the base path of the server."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with another path if it is that one."""
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith(TRIGGER_PATH):
            path = scope["path"].removesuffix(TRIGGER_PATH) + PREFIX + ROUTE.format(dag_id=DAG_ID)
            scope = {**scope, "path": path, "raw_path": path.encode()}
        await self._app(scope, receive, send)


def create_door() -> FastAPI:
    """The application that the middleware leads to: guarded as ours is, with Airflow's shape for what is refused."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(Guard, answer=_say)
    for handler in ERROR_HANDLERS:
        app.add_exception_handler(handler.exception_cls, handler.exception_handler)
    for error, handle in ANSWERS.items():
        app.add_exception_handler(error, handle)
    app.post(ROUTE, dependencies=[MayAsk, Depends(action_logging("trigger_dag_run"))])(trigger)
    return app


def trigger(
    dag_id: Literal["analyze_stocks"],
    body: TriggerDAGRunPostBody,
    user: GetUserDep,
    session: SessionDep,
    request: Request,
) -> DAGRunResponse:
    """Trigger the DAG: the run that does this work, new or not. A client's own `dag_run_id` is kept."""
    runs = AirflowRuns(session, user, request, body)
    door = Door.UI if request.headers.get("referer") else Door.REST
    asked = Asked(raw=body.conf or {}, user=user.get_name(), door=door, own_id=body.dag_run_id)
    with released(session):
        with stocks() as database:
            answer = database.run(lambda connection: ask(connection, runs, asked))
        run = find_run(session, answer.submission.run_id)
        if run is None:  # the job that answers a repeated request outlives its run
            raise HTTPException(status.HTTP_404_NOT_FOUND, RUN_WAS_DELETED.format(answer.submission.run_id))
        return _in_airflows_shape(run)


def _in_airflows_shape(run: DagRun) -> DAGRunResponse:
    """Raises DatabaseAwayError where a part of the run, which is read only now, could not be read."""
    try:
        return DAGRunResponse.model_validate(run)
    except ValidationError as error:
        if any(one["type"] == "get_attribute_error" for one in error.errors()):
            raise DatabaseAwayError(str(error)) from error
        raise


def _say(status_code: int, message: str) -> JSONResponse:
    """What Airflow's own API says in such a case."""
    return JSONResponse({"detail": message}, status_code=status_code)


def _refusing(status_code: int) -> Callable[[Request, Exception], JSONResponse]:
    return lambda request, error: _say(status_code, str(error))


def _wrong_strategies(request: Request, error: Exception) -> JSONResponse:
    return _say(status.HTTP_500_INTERNAL_SERVER_ERROR, WRONG_STRATEGIES.format(report(error)))


def _wrong_schema(request: Request, error: Exception) -> JSONResponse:
    report(error)
    return _later(WRONG_SCHEMA)


def _database_away(request: Request, error: Exception) -> JSONResponse:
    return _later(DATABASE_AWAY)


def _later(message: str) -> JSONResponse:
    said = _say(status.HTTP_503_SERVICE_UNAVAILABLE, message)
    said.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return said


ANSWERS: Mapping[type[Exception], Callable[[Request, Exception], JSONResponse]] = {
    InvalidRequestError: _refusing(status.HTTP_400_BAD_REQUEST),
    RunExistsError: _refusing(status.HTTP_409_CONFLICT),
    DuplicateJobError: _refusing(status.HTTP_409_CONFLICT),
    TooManyJobsError: _refusing(status.HTTP_429_TOO_MANY_REQUESTS),
    StrategyError: _wrong_strategies,
    SchemaError: _wrong_schema,
    DatabaseAwayError: _database_away,
    **dict.fromkeys(AIRFLOWS_DATABASE, _database_away),
}
