"""What changed on watchlists from session to session, who wants to be told, and what is on the way to them."""

from alembic import op

revision = "0010"
down_revision = "0009"

CHANGES = """
-- What a job found to be different from the session before: for each entry of a list once, however often it is told.
CREATE TABLE watchlist_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id bigint NOT NULL REFERENCES watchlist ON DELETE CASCADE,
    strategy text NOT NULL,
    data_source text NOT NULL CHECK (data_source IN ('yahoo', 'sample', 'demo')),
    session_date date NOT NULL,
    kind text NOT NULL CHECK (
        kind IN ('new', 'new_buy', 'dropped', 'flipped', 'stop', 'target', 'incomparable', 'failed', 'recovered')
    ),
    job_id text REFERENCES analysis_jobs ON DELETE SET NULL,
    attempt integer NOT NULL CHECK (attempt >= 1),
    noticed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    verdict text CHECK (verdict IN ('Strong Buy', 'Buy', 'Hold', 'Sell', 'Strong Sell')),
    score numeric(4, 1) CHECK (score BETWEEN 0 AND 100),
    previous_session date CHECK (previous_session < session_date),
    previous_verdict text CHECK (previous_verdict IN ('Strong Buy', 'Buy', 'Hold', 'Sell', 'Strong Sell')),
    previous_score numeric(4, 1) CHECK (previous_score BETWEEN 0 AND 100),
    plan_session date CHECK (plan_session < session_date), -- of the plan whose level was reached
    level double precision CHECK (level > 0), -- times `adjustment`, for what splits and dividends did to it since
    adjustment double precision CHECK (adjustment > 0),
    reached_on date CHECK (reached_on <= session_date),
    price double precision CHECK (price > 0), -- the bar's high or low, or where none is stored the close
    basis text CHECK (basis IN ('high', 'low', 'close')),
    error_code text,
    message text,
    CONSTRAINT watchlist_changes_key UNIQUE (entry_id, strategy, data_source, session_date, kind),
    CONSTRAINT watchlist_changes_compared_with_something CHECK (
        kind NOT IN ('new_buy', 'dropped', 'flipped', 'recovered')
        OR num_nulls(verdict, score, previous_session, previous_verdict, previous_score) = 0
    ),
    CONSTRAINT watchlist_changes_level_is_whole CHECK (
        CASE
            WHEN kind IN ('stop', 'target')
                THEN num_nulls(plan_session, level, adjustment, reached_on, price, basis) = 0
            ELSE num_nonnulls(level, adjustment, reached_on, price, basis) = 0
        END
    ),
    CONSTRAINT watchlist_changes_failed_has_error CHECK ((kind = 'failed') = (error_code IS NOT NULL))
);
CREATE INDEX watchlist_changes_job ON watchlist_changes (job_id);
CREATE INDEX watchlist_changes_entry ON watchlist_changes (entry_id, id);
CREATE INDEX watchlist_changes_noticed ON watchlist_changes (noticed_at);
"""

PREFERENCES = """
-- Who wants to be told of their lists, where, and when. Without a row: nobody.
CREATE TABLE notification_preferences (
    owner text PRIMARY KEY CHECK (owner <> ''),
    enabled boolean NOT NULL DEFAULT false,
    email text CHECK (email <> ''),
    webhook boolean NOT NULL DEFAULT false, -- to the address that an operator has set
    rule text NOT NULL DEFAULT 'changes' CHECK (rule IN ('changes', 'always', 'never')),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
"""

NOTIFICATIONS = """
-- One digest of a list on one way to its owner; it goes with its message of the outbox.
CREATE TABLE notifications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outbox_id bigint NOT NULL REFERENCES outbox ON DELETE CASCADE,
    owner text NOT NULL CHECK (owner <> ''),
    list text NOT NULL CHECK (list <> ''),
    channel text NOT NULL CHECK (channel IN ('email', 'webhook')),
    message_id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(), -- the receiver knows by it what it has had already
    digest jsonb NOT NULL CHECK (jsonb_typeof(digest) = 'object'), -- as it was when the job ended
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    status text NOT NULL DEFAULT 'waiting' CHECK (status IN ('waiting', 'sent', 'given_up', 'dropped')),
    tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0),
    due_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    leased_by text CHECK (leased_by <> ''), -- who sends it now
    leased_until timestamptz,
    error text, -- of the last try
    ended_at timestamptz,
    CONSTRAINT notifications_key UNIQUE (outbox_id, owner, list, channel),
    CONSTRAINT notifications_lease_is_whole CHECK (num_nulls(leased_by, leased_until) IN (0, 2)),
    CONSTRAINT notifications_ended_has_time CHECK ((status = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT notifications_ended_has_no_lease CHECK (status = 'waiting' OR leased_by IS NULL),
    CONSTRAINT notifications_given_up_has_error CHECK (status NOT IN ('given_up', 'dropped') OR error IS NOT NULL)
);
CREATE INDEX notifications_due ON notifications (due_at) WHERE status = 'waiting';
CREATE INDEX notifications_given_up ON notifications (ended_at) WHERE status = 'given_up';
CREATE INDEX notifications_owner ON notifications (owner, id);
"""


def upgrade() -> None:
    for statements in (CHANGES, PREFERENCES, NOTIFICATIONS):
        op.execute(statements)
