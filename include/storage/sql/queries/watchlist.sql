-- name: watchlist_tickers(owner, list)
SELECT ticker FROM watchlist WHERE owner = :owner AND list = :list ORDER BY ticker;

-- name: add_to_watchlist(owner, list, tickers, notes)!
INSERT INTO watchlist (owner, list, ticker, notes)
SELECT :owner, :list, ticker, :notes::text FROM unnest(:tickers::text[]) AS ticker
ON CONFLICT ON CONSTRAINT watchlist_key DO NOTHING;

-- name: update_watchlist(job_id)$
-- After a job: the last_* fields of its requester's entries (everybody's, when the work is shared), and of no others.
-- Synthetic prices say nothing about a stock that somebody watches. Of Yahoo's stocks, an entry by an old name counts.
-- Returns the entries that it has touched, by id, each with whether its ticker failed.
WITH RECURSIVE names AS (
    SELECT ticker, ticker AS name FROM analysis_jobs_details WHERE job_id = :job_id
    UNION
    SELECT names.ticker, alias.ticker
    FROM names
    JOIN ticker_aliases AS alias ON alias.renamed_to = names.name
    JOIN analysis_jobs AS job ON job.job_id = :job_id AND job.request ->> 'data_source' = 'yahoo'
),
entries AS (
    SELECT entry.id, names.ticker, entry.last_job_id, entry.last_analyzed_at
    FROM analysis_jobs AS job
    CROSS JOIN names
    JOIN watchlist AS entry ON entry.ticker = names.name
    WHERE job.job_id = :job_id
        AND job.analysis_source <> 'demo'
        AND (entry.owner = job.requested_by OR job.scope IN ('shared', 'schedule'))
    ORDER BY entry.id -- every job takes them in the same order: no deadlock between jobs
    FOR NO KEY UPDATE OF entry
),
touched AS (
    UPDATE watchlist AS entry
    SET last_job_id = detail.job_id,
        last_analyzed_at = detail.completed_at,
        last_status = detail.status,
        last_verdict = coalesce(detail.verdict, entry.last_verdict),
        last_score = coalesce(detail.score, entry.last_score)
    FROM entries
    JOIN analysis_jobs AS job ON job.job_id = :job_id
    JOIN analysis_jobs_details AS detail ON detail.job_id = :job_id AND detail.ticker = entries.ticker
    LEFT JOIN LATERAL (
        SELECT known.session_date
        FROM analysis_jobs AS last
        JOIN analysis_jobs_details AS known ON known.job_id = last.job_id AND known.ticker = entries.ticker
        WHERE last.job_id = entries.last_job_id
            AND last.request ->> 'data_source' = job.request ->> 'data_source'
    ) AS known ON true
    WHERE entry.id = entries.id
        AND CASE
            -- Of work on the last session, and what the schedule catches up with or a backfill does, the newest session
            -- is the news, whichever came later. Who gives a day wants to see that one.
            WHEN (job.scope = 'schedule' OR job.as_of IS NULL) AND known.session_date <> detail.session_date
                THEN known.session_date < detail.session_date
            ELSE coalesce(entries.last_analyzed_at <= detail.completed_at, true)
        END
    RETURNING entry.id, entry.last_status = 'failed' AS failed
)
SELECT coalesce(jsonb_object_agg(id, failed), '{}') FROM touched;

-- name: lock_watchlists(owner)$
-- Until the transaction ends: one change of a user's lists at a time, so that limits and names hold.
SELECT pg_advisory_xact_lock(hashtextextended('watchlist ' || :owner, 0)) IS NULL AS locked;

-- name: watchlists(owner)
SELECT
    list AS name,
    count(*)::integer AS count,
    count(*) FILTER (WHERE last_status = 'failed')::integer AS failed,
    max(last_analyzed_at) AS last_analyzed_at
FROM watchlist
WHERE owner = :owner
GROUP BY list
ORDER BY list;

-- name: watchlist_entries(owner, list, search, sort, after_key, after_ticker, sessions, most)
-- One page of a list, with what the last job said of each ticker and the scores of its last sessions: those of that
-- job's strategy and source, as no others can be compared. A ticker by an old name has them by its new one.
WITH RECURSIVE keyed AS (
    SELECT
        entry.*,
        CASE :sort::text -- without a value: behind all others
            WHEN 'score' THEN coalesce(last_score, 1000)::double precision
            WHEN '-score' THEN coalesce(-last_score, 1000)::double precision
            WHEN 'last_analyzed_at' THEN coalesce(extract(epoch FROM last_analyzed_at), 1e15)::double precision
            WHEN '-last_analyzed_at' THEN coalesce(-extract(epoch FROM last_analyzed_at), 1e15)::double precision
            ELSE 0
        END AS key,
        CASE WHEN :sort = '-ticker' THEN ticker END AS backwards
    FROM watchlist AS entry
    WHERE owner = :owner
        AND list = :list
        AND (
            :search::text IS NULL
            OR position(lower(:search) IN lower(concat_ws(E'\n', ticker, name, notes))) > 0
        )
),
page AS MATERIALIZED (
    SELECT *
    FROM keyed
    WHERE :after_ticker::text IS NULL
        OR CASE
            WHEN :sort = '-ticker' THEN ticker < :after_ticker
            ELSE (key, ticker) > (:after_key::double precision, :after_ticker)
        END
    ORDER BY backwards DESC, key, ticker
    LIMIT :most
),
names AS (
    SELECT ticker, ticker AS name FROM page
    UNION
    SELECT names.ticker, alias.renamed_to
    FROM names
    JOIN ticker_aliases AS alias ON alias.ticker = names.name
)
SELECT
    page.key, page.ticker, page.name, page.notes, page.added_at,
    page.last_job_id, page.last_analyzed_at, page.last_status, page.last_verdict,
    page.last_score::double precision AS last_score,
    last.session_date AS last_session, last.error_code AS last_error_code, last.error_message AS last_error_message,
    job.request ->> 'strategy' AS strategy,
    job.request ->> 'data_source' AS data_source,
    coalesce(sessions.recent, '[]') AS recent
FROM page
LEFT JOIN analysis_jobs AS job ON job.job_id = page.last_job_id
LEFT JOIN LATERAL (
    SELECT detail.ticker, detail.session_date, detail.error_code, detail.error_message
    FROM names
    JOIN analysis_jobs_details AS detail ON detail.job_id = page.last_job_id AND detail.ticker = names.name
    WHERE names.ticker = page.ticker
    ORDER BY detail.ticker = page.ticker DESC
    LIMIT 1
) AS last ON true
LEFT JOIN LATERAL (
    SELECT
        jsonb_agg(
            jsonb_build_object('session_date', session_date, 'score', score, 'verdict', verdict) ORDER BY session_date
        ) AS recent
    FROM (
        SELECT session_date, score, verdict
        FROM analysis_results AS result
        WHERE result.ticker = coalesce(last.ticker, page.ticker)
            AND result.strategy = job.request ->> 'strategy'
            AND result.data_source = job.request ->> 'data_source'
        ORDER BY session_date DESC
        LIMIT :sessions
    ) AS newest
) AS sessions ON true
ORDER BY page.backwards DESC, page.key, page.ticker;

-- name: change_watchlist_entry(owner, list, ticker, changes)!
-- Of `name` and `notes` those that `changes` has, also to nothing.
UPDATE watchlist
SET name = CASE WHEN :changes::jsonb ? 'name' THEN :changes::jsonb ->> 'name' ELSE name END,
    notes = CASE WHEN :changes::jsonb ? 'notes' THEN :changes::jsonb ->> 'notes' ELSE notes END
WHERE owner = :owner AND list = :list AND ticker = :ticker;

-- name: rename_watchlist(owner, list, new_name)!
UPDATE watchlist SET list = :new_name WHERE owner = :owner AND list = :list;

-- name: remove_watchlist(owner, list)!
DELETE FROM watchlist WHERE owner = :owner AND list = :list;

-- name: remove_watchlist_entry(owner, list, ticker)!
DELETE FROM watchlist WHERE owner = :owner AND list = :list AND ticker = :ticker;
