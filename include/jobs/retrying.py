"""A new request for what an earlier job could not do."""

from typing import Any

from include.model.errors import NothingToRetryError, UnknownJobError
from include.model.request import AnalysisRequest
from include.storage.connection import Connection
from include.storage.jobs import failed_part, progress


def retry_of(connection: Connection, job_id: str) -> dict[str, Any]:
    """The fields of a request for only the failed tickers of an ended job, otherwise as that job was asked for.

    Raises UnknownJobError, and NothingToRetryError when the job is active or no ticker of it has failed.
    """
    found, reached = failed_part(connection, job_id), progress(connection, job_id)
    if found is None or reached is None:
        raise UnknownJobError(job_id)
    if reached.status.is_active:
        raise NothingToRetryError(f"job {job_id} is {reached.status}: wait until it has ended, or cancel it")
    request, failed = found
    if not failed:
        raise NothingToRetryError(f"no ticker of job {job_id} has failed")
    return {"tickers": failed, **_fields(request)}


def _fields(request: AnalysisRequest) -> dict[str, Any]:
    risk = request.risk
    fields = {
        "strategy": request.strategy,
        "data_source": request.data_source.value,
        "capital": risk.capital,
        "risk_percent": risk.risk_percent,
        "position_limit_percent": risk.position_limit_percent,
        "min_risk_reward": risk.min_risk_reward,
        "as_of": request.as_of.isoformat() if request.as_of else None,
    }
    return {name: value for name, value in fields.items() if value is not None}
