"""Who may do what: Airflow's login and its rights on the runs of the DAG. Every route names one of these."""

from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails, DagAccessEntity
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, HTTPException, status

from include.model.viewer import Viewer
from include.settings import settings

DAG_ID = "analyze_stocks"


MayRead = Depends(requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id=DAG_ID))
MayAsk = Depends(requires_access_dag("POST", DagAccessEntity.RUN, param_dag_id=DAG_ID))


def may_delete(user: GetUserDep) -> None:
    """Let only administrators remove what others rely on.

    Airflow has no right of that name: who may take the database's connection away is one, with every auth manager. The
    right to delete runs, which a plain user has too, is not enough.
    """
    connection = ConnectionDetails(conn_id=settings().connection_id)
    if not get_auth_manager().is_authorized_connection(method="DELETE", details=connection, user=user):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "only administrators remove jobs")


MayDelete = Depends(may_delete)


def viewer_of(user: GetUserDep) -> Viewer:
    """The user as a reader: who may look up the way into our database sees all that is in it.

    That right, to read the connection, is an operator's with every auth manager. The others that could be asked for are
    plain users' too: to read the configuration with the simple auth manager, to delete runs with FAB.
    """
    connection = ConnectionDetails(conn_id=settings().connection_id)
    sees_all = get_auth_manager().is_authorized_connection(method="GET", details=connection, user=user)
    return Viewer(name=user.get_name(), sees_all=sees_all)


ViewerDep = Annotated[Viewer, Depends(viewer_of)]
