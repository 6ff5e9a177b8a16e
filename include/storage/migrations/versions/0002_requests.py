"""Every request is recorded: also those that joined a job, and those that were refused."""

from alembic import op

revision = "0002"
down_revision = "0001"

REQUESTS = """
CREATE TABLE analysis_requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    requested_by text NOT NULL CHECK (requested_by <> ''),
    door text NOT NULL CHECK (door IN ('ui', 'rest', 'api', 'run')),
    raw jsonb NOT NULL,
    request jsonb CHECK (jsonb_typeof(request) = 'object'),
    disposition text NOT NULL CHECK (disposition IN ('created', 'joined', 'refused')),
    job_id text,
    reason text,
    latency_ms double precision NOT NULL CHECK (latency_ms >= 0),
    CONSTRAINT analysis_requests_refused_has_reason CHECK ((disposition = 'refused') = (reason IS NOT NULL)),
    CONSTRAINT analysis_requests_accepted_has_job CHECK ((disposition = 'refused') = (job_id IS NULL))
);
CREATE INDEX analysis_requests_job ON analysis_requests (job_id);
CREATE INDEX analysis_requests_by ON analysis_requests (requested_by, requested_at);
"""


def upgrade() -> None:
    op.execute(REQUESTS)
