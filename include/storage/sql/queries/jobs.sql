-- name: reopen_job(job_id, claim_key, current_until, request, force, scope, analysis_source, total, as_of, clear_number, try_number)$
-- The same DAG run again (cleared, or its first task was cut off): a new attempt, which fences off the old one.
-- An ended job is opened again only when its run was cleared since; an active one by no older try of the first task.
UPDATE analysis_jobs
SET claim_key = :claim_key,
    current_until = :current_until,
    request = :request,
    force = :force,
    scope = :scope,
    analysis_source = :analysis_source,
    total = :total,
    as_of = :as_of,
    clear_number = :clear_number,
    try_number = :try_number,
    seq = DEFAULT,
    attempt = attempt + 1,
    status = 'queued',
    status_reason = NULL,
    started_at = NULL,
    completed_at = NULL,
    heartbeat_at = clock_timestamp()
WHERE job_id = :job_id
    AND CASE
        WHEN status IN ('queued', 'processing') THEN (clear_number, try_number) <= (:clear_number, :try_number)
        ELSE clear_number < :clear_number
    END
RETURNING attempt;

-- name: is_overtaken(job_id, clear_number, try_number)$
-- Whether reopen_job refuses the job that there is.
SELECT EXISTS (
    SELECT FROM analysis_jobs
    WHERE job_id = :job_id
        AND CASE
            WHEN status IN ('queued', 'processing') THEN (clear_number, try_number) > (:clear_number, :try_number)
            ELSE clear_number >= :clear_number
        END
);

-- name: clock()$
SELECT clock_timestamp();

-- name: lock_run(run_id)^
-- Held to the end of the transaction. A run has no row of ours before its job is opened, so there is none to lock.
SELECT pg_advisory_xact_lock(hashtextextended(:run_id, 0)) IS NULL AS locked;

-- name: is_cancelled_run(run_id, clear_number)$
SELECT EXISTS (
    SELECT FROM analysis_actions
    WHERE job_id = :run_id AND action = 'cancel' AND (details ->> 'unopened')::integer >= :clear_number
);

-- name: was_cancelled(run_id)$
SELECT EXISTS (SELECT FROM analysis_actions WHERE job_id = :run_id AND action = 'cancel');

-- name: has_opened(run_id, clear_number)$
-- Whether a run has opened its job since it was cleared that often.
SELECT EXISTS (SELECT FROM analysis_jobs WHERE job_id = :run_id AND clear_number >= :clear_number);

-- name: claim_job(job_id, dag_id, claim_key, current_until, request, force, scope, requested_by, trigger, analysis_source, total, as_of, clear_number, try_number)^
-- Win the claim, or learn who holds it. No check before the insert: the partial unique index decides.
-- The attempts of a job that was removed since are counted on: others have been told of their ends.
INSERT INTO analysis_jobs AS job (
    job_id, dag_id, claim_key, current_until, request, force, scope, requested_by, trigger, analysis_source, total,
    as_of, clear_number, try_number, attempt
)
VALUES (
    :job_id, :dag_id, :claim_key, :current_until, :request, :force, :scope,
    :requested_by, :trigger, :analysis_source, :total, :as_of, :clear_number, :try_number,
    coalesce((SELECT max(told.attempt) + 1 FROM outbox AS told WHERE told.kind = 'job_ended' AND told.job_id = :job_id), 1)
)
ON CONFLICT (claim_key, current_until) WHERE status IN ('queued', 'processing') AND NOT force
DO UPDATE SET claim_key = job.claim_key -- changes nothing; it locks the holder's row and returns it
RETURNING job.job_id, job.dag_id, job.attempt, job.request = :request AS is_equal;

-- name: delete_details(job_id)!
DELETE FROM analysis_jobs_details WHERE job_id = :job_id;

-- name: insert_details(job_id, tickers, sessions, batches)!
INSERT INTO analysis_jobs_details (job_id, ticker, session_date, batch)
SELECT :job_id, planned.ticker, planned.session_date, planned.batch
FROM unnest(:tickers::text[], :sessions::date[], :batches::integer[]) AS planned (ticker, session_date, batch);

-- name: begin_batch(job_id, attempt, batch)^
-- Start, or take up again, what is not done of one batch. No row: the attempt is over.
WITH job AS (
    UPDATE analysis_jobs
    SET status = 'processing',
        started_at = coalesce(started_at, clock_timestamp()),
        heartbeat_at = clock_timestamp()
    WHERE job_id = :job_id AND attempt = :attempt AND status IN ('queued', 'processing')
    RETURNING job_id, request
),
work AS (
    UPDATE analysis_jobs_details AS detail
    SET status = 'processing',
        started_at = coalesce(detail.started_at, clock_timestamp()),
        error_code = NULL,
        error_message = NULL
    FROM job
    WHERE detail.job_id = job.job_id AND detail.batch = :batch AND detail.status IN ('queued', 'processing')
    RETURNING detail.ticker, detail.session_date
)
SELECT
    job.request,
    coalesce((SELECT array_agg(work.ticker ORDER BY work.ticker) FROM work), '{}') AS tickers,
    coalesce((SELECT array_agg(work.session_date ORDER BY work.ticker) FROM work), '{}') AS sessions
FROM job;

-- name: keep_alive(job_id, attempt)!
UPDATE analysis_jobs SET heartbeat_at = clock_timestamp()
WHERE job_id = :job_id AND attempt = :attempt AND status = 'processing';

-- name: note_batch_error(job_id, attempt, batch, error_code, error_message)!
-- What stopped a batch that will be tried again; finalising uses it if no later try succeeds.
WITH job AS (
    UPDATE analysis_jobs
    SET heartbeat_at = clock_timestamp()
    WHERE job_id = :job_id AND attempt = :attempt AND status = 'processing'
    RETURNING job_id
)
UPDATE analysis_jobs_details AS detail
SET error_code = :error_code, error_message = :error_message
FROM job
WHERE detail.job_id = job.job_id AND detail.batch = :batch AND detail.status = 'processing';

-- name: lock_job(job_id, clear_number)^
-- Whoever finalises holds the job until the transaction ends. `is_newer`: its run was cleared more often than that, and
-- has opened the job anew since.
SELECT status, attempt, requested_by, scope, coalesce(clear_number > :clear_number::integer, false) AS is_newer
FROM analysis_jobs
WHERE job_id = :job_id
FOR UPDATE;

-- name: fail_unfinished_details(job_id, error_code, error_message)!
UPDATE analysis_jobs_details
SET status = 'failed',
    error_code = coalesce(error_code, :error_code),
    error_message = coalesce(error_message, :error_message),
    started_at = coalesce(started_at, clock_timestamp()),
    completed_at = clock_timestamp()
WHERE job_id = :job_id AND status IN ('queued', 'processing');

-- name: end_job(job_id)!
-- The status follows from the details, and from nothing else.
WITH tally AS (
    SELECT
        count(*) FILTER (WHERE status IN ('completed', 'reused')) AS done,
        count(*) FILTER (WHERE status = 'failed') AS failed
    FROM analysis_jobs_details
    WHERE job_id = :job_id
),
codes AS (
    -- A source that was away has one reason for all tickers: it is said, once.
    SELECT string_agg(by_code.count || ' ' || by_code.error_code || by_code.why, ', ' ORDER BY by_code.count DESC) AS reason
    FROM (
        SELECT
            error_code,
            count(*) AS count,
            CASE
                WHEN error_code IN ('rate_limited', 'source_unavailable') AND count(*) > 1
                    AND min(error_message) = max(error_message)
                    THEN ' (' || min(error_message) || ')'
                ELSE ''
            END AS why
        FROM analysis_jobs_details
        WHERE job_id = :job_id AND status = 'failed'
        GROUP BY error_code
    ) AS by_code
)
UPDATE analysis_jobs
SET status = CASE
        WHEN tally.failed = 0 AND tally.done = total THEN 'completed'
        WHEN tally.done > 0 THEN 'completed_with_errors'
        ELSE 'failed'
    END,
    status_reason = CASE WHEN tally.done < total THEN coalesce(codes.reason, 'no ticker has a result') END,
    started_at = coalesce(started_at, clock_timestamp()), -- a job that was answered at once never began a batch
    completed_at = clock_timestamp(),
    heartbeat_at = clock_timestamp()
FROM tally, codes
WHERE job_id = :job_id AND status IN ('queued', 'processing');

-- name: stop_job(job_id, status, reason, detail_status, error_code, error_message)!
-- End an active job before its work is done. What is done stays; the rest gets `detail_status`.
WITH job AS (
    UPDATE analysis_jobs
    SET status = :status,
        status_reason = :reason,
        completed_at = clock_timestamp(),
        heartbeat_at = clock_timestamp()
    WHERE job_id = :job_id AND status IN ('queued', 'processing')
    RETURNING job_id
)
UPDATE analysis_jobs_details AS detail
SET status = :detail_status,
    error_code = :error_code,
    error_message = :error_message,
    started_at = coalesce(detail.started_at, clock_timestamp()),
    completed_at = clock_timestamp()
FROM job
WHERE detail.job_id = job.job_id AND detail.status IN ('queued', 'processing');

-- name: write_outbox(job_id, entries)!
-- What others are to be told of a job that has just ended. The watchlist forgets with the next job which of its entries
-- this one has touched.
INSERT INTO outbox (kind, job_id, attempt, payload)
SELECT
    'job_ended',
    job.job_id,
    job.attempt,
    jsonb_build_object(
        'status', job.status,
        'status_reason', job.status_reason,
        'requested_by', job.requested_by,
        'scope', job.scope,
        'trigger', job.trigger,
        'analysis_source', job.analysis_source,
        'created_at', job.created_at,
        'completed_at', job.completed_at,
        'total', job.total,
        'completed', count(*) FILTER (WHERE detail.status IN ('completed', 'reused')),
        'reused', count(*) FILTER (WHERE detail.status = 'reused'),
        'failed', count(*) FILTER (WHERE detail.status = 'failed'),
        'cancelled', count(*) FILTER (WHERE detail.status = 'cancelled'),
        'entries', :entries::jsonb
    )
FROM analysis_jobs AS job
LEFT JOIN analysis_jobs_details AS detail USING (job_id)
WHERE job.job_id = :job_id
GROUP BY job.job_id;

-- name: failed_part(job_id)^
SELECT
    job.request,
    coalesce(array_agg(detail.ticker ORDER BY detail.ticker) FILTER (WHERE detail.status = 'failed'), '{}') AS tickers
FROM analysis_jobs AS job
LEFT JOIN analysis_jobs_details AS detail USING (job_id)
WHERE job.job_id = :job_id
GROUP BY job.job_id;

-- name: active_jobs(quiet_seconds)
-- Active jobs that have written nothing for a while, by the database's clock; the quietest first.
SELECT
    job_id,
    dag_id,
    extract(epoch FROM clock_timestamp() - heartbeat_at)::double precision AS silent_seconds
FROM analysis_jobs
WHERE status IN ('queued', 'processing')
    AND heartbeat_at < clock_timestamp() - make_interval(secs => :quiet_seconds)
ORDER BY heartbeat_at;

-- name: progress(job_id)^
SELECT
    job.job_id,
    job.status,
    job.status_reason,
    job.total,
    job.created_at,
    job.started_at,
    job.completed_at,
    count(*) FILTER (WHERE detail.status IN ('completed', 'reused')) AS completed,
    count(*) FILTER (WHERE detail.status = 'reused') AS reused,
    count(*) FILTER (WHERE detail.status = 'failed') AS failed,
    count(*) FILTER (WHERE detail.status = 'cancelled') AS cancelled
FROM analysis_jobs AS job
LEFT JOIN analysis_jobs_details AS detail USING (job_id)
WHERE job.job_id = :job_id
GROUP BY job.job_id;
