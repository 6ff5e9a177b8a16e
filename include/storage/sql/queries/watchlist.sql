-- name: watchlist_tickers(owner, list)
SELECT ticker FROM watchlist WHERE owner = :owner AND list = :list ORDER BY ticker;

-- name: add_to_watchlist(owner, list, tickers, notes)!
INSERT INTO watchlist (owner, list, ticker, notes)
SELECT :owner, :list, ticker, :notes::text FROM unnest(:tickers::text[]) AS ticker
ON CONFLICT ON CONSTRAINT watchlist_key DO NOTHING;

-- name: update_watchlist(job_id)!
-- After a job: the last_* fields of its requester's entries (everybody's, when the work is shared), and of no others.
-- Synthetic prices say nothing about a stock that somebody watches. Of Yahoo's stocks, an entry by an old name counts.
WITH RECURSIVE names AS (
    SELECT ticker, ticker AS name FROM analysis_jobs_details WHERE job_id = :job_id
    UNION
    SELECT names.ticker, alias.ticker
    FROM names
    JOIN ticker_aliases AS alias ON alias.renamed_to = names.name
    JOIN analysis_jobs AS job ON job.job_id = :job_id AND job.request ->> 'data_source' = 'yahoo'
),
entries AS (
    SELECT entry.id, names.ticker
    FROM analysis_jobs AS job
    CROSS JOIN names
    JOIN watchlist AS entry ON entry.ticker = names.name
    WHERE job.job_id = :job_id
        AND job.analysis_source <> 'demo'
        AND (entry.owner = job.requested_by OR job.scope IN ('shared', 'schedule'))
    ORDER BY entry.id -- every job takes them in the same order: no deadlock between jobs
    FOR NO KEY UPDATE OF entry
)
UPDATE watchlist AS entry
SET last_job_id = detail.job_id,
    last_analyzed_at = detail.completed_at,
    last_status = detail.status,
    last_verdict = coalesce(detail.verdict, entry.last_verdict),
    last_score = coalesce(detail.score, entry.last_score)
FROM entries
JOIN analysis_jobs_details AS detail ON detail.job_id = :job_id AND detail.ticker = entries.ticker
WHERE entry.id = entries.id
    AND (entry.last_analyzed_at IS NULL OR entry.last_analyzed_at <= detail.completed_at);

-- name: lock_watchlists(owner)$
-- Until the transaction ends: one change of a user's lists at a time, so that limits and names hold.
SELECT pg_advisory_xact_lock(hashtextextended('watchlist ' || :owner, 0)) IS NULL AS locked;

-- name: watchlists(owner)
SELECT list AS name, count(*)::integer AS count, max(last_analyzed_at) AS last_analyzed_at
FROM watchlist
WHERE owner = :owner
GROUP BY list
ORDER BY list;

-- name: watchlist_entries(owner, list, after, most)
SELECT
    ticker, name, notes, added_at,
    last_job_id, last_analyzed_at, last_status, last_verdict, last_score::double precision AS last_score
FROM watchlist
WHERE owner = :owner AND list = :list AND ticker > :after
ORDER BY ticker
LIMIT :most;

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
