"""Which try of a run's first task opened its job: an older one that wakes late must not open it again."""

from alembic import op

revision = "0007"
down_revision = "0006"

FIRST_TASK = """
ALTER TABLE analysis_jobs
    -- how often the run had been cleared, and which try of its first task it was
    ADD COLUMN clear_number integer NOT NULL DEFAULT 0 CHECK (clear_number >= 0),
    ADD COLUMN try_number integer NOT NULL DEFAULT 0 CHECK (try_number >= 0);
"""


def upgrade() -> None:
    op.execute(FIRST_TASK)
