"""Which run a request made, keys of repeated requests, the outbox, and who acted on a job."""

from alembic import op

revision = "0003"
down_revision = "0002"

REQUESTS = """
ALTER TABLE analysis_requests
    ADD COLUMN run_id text, -- the run that was made for the request, also when it joined another run's job
    ADD COLUMN request_id text,
    DROP CONSTRAINT analysis_requests_door_check,
    DROP CONSTRAINT analysis_requests_disposition_check,
    ADD CONSTRAINT analysis_requests_door_check CHECK (
        door IN ('ui', 'rest', 'api', 'run', 'cli', 'schedule', 'backfill', 'operator', 'asset')
    ),
    ADD CONSTRAINT analysis_requests_disposition_check CHECK (
        disposition IN ('created', 'joined', 'repeated', 'refused')
    );
CREATE INDEX analysis_requests_run ON analysis_requests (run_id);
CREATE INDEX analysis_requests_at ON analysis_requests (requested_at);

-- A key that a client gave its request: the same one again gets the same answer.
CREATE TABLE request_ids (
    requested_by text NOT NULL CHECK (requested_by <> ''),
    request_id text NOT NULL CHECK (length(request_id) BETWEEN 1 AND 200),
    claim_key text NOT NULL CHECK (claim_key ~ '^[0-9a-f]{64}$'),
    job_id text NOT NULL CHECK (job_id <> ''),
    disposition text NOT NULL CHECK (disposition IN ('created', 'joined')),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (requested_by, request_id)
);
CREATE INDEX request_ids_created ON request_ids (created_at);
"""

OUTBOX = """
-- What others are to be told, written in the transaction that made it true; an attempt of a job ends once.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('job_ended')),
    job_id text NOT NULL CHECK (job_id <> ''),
    attempt integer NOT NULL CHECK (attempt >= 1),
    payload jsonb NOT NULL CHECK (jsonb_typeof(payload) = 'object'),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz CHECK (sent_at >= created_at),
    CONSTRAINT outbox_key UNIQUE (kind, job_id, attempt)
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE sent_at IS NULL;
"""

ACTIONS = """
-- What somebody, or the housekeeping, did to jobs that exist; it only grows.
CREATE TABLE analysis_actions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    acted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor text NOT NULL CHECK (actor <> ''),
    action text NOT NULL CHECK (action IN ('cancel', 'supersede', 'delete', 'clean', 'retention')),
    job_id text,
    details jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object')
);
CREATE INDEX analysis_actions_job ON analysis_actions (job_id);
CREATE INDEX analysis_actions_at ON analysis_actions (acted_at);
"""


def upgrade() -> None:
    for statements in (REQUESTS, OUTBOX, ACTIONS):
        op.execute(statements)
