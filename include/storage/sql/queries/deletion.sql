-- name: lock_job_to_delete(job_id)^
-- Held until the transaction ends: the job is not run again meanwhile.
SELECT status IN ('queued', 'processing') AS is_active, to_jsonb(job) AS document
FROM analysis_jobs AS job
WHERE job_id = :job_id
FOR UPDATE;

-- name: count_with_job(job_id)^
-- What goes with a job.
SELECT
    (SELECT count(*) FROM analysis_jobs_details WHERE job_id = :job_id) AS details,
    (SELECT count(*) FROM analysis_results WHERE job_id = :job_id) AS results;

-- name: was_removed(job_id, attempt)$
SELECT EXISTS (
    SELECT FROM analysis_actions
    WHERE job_id = :job_id AND action = 'delete' AND (details -> 'job' ->> 'attempt')::integer >= :attempt
);

-- name: delete_job(job_id)!
-- Its details and the results that it owns go with it; what other jobs said of those results stays with them.
DELETE FROM analysis_jobs WHERE job_id = :job_id;
