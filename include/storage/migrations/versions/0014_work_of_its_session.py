"""Work on the last session is claimed until there is another one."""

from alembic import op

revision = "0014"
down_revision = "0013"

# A job that was asked for without a day works on the sessions that were the last ones when it opened. Who asks for the
# same after the next close asks for other work.
CURRENT_UNTIL = """
ALTER TABLE analysis_jobs ADD COLUMN current_until timestamptz; -- NULL: for ever
DROP INDEX IF EXISTS analysis_jobs_one_active;
CREATE UNIQUE INDEX analysis_jobs_one_active ON analysis_jobs (claim_key, current_until) NULLS NOT DISTINCT
    WHERE status IN ('queued', 'processing') AND NOT force;
"""


def upgrade() -> None:
    op.execute(CURRENT_UNTIL)
