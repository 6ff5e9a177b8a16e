-- name: is_hidden(job_id, viewer, sees_all)$
-- Whether there is such a job, and it is not for this viewer.
SELECT EXISTS (
    SELECT FROM analysis_jobs
    WHERE job_id = :job_id
        AND NOT (:sees_all OR scope IN ('shared', 'schedule', 'user:' || :viewer) OR requested_by = :viewer)
);
