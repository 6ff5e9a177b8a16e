"""The note of a run, as Airflow's UI shows it: one sentence on what became of the request.

Tasks cannot write a run's note; they leave the sentence as an XCom, and the listener copies it when the run ends, on
the session that ends it. A note that a person wrote stays.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun

NOTE = "note"  # key of the XCom
MOST_CHARACTERS = 1000  # Airflow's column has no more; a longer text would end the scheduler at its next flush
CUT = " ... (the log of open_job has the rest)"


def fit(text: str) -> str:
    """A text as a note can hold it: short enough, and nothing in it that PostgreSQL refuses."""
    printable = "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)
    return printable if len(printable) <= MOST_CHARACTERS else printable[: MOST_CHARACTERS - len(CUT)] + CUT


def copy_note(dag_run: "DagRun") -> None:
    """Give a run the newest sentence that its tasks left; one indexed row is asked for."""
    from airflow.models.xcom import XComModel
    from sqlalchemy import select
    from sqlalchemy.orm import object_session

    session = object_session(dag_run)
    if session is None:
        return
    newest = (
        select(XComModel)
        .where(XComModel.dag_run_id == dag_run.id, XComModel.key == NOTE)
        .order_by(XComModel.timestamp.desc())
        .limit(1)
    )
    said = session.scalar(newest)
    if said:
        write_note(dag_run, XComModel.deserialize_value(said))


def write_note(dag_run: "DagRun", text: str) -> None:
    """Write a run's note unless a person has."""
    present = dag_run.dag_run_note
    if not (present and present.user_id):
        dag_run.note = fit(text)
