"""The lists of jobs look for runs that ended before they opened one: few among all requests."""

from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX analysis_requests_ended_runs ON analysis_requests (requested_at)"
        " WHERE disposition = 'refused' AND run_id IS NOT NULL"
    )
