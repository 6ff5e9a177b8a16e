-- Each statement finds what must not be: at most five cases in words, and how many there are.

-- name: audit_rights(app_role)
-- Rights with which the records of requests and of actions could be changed.
SELECT :app_role || ' may ' || string_agg(privilege, ', ') || ' on ' || relname AS what, count(*) OVER () AS found
FROM pg_class
CROSS JOIN unnest(ARRAY['DELETE', 'TRUNCATE', 'UPDATE']) AS privilege
WHERE relnamespace = 'public'::regnamespace
    AND relname IN ('analysis_requests', 'analysis_actions')
    AND (
        has_table_privilege(:app_role, pg_class.oid, privilege)
        OR privilege = 'UPDATE' AND has_any_column_privilege(:app_role, pg_class.oid, 'UPDATE')
    )
GROUP BY relname
ORDER BY relname;

-- name: missing_limits()
-- We set them ourselves, except where a pooler lends the session to others.
SELECT name || ' is not set' AS what, count(*) OVER () AS found
FROM pg_settings
WHERE name IN ('lock_timeout', 'statement_timeout') AND setting = '0'
ORDER BY name;

-- name: invalid_indexes()
-- Of all tables, also of those that are not ours. One that is being built is among them until it is.
SELECT quote_ident(pg_class.relname) || ' of table ' || indrelid::regclass AS what, count(*) OVER () AS found
FROM pg_index
JOIN pg_class ON pg_class.oid = indexrelid
WHERE relnamespace = 'public'::regnamespace AND NOT indisvalid
ORDER BY what
LIMIT 5;

-- name: equal_active_jobs()
-- What the partial unique index keeps from happening.
SELECT string_agg(job_id, ' and ' ORDER BY seq) AS what, count(*) OVER () AS found
FROM analysis_jobs
WHERE status IN ('queued', 'processing') AND NOT force
GROUP BY claim_key, current_until
HAVING count(*) > 1
ORDER BY what
LIMIT 5;

-- name: silent_jobs(minutes)
SELECT
    job_id || ' for ' || floor(extract(epoch FROM clock_timestamp() - heartbeat_at) / 60) || ' minutes' AS what,
    count(*) OVER () AS found
FROM analysis_jobs
WHERE status IN ('queued', 'processing')
    AND heartbeat_at < clock_timestamp() - make_interval(secs => :minutes * 60)
ORDER BY heartbeat_at
LIMIT 5;

-- name: open_details_of_ended_jobs()
SELECT job_id || ' with ' || count(*) AS what, count(*) OVER () AS found
FROM analysis_jobs_details AS detail
JOIN analysis_jobs AS job USING (job_id)
WHERE detail.status IN ('queued', 'processing') AND job.status NOT IN ('queued', 'processing')
GROUP BY job_id
ORDER BY job_id
LIMIT 5;

-- name: jobs_without_all_details()
-- A job and its details are written in one transaction, and go together.
SELECT
    job.job_id || ' with ' || count(detail.ticker) || ' of ' || job.total AS what,
    count(*) OVER () AS found
FROM analysis_jobs AS job
LEFT JOIN analysis_jobs_details AS detail USING (job_id)
GROUP BY job.job_id
HAVING count(detail.ticker) <> job.total
ORDER BY job.job_id
LIMIT 5;

-- name: results_without_job()
-- What a foreign key keeps from happening.
SELECT ticker || ' of ' || result.job_id AS what, count(*) OVER () AS found
FROM analysis_results AS result
LEFT JOIN analysis_jobs AS job USING (job_id)
WHERE job.job_id IS NULL
ORDER BY result.id
LIMIT 5;

-- name: details_without_result()
-- A detail loses its result when the job that owns the result is deleted, and deletions are recorded.
SELECT ticker || ' of ' || job_id AS what, count(*) OVER () AS found
FROM analysis_jobs_details AS detail
WHERE detail.status IN ('completed', 'reused')
    AND detail.result_id IS NULL
    AND NOT EXISTS (
        SELECT FROM analysis_actions
        WHERE action = 'delete' AND acted_at >= detail.completed_at
    )
ORDER BY job_id, ticker
LIMIT 5;

-- name: outdated_latest_results()
-- What the triggers on analysis_results keep from happening, while they are there.
SELECT newest.ticker || ' of ' || newest.strategy AS what, count(*) OVER () AS found
FROM (
    SELECT DISTINCT ON (ticker, strategy, data_source) ticker, strategy, data_source, id, verdict, score
    FROM analysis_results
    ORDER BY ticker, strategy, data_source, session_date DESC
) AS newest
LEFT JOIN latest_results AS latest USING (ticker, strategy, data_source)
WHERE (latest.result_id, latest.verdict, latest.score) IS DISTINCT FROM (newest.id, newest.verdict, newest.score)
ORDER BY newest.ticker, newest.strategy
LIMIT 5;

-- name: verdicts_not_followed()
SELECT result.ticker || ' of ' || result.session_date || ' by ' || result.strategy AS what, count(*) OVER () AS found
FROM analysis_results AS result
LEFT JOIN follow_ups AS followed ON followed.result_id = result.id
WHERE (followed.verdict, followed.score) IS DISTINCT FROM (result.verdict, result.score)
ORDER BY result.ticker, result.session_date, result.strategy
LIMIT 5;

-- name: untold(minutes)
-- Ended jobs that nobody has looked at, and notifications that are due and that nobody sends.
SELECT
    what || ' for ' || floor(extract(epoch FROM clock_timestamp() - since) / 60) || ' minutes' AS what,
    count(*) OVER () AS found
FROM (
    SELECT 'the end of job ' || job_id AS what, created_at AS since FROM outbox WHERE sent_at IS NULL
    UNION ALL
    SELECT 'notification ' || message_id, due_at FROM notifications WHERE status = 'waiting'
) AS waiting
WHERE since < clock_timestamp() - make_interval(secs => :minutes * 60)
ORDER BY since
LIMIT 5;

-- name: given_up_notifications(days)
SELECT owner || ' by ' || channel || ': ' || error AS what, count(*) OVER () AS found
FROM notifications
WHERE status = 'given_up' AND ended_at > clock_timestamp() - make_interval(days => :days)
ORDER BY ended_at DESC
LIMIT 5;

-- name: wanting_in_vain(channels)
-- Who wants to be told on ways of which none has a connection.
SELECT
    owner || ' by '
        || concat_ws(' and ', CASE WHEN email IS NOT NULL THEN 'email' END, CASE WHEN webhook THEN 'webhook' END) AS what,
    count(*) OVER () AS found
FROM notification_preferences
WHERE enabled
    AND rule <> 'never'
    AND NOT (email IS NOT NULL AND 'email' = ANY(:channels))
    AND NOT (webhook AND 'webhook' = ANY(:channels))
ORDER BY owner
LIMIT 5;
