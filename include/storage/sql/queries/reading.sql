-- name: newest_jobs(viewer, sees_all, status, requested_by, trigger, since, before_at, before_id, most)
-- One page of the jobs of a list: the newest before a place in it.
SELECT job_id, created_at
FROM analysis_jobs
WHERE (:sees_all OR scope IN ('shared', 'schedule', 'user:' || :viewer) OR requested_by = :viewer)
    AND (:status::text IS NULL OR status = :status)
    AND (:requested_by::text IS NULL OR requested_by = :requested_by)
    AND (:trigger::text IS NULL OR trigger = :trigger)
    AND (:since::timestamptz IS NULL OR created_at >= :since)
    AND (:before_at::timestamptz IS NULL OR (created_at, job_id) < (:before_at::timestamptz, :before_id::text))
ORDER BY created_at DESC, job_id DESC
LIMIT :most;

-- name: current_jobs(viewer, sees_all, seconds, most)
-- Active jobs, the newest first, and then those that ended in the last seconds.
(
    SELECT job_id
    FROM analysis_jobs
    WHERE status IN ('queued', 'processing')
        AND (:sees_all OR scope IN ('shared', 'schedule', 'user:' || :viewer) OR requested_by = :viewer)
    ORDER BY created_at DESC
    LIMIT :most
)
UNION ALL
(
    SELECT job_id
    FROM analysis_jobs
    WHERE completed_at > clock_timestamp() - make_interval(secs => :seconds)
        AND (:sees_all OR scope IN ('shared', 'schedule', 'user:' || :viewer) OR requested_by = :viewer)
    ORDER BY completed_at DESC
    LIMIT :most
);

-- name: count_active_jobs(viewer, sees_all)$
SELECT count(*)
FROM analysis_jobs
WHERE status IN ('queued', 'processing')
    AND (:sees_all OR scope IN ('shared', 'schedule', 'user:' || :viewer) OR requested_by = :viewer);

-- name: summarise_jobs(job_ids, viewer, sees_all)
-- Where jobs stand, in the order of the ids: counted from their details, timed by this server's clock.
SELECT
    job.job_id, job.dag_id, job.status, job.status_reason, job.requested_by, job.trigger, job.analysis_source, job.scope,
    job.attempt, job.force, job.as_of,
    job.request ->> 'strategy' AS strategy,
    job.request ->> 'data_source' AS data_source,
    (job.request #>> '{risk,capital}')::double precision AS capital,
    ARRAY(
        SELECT ticker FROM analysis_jobs_details AS first WHERE first.job_id = job.job_id ORDER BY ticker LIMIT 3
    ) AS first_tickers,
    job.total, tally.completed, tally.reused, tally.failed, tally.cancelled,
    job.total - so_far.ended AS pending,
    round(100.0 * so_far.ended / job.total, 1)::double precision AS progress_percent,
    CASE
        WHEN job.status = 'processing' AND so_far.analysed > 0
            THEN round((so_far.seconds / so_far.analysed * (job.total - so_far.ended))::numeric, 1)
    END::double precision AS eta_seconds,
    job.created_at, job.started_at, job.heartbeat_at, job.completed_at,
    round(extract(epoch FROM coalesce(job.started_at, job.completed_at, clock_timestamp()) - job.created_at), 3)
        ::double precision AS waited_seconds,
    round(so_far.seconds, 3)::double precision AS worked_seconds
FROM unnest(:job_ids::text[]) WITH ORDINALITY AS wanted (job_id, place)
JOIN analysis_jobs AS job USING (job_id)
CROSS JOIN LATERAL (
    SELECT
        count(*) FILTER (WHERE status IN ('completed', 'reused')) AS completed,
        count(*) FILTER (WHERE status = 'reused') AS reused,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'cancelled') AS cancelled
    FROM analysis_jobs_details AS detail
    WHERE detail.job_id = job.job_id
) AS tally
CROSS JOIN LATERAL (
    SELECT
        tally.completed + tally.failed + tally.cancelled AS ended,
        tally.completed - tally.reused + tally.failed AS analysed,
        extract(epoch FROM coalesce(job.completed_at, clock_timestamp()) - job.started_at) AS seconds
) AS so_far
WHERE :sees_all OR job.scope IN ('shared', 'schedule', 'user:' || :viewer) OR job.requested_by = :viewer
ORDER BY wanted.place;

-- name: recorded_join(run_id)$
-- The job of another run that this one joined. What became of a run at last is its newest record: a run that was cleared
-- may have joined first and opened its own then, or the other way round.
SELECT job_id
FROM (
    SELECT disposition, job_id FROM analysis_requests WHERE run_id = :run_id ORDER BY id DESC LIMIT 1
) AS newest
WHERE disposition = 'joined'
    AND NOT EXISTS (
        SELECT FROM analysis_jobs AS own WHERE own.job_id = :run_id AND own.status IN ('queued', 'processing')
    );

-- name: unopened_runs(run_ids, attempts, refused_too)
-- Those of the runs that have no job of ours, and had none in this attempt that was removed before its run was over.
-- Their jobs are looked up one by one, however many runs there are: all jobs are always more.
SELECT run.run_id, newest.door
FROM unnest(:run_ids::text[], :attempts::integer[]) AS run (run_id, attempt)
LEFT JOIN LATERAL (
    SELECT door, disposition FROM analysis_requests AS asked WHERE asked.run_id = run.run_id ORDER BY id DESC LIMIT 1
) AS newest ON true
WHERE (SELECT job.job_id FROM analysis_jobs AS job WHERE job.job_id = run.run_id) IS NULL
    AND NOT EXISTS (
        SELECT FROM analysis_actions
        WHERE job_id = run.run_id AND action = 'delete' AND (details -> 'job' ->> 'attempt')::integer >= run.attempt
    )
    AND (:refused_too OR newest.disposition IS DISTINCT FROM 'refused');

-- name: unopened_jobs(viewer, sees_all, job_id, status, requested_by, doors, since, before_at, before_id, most)
-- Runs that were cancelled, refused or broke before they opened a job, as jobs of a list: the newest before a place in
-- it. The last that is recorded of such a run is its end; the last record of its making before, by the same user, says
-- when and how it came in: a run that was deleted may have left its id to another one, of somebody else. There are few
-- ends: they are found first, whatever the plan thinks of the parameters.
WITH ended AS MATERIALIZED (
    SELECT id, run_id, requested_by, door, requested_at, reason, request
    FROM analysis_requests
    WHERE disposition = 'refused'
        AND run_id IS NOT NULL
        AND requested_at >= coalesce(:since::timestamptz, '-infinity')
        AND (:job_id::text IS NULL OR run_id = :job_id)
),
run AS (
    SELECT
        ended.run_id,
        ended.requested_by,
        asked.door,
        asked.created_at,
        ended.requested_at AS completed_at,
        coalesce(cancelled.reason, ended.reason) AS reason,
        coalesce(cancelled.times_cleared, 0) + 1 AS attempt,
        CASE WHEN cancelled.times_cleared IS NULL THEN 'failed' ELSE 'cancelled' END AS status,
        coalesce(ended.request, made.request) AS request
    FROM ended
    LEFT JOIN LATERAL (
        SELECT door, requested_at, request
        FROM analysis_requests AS own
        WHERE own.run_id = ended.run_id
            AND own.id < ended.id
            AND own.requested_by = ended.requested_by
            AND own.disposition = 'created'
        ORDER BY id DESC
        LIMIT 1
    ) AS made ON true
    CROSS JOIN LATERAL (
        SELECT coalesce(made.door, ended.door) AS door, coalesce(made.requested_at, ended.requested_at) AS created_at
    ) AS asked
    LEFT JOIN LATERAL (
        SELECT details ->> 'reason' AS reason, (details ->> 'unopened')::integer AS times_cleared
        FROM analysis_actions
        WHERE job_id = ended.run_id
            AND action = 'cancel'
            AND details ? 'unopened'
            AND (made.requested_at IS NULL OR acted_at >= made.requested_at)
        ORDER BY id DESC
        LIMIT 1
    ) AS cancelled ON true
    WHERE asked.created_at >= coalesce(:since::timestamptz, '-infinity')
        AND (:before_at::timestamptz IS NULL OR (asked.created_at, ended.run_id) < (:before_at, :before_id::text))
        AND (:requested_by::text IS NULL OR ended.requested_by = :requested_by)
        AND (:doors::text[] IS NULL OR asked.door = ANY(:doors))
        AND ended.id = (
            SELECT id FROM analysis_requests AS last WHERE last.run_id = ended.run_id ORDER BY id DESC LIMIT 1
        )
        AND NOT EXISTS (SELECT FROM analysis_jobs AS job WHERE job.job_id = ended.run_id)
)
SELECT
    run_id AS job_id, status, reason AS status_reason, requested_by, door, attempt, created_at, completed_at,
    request ->> 'scope' AS scope,
    (request ->> 'as_of')::date AS as_of,
    request ->> 'strategy' AS strategy,
    request ->> 'data_source' AS data_source,
    (request #>> '{risk,capital}')::double precision AS capital
FROM run
WHERE (:status::text IS NULL OR status = :status)
    AND (
        :sees_all
        OR requested_by = :viewer
        OR request ->> 'scope' IN ('shared', 'schedule', 'user:' || :viewer)
    )
ORDER BY created_at DESC, job_id DESC
LIMIT :most;

-- name: request_of_job(job_id)$
SELECT request::text FROM analysis_jobs WHERE job_id = :job_id;

-- name: requests_of_job(job_id, most)
-- Who asked for it, the first one first; each once, whatever else is recorded of its run.
SELECT requested_at, requested_by, door, disposition, run_id
FROM analysis_requests AS asked
WHERE job_id = :job_id
    AND NOT EXISTS (
        SELECT
        FROM analysis_requests AS earlier
        WHERE earlier.run_id = asked.run_id
            AND earlier.job_id = asked.job_id
            AND earlier.requested_by = asked.requested_by
            AND earlier.id < asked.id
    )
ORDER BY requested_at, id
LIMIT :most;
