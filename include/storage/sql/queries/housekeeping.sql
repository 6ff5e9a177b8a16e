-- name: runs_without_job(older_seconds, younger_seconds, most)
-- Runs that a request made, of which there is no job and with which nobody did anything; the oldest first. The newest
-- record of such a run is that of its making: with a newer one it has joined another one's job, or was refused.
SELECT made.run_id, (extract(epoch FROM now() - min(made.requested_at)) / 60)::double precision AS minutes
FROM (
    SELECT id, coalesce(run_id, job_id) AS run_id, requested_at
    FROM analysis_requests
    WHERE disposition = 'created'
        AND requested_at < now() - make_interval(secs => :older_seconds)
        AND requested_at > now() - make_interval(secs => :younger_seconds)
) AS made
WHERE NOT EXISTS (SELECT FROM analysis_requests AS later WHERE later.run_id = made.run_id AND later.id > made.id)
    AND NOT EXISTS (SELECT FROM analysis_jobs AS job WHERE job.job_id = made.run_id)
    AND NOT EXISTS (SELECT FROM analysis_actions AS action WHERE action.job_id = made.run_id) -- deleted, cancelled
GROUP BY made.run_id
ORDER BY min(made.requested_at)
LIMIT :most;

-- name: load()^
SELECT
    count(*) AS active_jobs,
    coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::double precision AS oldest_active_seconds,
    (SELECT count(*) FROM outbox WHERE sent_at IS NULL)
        + (SELECT count(*) FROM notifications WHERE status = 'waiting') AS outbox_waiting
FROM analysis_jobs
WHERE status IN ('queued', 'processing');

-- name: remove_raw_data(keep_days, most)!
-- What is being written anew is locked, and young afterwards.
WITH old AS MATERIALIZED (
    SELECT result_id
    FROM analysis_raw_data
    WHERE computed_at < now() - make_interval(days => :keep_days)
    ORDER BY computed_at
    LIMIT :most
    FOR UPDATE SKIP LOCKED
)
DELETE FROM analysis_raw_data AS raw USING old WHERE raw.result_id = old.result_id;

-- name: lock_old_jobs(keep_days, after, most)
-- Ended jobs that own no result. A job ends after it was created: this is said for the index.
SELECT job.job_id, job.seq, job.total
FROM analysis_jobs AS job
WHERE job.seq > :after
    AND job.status IN ('completed', 'completed_with_errors', 'failed', 'cancelled')
    AND job.created_at < now() - make_interval(days => :keep_days)
    AND job.completed_at < now() - make_interval(days => :keep_days)
    AND NOT EXISTS (SELECT FROM analysis_results AS result WHERE result.job_id = job.job_id)
ORDER BY job.seq
LIMIT :most
FOR UPDATE OF job SKIP LOCKED;

-- name: remove_jobs(job_ids)
-- Of jobs that are locked. Asks again for results: one may have got an owner between the first look and the lock.
DELETE FROM analysis_jobs AS job
WHERE job.job_id = ANY(:job_ids)
    AND NOT EXISTS (SELECT FROM analysis_results AS result WHERE result.job_id = job.job_id)
RETURNING job.job_id;

-- name: remove_request_ids(keep_days, most)!
WITH old AS MATERIALIZED (
    SELECT requested_by, request_id
    FROM request_ids
    WHERE created_at < now() - make_interval(days => :keep_days)
    LIMIT :most
    FOR UPDATE SKIP LOCKED
)
DELETE FROM request_ids AS known
USING old
WHERE known.requested_by = old.requested_by AND known.request_id = old.request_id;

-- name: remove_sent(keep_days, most)!
WITH old AS MATERIALIZED (
    SELECT id
    FROM outbox
    WHERE sent_at < now() - make_interval(days => :keep_days)
    LIMIT :most
    FOR UPDATE SKIP LOCKED
)
DELETE FROM outbox USING old WHERE outbox.id = old.id;
