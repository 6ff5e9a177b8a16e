"""Who may do what: Airflow's login and its rights on the runs of the DAG. Every route names one of these."""

from typing import Annotated
from urllib.parse import urlsplit

from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.core_api.security import requires_access_dag
from fastapi import Depends, HTTPException, Request, status

DAG_ID = "analyze_stocks"


def same_origin(request: Request) -> None:
    """Refuse what another site made a signed-in browser send: Airflow's cookie has no token against it."""
    origin = request.headers.get("origin")
    by_cookie = "authorization" not in request.headers
    if by_cookie and origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "a request with a cookie must come from this site")


MayRead = Depends(requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id=DAG_ID))
MayAsk = Depends(requires_access_dag("POST", DagAccessEntity.RUN, param_dag_id=DAG_ID))
SameOrigin = Annotated[None, Depends(same_origin)]
