"""Who may do what: Airflow's login and its rights on the runs of the DAG. Every route names one of these."""

from dataclasses import dataclass
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import ConnectionDetails, DagAccessEntity, DagDetails
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from fastapi import Depends, HTTPException, status

from include.model.viewer import Viewer
from include.settings import settings

DAG_ID = "analyze_stocks"


MayRead = Depends(requires_access_dag("GET", DagAccessEntity.RUN, param_dag_id=DAG_ID))
MayAsk = Depends(requires_access_dag("POST", DagAccessEntity.RUN, param_dag_id=DAG_ID))


def may_delete(user: GetUserDep) -> None:
    """Let only administrators remove what others rely on."""
    if not _is_administrator(user):
        raise HTTPException(status.HTTP_403_FORBIDDEN, "only administrators remove jobs")


def _is_administrator(user: BaseUser) -> bool:
    """Whether the user manages users. Airflow itself has no such right, and gives operators every right that it has.

    The simple auth manager would say yes for everybody: with it, the role is looked at.
    """
    if isinstance(user, SimpleAuthManagerUser):
        return (user.role or "").lower() == "admin"
    return get_auth_manager().is_authorized_custom_view(method="DELETE", resource_name="Users", user=user)


MayDelete = Depends(may_delete)


def viewer_of(user: GetUserDep) -> Viewer:
    """The user as a reader: who may look up the way into our database sees all that is in it.

    That right, to read the connection, is an operator's with every auth manager. The others that could be asked for are
    plain users' too: to read the configuration with the simple auth manager, to delete runs with FAB.
    """
    connection = ConnectionDetails(conn_id=settings().connection_id)
    sees_all = get_auth_manager().is_authorized_connection(method="GET", details=connection, user=user)
    return Viewer(name=user.get_name(), sees_all=sees_all)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a page offers to somebody; whether it is done is for the route to say."""

    may_ask: bool
    may_delete: bool


def rights_of(user: BaseUser) -> Rights:
    """What the user may do beside reading."""
    may_ask = get_auth_manager().is_authorized_dag(
        method="POST", access_entity=DagAccessEntity.RUN, details=DagDetails(id=DAG_ID), user=user
    )
    return Rights(may_ask=may_ask, may_delete=_is_administrator(user))


ViewerDep = Annotated[Viewer, Depends(viewer_of)]
