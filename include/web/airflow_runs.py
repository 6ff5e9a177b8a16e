"""The runs of the DAG, in Airflow's own database: found, and made by Airflow's own code with all its checks."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.api_fastapi.core_api.datamodels.dag_run import DAGRunPatchBody, TriggerDAGRunPostBody
from airflow.api_fastapi.core_api.routes.public.dag_run import patch_dag_run, trigger_dag_run
from airflow.models.dagbag import DBDagBag
from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from airflow.utils.types import DagRunType
from fastapi import HTTPException, status
from sqlalchemy import literal, or_, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import defer
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from include.jobs.submission import RunState
from include.model.viewer import Viewer
from include.pipeline.job_dags import JOB_DAGS, JOINED, TIMED
from include.pipeline.notes import write_note
from include.settings import settings
from include.web.access import DAG_ID

if TYPE_CHECKING:
    from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
    from fastapi import Request
    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

ACTIVE = ("queued", "running")
LOGICAL_DATE_IS_TAKEN = "another run has this logical_date: leave it out, as nothing uses it, or choose another"
COLLISIONS = Retrying(
    retry=retry_if_exception_type(DBAPIError),
    wait=wait_random_exponential(multiplier=0.1, max=1),
    stop=stop_after_attempt(5),
    reraise=True,
)
_dag_bag = DBDagBag()


class AirflowRuns:
    """What `submit` needs of Airflow, for one HTTP request. `body` is what the run is made from, but for its id."""

    def __init__(self, session: "Session", user: "BaseUser", request: "Request", body: TriggerDAGRunPostBody) -> None:
        self._session, self._user, self._request, self._body = session, user, request, body

    def state(self, run_id: str) -> RunState | None:
        """The state of a run, None when there is no such run."""
        found = self._session.scalar(select(DagRun.state).where(DagRun.dag_id == DAG_ID, DagRun.run_id == run_id))
        if found is None:
            return None
        return RunState.ACTIVE if str(found) in ACTIVE else RunState.ENDED

    def is_equal(self, run_id: str) -> bool:
        """Whether a run was made by the same user from the same conf."""
        wanted = select(DagRun.conf, DagRun.triggering_user_name)
        found = self._session.execute(wanted.where(DagRun.dag_id == DAG_ID, DagRun.run_id == run_id)).one()
        return (found.conf or {}, found.triggering_user_name) == (self._body.conf or {}, self._user.get_name())

    def under_way(self) -> list[str]:
        """The runs that the user has asked for in person and that have not ended, the oldest first."""
        mine = (DagRun.triggering_user_name == self._user.get_name(), DagRun.run_type == DagRunType.MANUAL)
        active = select(DagRun.run_id).where(DagRun.dag_id == DAG_ID, DagRun.state.in_(ACTIVE), *mine)
        return list(self._session.scalars(active.order_by(DagRun.id)))

    def create(self, run_id: str) -> bool:
        """Make a run that nobody sees before it is kept. False when there is one of that id already.

        Raises what Airflow's own trigger raises, also when it is the logical date that another run has.
        """
        body = self._body.model_copy(update={"dag_run_id": run_id})
        try:
            with self._session.begin_nested():
                trigger_dag_run(DAG_ID, body, _dag_bag, self._user, self._session, self._request)
                self._session.flush()
        except IntegrityError as error:
            if self.state(run_id) is None:
                raise HTTPException(status.HTTP_409_CONFLICT, LOGICAL_DATE_IS_TAKEN) from error
            return False
        return True

    def keep(self) -> None:
        """Commit what was made: who is told of it can see it."""
        self._session.commit()

    def drop(self) -> None:
        """Undo what was made."""
        self._session.rollback()

    def cancel(self, run_id: str, note: str) -> None:
        """Mark a run failed, which ends its tasks; one that is over stays as it is.

        The scheduler works on the same rows: what collides is tried again. Where that does not help, the run goes on
        until its tasks see that the job is over.
        """
        try:
            COLLISIONS(self._cancel, run_id, note)
        except DBAPIError:
            self._session.rollback()
            log.exception("the run %s was not marked failed; its tasks will find its job ended", run_id)

    def _cancel(self, run_id: str, note: str) -> None:
        self._session.rollback()
        # The run first, then its tasks: the order in which the scheduler locks them.
        locked = _named(run_id).with_for_update(of=DagRun)
        run = self._session.scalar(locked.execution_options(populate_existing=True))
        if run is None or str(run.state) not in ACTIVE:
            return
        body = DAGRunPatchBody.model_validate({"state": "failed"})
        patch_dag_run(run.dag_id, run_id, body, self._session, _dag_bag, self._user, update_mask=None)
        write_note(run, note)
        self._session.commit()


@contextmanager
def released(session: "Session") -> Iterator[None]:
    """Give the connection back to Airflow's pool when the block ends.

    FastAPI closes a session in a thread of its own, and there is none while all threads wait for a connection.
    """
    try:
        yield
    except BaseException:
        session.rollback()
        raise
    session.commit()


def find_run(session: "Session", run_id: str) -> DagRun | None:
    """A run that has a job or will, None when there is none; its conf is read when asked for, as it may be large."""
    found: DagRun | None = session.scalar(_named(run_id).options(defer(DagRun.conf)))
    return found


def _named(run_id: str) -> "Select[Any]":
    """The run of this name, the one of the DAG before those of the timetables."""
    found = select(DagRun).where(DagRun.dag_id.in_(JOB_DAGS), DagRun.run_id == run_id)
    return found.order_by(DagRun.dag_id != DAG_ID).limit(1)


def is_visible(run: DagRun, viewer: Viewer) -> bool:
    """Whether somebody may see a run that has no job yet: as it will be with its job."""
    mine = run.triggering_user_name in (None, viewer.name)
    return mine or run.run_type in TIMED or viewer.sees_all or settings().job_scope == "shared"


def visible_to(viewer: Viewer) -> "ColumnElement[bool]":
    """The same of all runs, for Airflow's database."""
    by = DagRun.triggering_user_name
    everything = viewer.sees_all or settings().job_scope == "shared"
    return or_(literal(everything), by.is_(None), by == viewer.name, DagRun.run_type.in_(TIMED))


def joined_job(session: "Session", run: DagRun) -> str | None:
    """The job that this run joined, None when it has its own or none."""
    said = session.scalar(select(XComModel).where(XComModel.dag_run_id == run.id, XComModel.key == JOINED))
    return None if said is None else str(XComModel.deserialize_value(said))
