"""What came of every verdict, and the record of many."""

from alembic import op

revision = "0011"
down_revision = "0010"

FOLLOW_UPS = """
-- What came of each result's verdict in the sessions after it. Whoever writes results has nothing to do with it: the
-- triggers below make a row for each, and begin anew when one is written anew.
CREATE TABLE follow_ups (
    result_id bigint PRIMARY KEY REFERENCES analysis_results ON DELETE CASCADE,
    ticker text NOT NULL,
    strategy text NOT NULL,
    data_source text NOT NULL,
    session_date date NOT NULL,
    verdict text NOT NULL,
    score numeric(4, 1) NOT NULL,
    written_at timestamptz NOT NULL, -- when the verdict was: what was found out about another one is not stored
    state text NOT NULL DEFAULT 'waiting' CHECK (
        state IN ('waiting', 'pending', 'complete', 'ended', 'halted', 'no_bar')
    ),
    through date, -- the newest bar that was looked at
    evaluated_at timestamptz,
    return_1 double precision, -- after so many sessions, as a share of the close
    return_5 double precision,
    return_20 double precision,
    session_1 date, -- the days on which those sessions were
    session_5 date,
    session_20 date,
    first_touch text CHECK (first_touch IN ('stop', 'target', 'neither')),
    touched_after smallint CHECK (touched_after BETWEEN 1 AND 20),
    CONSTRAINT follow_ups_looked_at_has_time CHECK (num_nulls(through, evaluated_at) IN (0, 2)),
    CONSTRAINT follow_ups_waiting_is_empty CHECK ((state = 'waiting') = (evaluated_at IS NULL)),
    CONSTRAINT follow_ups_return_has_session CHECK (
        num_nulls(return_1, session_1) IN (0, 2)
        AND num_nulls(return_5, session_5) IN (0, 2)
        AND num_nulls(return_20, session_20) IN (0, 2)
    ),
    CONSTRAINT follow_ups_complete_has_returns CHECK (
        state <> 'complete' OR num_nulls(return_1, return_5, return_20) = 0
    ),
    CONSTRAINT follow_ups_touch_has_session CHECK (
        (first_touch IN ('stop', 'target')) IS TRUE = (touched_after IS NOT NULL)
    )
);

INSERT INTO follow_ups (result_id, ticker, strategy, data_source, session_date, verdict, score, written_at)
SELECT id, ticker, strategy, data_source, session_date, verdict, score, completed_at
FROM analysis_results
ORDER BY id;

CREATE INDEX follow_ups_unfinished ON follow_ups (data_source, ticker)
    WHERE state IN ('waiting', 'pending', 'ended');
CREATE INDEX follow_ups_session ON follow_ups (strategy, data_source, session_date);
"""

KEPT = """
CREATE FUNCTION add_follow_ups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO follow_ups (result_id, ticker, strategy, data_source, session_date, verdict, score, written_at)
    SELECT id, ticker, strategy, data_source, session_date, verdict, score, completed_at
    FROM changed
    ORDER BY id;
    RETURN NULL;
END
$$;

CREATE FUNCTION renew_follow_ups() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE follow_ups AS followed
    SET verdict = changed.verdict,
        score = changed.score,
        written_at = changed.completed_at,
        state = 'waiting',
        through = NULL,
        evaluated_at = NULL,
        return_1 = NULL,
        return_5 = NULL,
        return_20 = NULL,
        session_1 = NULL,
        session_5 = NULL,
        session_20 = NULL,
        first_touch = NULL,
        touched_after = NULL
    FROM changed
    JOIN before USING (id)
    WHERE followed.result_id = changed.id
        AND (changed.verdict, changed.score, changed.close, changed.stop_loss, changed.target)
        IS DISTINCT FROM
        (before.verdict, before.score, before.close, before.stop_loss, before.target);
    RETURN NULL;
END
$$;

CREATE TRIGGER analysis_results_to_follow AFTER INSERT ON analysis_results
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION add_follow_ups();
CREATE TRIGGER analysis_results_to_follow_anew AFTER UPDATE ON analysis_results
REFERENCING OLD TABLE AS before NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION renew_follow_ups();
"""

RECORDS = """
-- The record of all follow-ups of a strategy and a source, as computed when there were so many of them.
CREATE TABLE track_records (
    strategy text NOT NULL,
    data_source text NOT NULL,
    follow_ups bigint NOT NULL CHECK (follow_ups > 0),
    evaluated_at timestamptz NOT NULL, -- of the newest of them
    record jsonb NOT NULL CHECK (jsonb_typeof(record) = 'object'),
    PRIMARY KEY (strategy, data_source)
);
"""


def upgrade() -> None:
    for statements in (FOLLOW_UPS, KEPT, RECORDS):
        op.execute(statements)
