-- name: equal_pairs(seconds, since, requested_by, statuses, most, skipped)
-- Pairs of equal jobs of one user that were created close together: duplicates first, then the newest.
-- One sort of the jobs, and no join by claim_key: work that is asked for every minute has a billion pairs by its key.
-- There is always a row, for the counts; without a pair (on this page) its other columns are NULL.
WITH job AS (
    SELECT
        job_id,
        created_at,
        array_agg(job_id) OVER (
            PARTITION BY claim_key, requested_by
            ORDER BY created_at
            RANGE BETWEEN make_interval(secs => :seconds) PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW
        ) AS neighbours
    FROM analysis_jobs
    WHERE NOT force
        AND status = ANY(:statuses) -- all there are: with it, `since` is found by the index on status and created_at
        AND created_at >= coalesce(:since::timestamptz, '-infinity') - make_interval(secs => :seconds)
        AND (:requested_by::text IS NULL OR requested_by = :requested_by)
),
neighbour AS MATERIALIZED (
    SELECT job_id AS later_id, unnest(neighbours) AS earlier_id
    FROM job
    WHERE neighbours IS NOT NULL AND created_at >= coalesce(:since::timestamptz, '-infinity')
),
judged AS (
    SELECT
        later.requested_by,
        later.claim_key,
        later.total,
        extract(epoch FROM later.created_at - earlier.created_at)::double precision AS seconds_apart,
        earlier.job_id AS earlier_id,
        earlier.status AS earlier_status,
        earlier.attempt AS earlier_attempt,
        earlier.created_at AS earlier_created_at,
        later.job_id AS later_id,
        later.status AS later_status,
        later.attempt AS later_attempt,
        later.created_at AS later_created_at,
        work.computed_twice,
        CASE
            WHEN work.computed_twice > 0 THEN 'computed_twice'
            -- not from created_at: an insert that waits for the other job's end has its time from before that end,
            -- and a job that was run again keeps the time of its first attempt
            WHEN later.current_until IS NOT DISTINCT FROM earlier.current_until -- else they are of two sessions
                AND later.started_at < coalesce(earlier.completed_at, 'infinity')
                AND earlier.started_at < coalesce(later.completed_at, 'infinity') THEN 'simultaneous'
            WHEN work.all_reused THEN 'reused'
            ELSE 'asked_again'
        END AS kind
    FROM neighbour
    JOIN analysis_jobs AS later ON later.job_id = neighbour.later_id
    JOIN analysis_jobs AS earlier ON earlier.job_id = neighbour.earlier_id
    CROSS JOIN LATERAL (
        SELECT count(theirs.ticker) AS computed_twice, bool_and(mine.status = 'reused') AS all_reused
        FROM analysis_jobs_details AS mine
        LEFT JOIN analysis_jobs_details AS theirs
            ON mine.status = 'completed'
            AND theirs.job_id = earlier.job_id
            AND theirs.ticker = mine.ticker
            AND theirs.session_date = mine.session_date
            AND theirs.status = 'completed'
        WHERE mine.job_id = later.job_id
    ) AS work
    -- jobs of the very same moment are neighbours of each other: the lower number is the earlier one
    WHERE (earlier.created_at, earlier.seq) < (later.created_at, later.seq)
),
ranked AS (
    SELECT
        judged.*,
        row_number() OVER (
            ORDER BY
                kind IN ('computed_twice', 'simultaneous') DESC,
                later_created_at DESC, earlier_created_at DESC, later_id, earlier_id
        ) AS rank
    FROM judged
),
tally AS (
    SELECT count(*) AS pair_count, count(*) FILTER (WHERE kind IN ('computed_twice', 'simultaneous')) AS duplicate_count
    FROM judged
)
SELECT tally.*, ranked.*
FROM tally
LEFT JOIN ranked ON rank > :skipped::bigint AND (:most::bigint IS NULL OR rank <= :skipped::bigint + :most::bigint)
ORDER BY rank;

-- name: lock_jobs(job_ids)!
-- In one order, so that two who clean do not wait for each other.
SELECT FROM analysis_jobs WHERE job_id = ANY(:job_ids) ORDER BY job_id FOR UPDATE;

-- name: job_documents(job_ids)
SELECT job_id, to_jsonb(job) AS document FROM analysis_jobs AS job WHERE job_id = ANY(:job_ids);

-- name: unshared_tickers(one_id, other_id)
SELECT ticker
FROM analysis_jobs_details
WHERE job_id IN (:one_id, :other_id)
GROUP BY ticker
HAVING count(*) = 1
ORDER BY ticker;

-- name: missing_tickers(job_id, other_id)
-- What would be lost with the other job: also results that it owns from an earlier attempt.
SELECT DISTINCT ticker
FROM (
    SELECT ticker, session_date
    FROM analysis_jobs_details
    WHERE job_id = :other_id AND status IN ('completed', 'reused')
    UNION
    SELECT ticker, session_date FROM analysis_results WHERE job_id = :other_id
    EXCEPT
    SELECT ticker, session_date
    FROM analysis_jobs_details
    WHERE job_id = :job_id AND status IN ('completed', 'reused')
) AS missing
ORDER BY ticker;

-- name: job_snapshot(job_id)^
SELECT
    to_jsonb(job) AS job,
    (
        SELECT coalesce(jsonb_agg(to_jsonb(detail) - 'job_id' ORDER BY ticker), '[]')
        FROM analysis_jobs_details AS detail
        WHERE detail.job_id = :job_id
    ) AS details
FROM analysis_jobs AS job
WHERE job_id = :job_id;

-- name: move_results(removed_id, kept_id)$
-- job_seq stays: it says how new the work is that wrote the result, for the rule that older work never replaces newer.
WITH owned AS (
    SELECT id FROM analysis_results
    WHERE job_id = :removed_id
    ORDER BY ticker -- the order in which jobs that store results take their rows
    FOR NO KEY UPDATE
),
moved AS (
    UPDATE analysis_results AS result
    SET job_id = :kept_id
    FROM owned
    WHERE result.id = owned.id
    RETURNING result.id, result.ticker, result.session_date
),
linked AS (
    UPDATE analysis_jobs_details AS detail
    SET result_id = moved.id
    FROM moved
    WHERE detail.job_id = :kept_id
        AND detail.ticker = moved.ticker
        AND detail.session_date = moved.session_date
        AND detail.result_id IS NULL -- its result had been removed; this is the same one, computed anew
)
SELECT count(*) AS moved FROM moved;

-- name: move_watchlist(removed_id, kept_id)!
UPDATE watchlist SET last_job_id = :kept_id WHERE last_job_id = :removed_id;

-- name: move_changes(removed_id, kept_id)!
UPDATE watchlist_changes AS change
SET job_id = kept.job_id, attempt = kept.attempt
FROM analysis_jobs AS kept
WHERE change.job_id = :removed_id AND kept.job_id = :kept_id;

-- name: move_request_ids(removed_id, kept_id)!
-- Who repeats a request is answered with a job that exists.
UPDATE request_ids SET job_id = :kept_id WHERE job_id = :removed_id;

-- name: remove_ended_job(job_id)!
-- Its details go with it, and so would results: with any left, nothing is removed.
DELETE FROM analysis_jobs AS job
WHERE job_id = :job_id
    AND status NOT IN ('queued', 'processing')
    AND NOT EXISTS (SELECT FROM analysis_results AS result WHERE result.job_id = job.job_id);

-- name: kept_instead(job_id)$
-- The one kept may have been removed in its turn, later.
WITH RECURSIVE kept AS (
    SELECT :job_id::text AS job_id, 0::bigint AS action_id
    UNION ALL
    SELECT action.details ->> 'kept_job', action.id
    FROM kept
    JOIN analysis_actions AS action ON action.job_id = kept.job_id
    WHERE action.action = 'clean' AND action.id > kept.action_id
)
SELECT job_id FROM kept WHERE action_id > 0 ORDER BY action_id DESC LIMIT 1;
