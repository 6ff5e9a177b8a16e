-- name: lock_user(name)^
-- Held to the end of the transaction: one job of a user is opened at a time. Runs are locked by numbers of seed 0.
SELECT pg_advisory_xact_lock(hashtextextended('user ' || :name, 1)) IS NULL AS locked;

-- name: active_jobs_of(name, uncounted, under_way)
-- What a user has active, the oldest first: jobs, and runs under way that have not opened theirs yet.
SELECT job_id
FROM (
    SELECT job_id, created_at, 0 AS place
    FROM analysis_jobs
    WHERE requested_by = :name AND status IN ('queued', 'processing') AND trigger <> ALL(:uncounted)
    UNION ALL
    SELECT run.id, 'infinity', run.place
    FROM unnest(:under_way::text[]) WITH ORDINALITY AS run (id, place)
    WHERE NOT EXISTS (SELECT FROM analysis_jobs WHERE job_id = run.id)
        AND NOT EXISTS (
            SELECT FROM analysis_requests WHERE run_id = run.id AND disposition IN ('joined', 'refused')
        )
) AS active
ORDER BY created_at, place, job_id;
