"""Whose jobs somebody may see: a rule of the statements themselves, so that no answer has to be looked over."""

from typing import Any

from include.model.errors import UnknownJobError
from include.model.viewer import Viewer
from include.storage.connection import Connection, queries


def as_seen_by(viewer: Viewer) -> dict[str, Any]:
    """The parameters of every statement that holds to the rule."""
    return {"viewer": viewer.name, "sees_all": viewer.sees_all}


def check_visible(connection: Connection, viewer: Viewer, job_id: str) -> None:
    """Raise UnknownJobError for a job that is not for this viewer, as if there were none."""
    if queries().is_hidden(connection, job_id=job_id, **as_seen_by(viewer)):
        raise UnknownJobError(job_id)
