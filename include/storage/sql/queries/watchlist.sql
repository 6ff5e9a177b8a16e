-- name: watchlist_tickers(owner, list)
SELECT ticker FROM watchlist WHERE owner = :owner AND list = :list ORDER BY ticker;

-- name: add_to_watchlist(owner, list, tickers)!
INSERT INTO watchlist (owner, list, ticker)
SELECT :owner, :list, ticker FROM unnest(:tickers::text[]) AS ticker
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
