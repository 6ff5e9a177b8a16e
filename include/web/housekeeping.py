"""What the last housekeeping did, as its run in Airflow's own database says."""

from airflow.models.dagrun import DagRun
from airflow.models.xcom import XComModel
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from include.jobs.housekeeping import Report
from include.web.readiness import ended_housekeeping

TASK, RESULT = "keep_house", "return_value"

_REPORT = TypeAdapter(Report)


def last_report(session: Session) -> tuple[str | None, Report | None]:
    """The note of the last run that is over, and its report: None where it broke before it had one."""
    run = session.scalar(ended_housekeeping(DagRun))
    if run is None:
        return None, None
    wanted = (XComModel.dag_run_id == run.id, XComModel.task_id == TASK, XComModel.key == RESULT)
    said = session.scalar(select(XComModel).where(*wanted))
    return run.note, None if said is None else _report(XComModel.deserialize_value(said))


def _report(document: object) -> Report | None:
    try:
        return _REPORT.validate_python(document)
    except ValidationError:  # of another version of ours: the next housekeeping is minutes away
        return None
