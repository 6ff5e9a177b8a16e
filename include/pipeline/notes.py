"""The note of a run, as Airflow's UI shows it: one sentence on what became of the request.

Tasks cannot write a run's note; they leave the sentence as an XCom, and this listener copies it when the run ends.
It works on the scheduler's own session (the API server's, when somebody ends the run by hand) and asks one indexed row.
"""

from typing import TYPE_CHECKING

from airflow.listeners import hookimpl

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

NOTE = "note"  # key of the XCom


@hookimpl
def on_dag_run_success(dag_run: "DagRun", msg: str) -> None:
    """Note what the tasks of a successful run said."""
    _copy_note(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: "DagRun", msg: str) -> None:
    """Note what the tasks of a failed run said."""
    _copy_note(dag_run)


def _copy_note(dag_run: "DagRun") -> None:
    from airflow.models.xcom import XComModel
    from sqlalchemy import select
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    present = dag_run.dag_run_note
    if session is None or (present and present.user_id):
        return  # a person's own words stay
    newest = (
        select(XComModel)
        .where(XComModel.dag_run_id == dag_run.id, XComModel.key == NOTE)
        .order_by(XComModel.timestamp.desc())
        .limit(1)
    )
    said = session.scalar(newest)
    if said:
        dag_run.note = XComModel.deserialize_value(said)
