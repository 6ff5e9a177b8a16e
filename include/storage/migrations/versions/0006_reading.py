"""What makes reading fast: the latest result of every series, and the orders in which lists are read."""

from alembic import op

revision = "0006"
down_revision = "0005"

LATEST = """
-- The newest result of each ticker, strategy and source, with what the screener filters and sorts by. Whoever writes
-- results has nothing to do with it: the triggers below keep it.
CREATE TABLE latest_results (
    ticker text NOT NULL,
    strategy text NOT NULL,
    data_source text NOT NULL,
    result_id bigint NOT NULL UNIQUE REFERENCES analysis_results ON DELETE CASCADE,
    session_date date NOT NULL,
    verdict text NOT NULL,
    score numeric(4, 1) NOT NULL,
    analysis_source text NOT NULL,
    completed_at timestamptz NOT NULL,
    PRIMARY KEY (ticker, strategy, data_source)
);

INSERT INTO latest_results
SELECT DISTINCT ON (ticker, strategy, data_source)
    ticker, strategy, data_source, id, session_date, verdict, score, analysis_source, completed_at
FROM analysis_results
ORDER BY ticker, strategy, data_source, session_date DESC;
"""

KEPT = """
CREATE FUNCTION note_latest_results() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO latest_results AS latest
    SELECT DISTINCT ON (ticker, strategy, data_source)
        ticker, strategy, data_source, id, session_date, verdict, score, analysis_source, completed_at
    FROM changed
    ORDER BY ticker, strategy, data_source, session_date DESC
    ON CONFLICT (ticker, strategy, data_source) DO UPDATE
    SET result_id = excluded.result_id,
        session_date = excluded.session_date,
        verdict = excluded.verdict,
        score = excluded.score,
        analysis_source = excluded.analysis_source,
        completed_at = excluded.completed_at
    WHERE latest.session_date <= excluded.session_date
        AND (latest.result_id, latest.verdict, latest.score, latest.analysis_source, latest.completed_at)
        IS DISTINCT FROM
        (excluded.result_id, excluded.verdict, excluded.score, excluded.analysis_source, excluded.completed_at);
    RETURN NULL;
END
$$;

-- The foreign key has removed the rows of results that are gone: the one before takes their place.
CREATE FUNCTION restore_latest_results() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO latest_results AS latest
    SELECT before.*
    FROM (SELECT DISTINCT ticker, strategy, data_source FROM changed ORDER BY 1, 2, 3) AS gone
    CROSS JOIN LATERAL (
        SELECT ticker, strategy, data_source, id, session_date, verdict, score, analysis_source, completed_at
        FROM analysis_results AS result
        WHERE (result.ticker, result.strategy, result.data_source) = (gone.ticker, gone.strategy, gone.data_source)
        ORDER BY session_date DESC
        LIMIT 1
    ) AS before
    ON CONFLICT (ticker, strategy, data_source) DO NOTHING;
    RETURN NULL;
END
$$;

CREATE TRIGGER analysis_results_inserted AFTER INSERT ON analysis_results
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_latest_results();
CREATE TRIGGER analysis_results_updated AFTER UPDATE ON analysis_results
REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION note_latest_results();
CREATE TRIGGER analysis_results_deleted AFTER DELETE ON analysis_results
REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION restore_latest_results();
"""

ORDERS = """
CREATE INDEX analysis_jobs_newest ON analysis_jobs (created_at, job_id);
CREATE INDEX analysis_jobs_ended ON analysis_jobs (completed_at) WHERE completed_at IS NOT NULL;
CREATE INDEX analysis_results_session ON analysis_results (session_date);
"""


def upgrade() -> None:
    for statements in (LATEST, KEPT, ORDERS):
        op.execute(statements)
