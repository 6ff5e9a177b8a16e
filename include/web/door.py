"""Airflow's own way to trigger the DAG, led through our submission: pressing Trigger twice leads to one run.

The middleware changes the path of that one route and nothing else; the route behind it authorises as Airflow does,
submits, and answers in Airflow's own shape.
"""

from typing import Literal

from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.common.exceptions import ERROR_HANDLERS
from airflow.api_fastapi.core_api.datamodels.dag_run import DAGRunResponse, TriggerDAGRunPostBody
from airflow.api_fastapi.core_api.security import GetUserDep
from airflow.api_fastapi.logging.decorators import action_logging
from fastapi import Depends, FastAPI, HTTPException, Request, status
from starlette.types import ASGIApp, Receive, Scope, Send

from include.model.errors import DuplicateJobError, InvalidRequestError, RunExistsError, TooManyJobsError
from include.storage.connection import DatabaseAwayError
from include.storage.requests import Door
from include.web.access import DAG_ID, MayAsk
from include.web.airflow_runs import AirflowRuns, find_run, released
from include.web.asking import Asked, ask
from include.web.database import stocks
from include.web.errors import DATABASE_AWAY, RETRY_AFTER_SECONDS

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
    """The application that the middleware leads to."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    for handler in ERROR_HANDLERS:
        app.add_exception_handler(handler.exception_cls, handler.exception_handler)
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
        try:
            with stocks() as database:
                answer = database.run(lambda connection: ask(connection, runs, asked))
        except InvalidRequestError as error:
            raise HTTPException(status.HTTP_400_BAD_REQUEST, str(error)) from error
        except (RunExistsError, DuplicateJobError) as error:
            raise HTTPException(status.HTTP_409_CONFLICT, str(error)) from error
        except TooManyJobsError as error:
            raise HTTPException(status.HTTP_429_TOO_MANY_REQUESTS, str(error)) from error
        except DatabaseAwayError as error:
            raise HTTPException(
                status.HTTP_503_SERVICE_UNAVAILABLE, DATABASE_AWAY, headers={"Retry-After": RETRY_AFTER_SECONDS}
            ) from error
        run = find_run(session, answer.submission.run_id)
        if run is None:  # the job that answers a repeated request outlives its run
            raise HTTPException(status.HTTP_404_NOT_FOUND, RUN_WAS_DELETED.format(answer.submission.run_id))
        return DAGRunResponse.model_validate(run)
