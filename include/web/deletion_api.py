"""The route that removes a job for good."""

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, status

from include.storage.deletion import delete_job
from include.web.access import MayDelete
from include.web.database import stocks

router = APIRouter(tags=["jobs"])


@router.delete("/jobs/{job_id}", dependencies=[MayDelete], status_code=status.HTTP_204_NO_CONTENT)
def delete(job_id: str, user: GetUserDep) -> None:
    """Remove an ended job, its details and the results that it alone wrote. Its run stays in Airflow."""
    with stocks() as database:
        database.run(lambda connection: delete_job(connection, job_id, user.get_name()))
