-- name: days_of_work(viewer, sees_all, days)
-- What ended on each of the last days, in UTC. Of a job that is `completed` every ticker has its result: only of the
-- others the details are read. now() and no other clock: the planner looks at it, and knows how few jobs there are.
WITH ended AS MATERIALIZED (
    SELECT job_id, status, total, (completed_at AT TIME ZONE 'UTC')::date AS day
    FROM analysis_jobs
    WHERE completed_at >= ((now() AT TIME ZONE 'UTC')::date - (:days::integer - 1))::timestamp AT TIME ZONE 'UTC'
        AND (:sees_all OR scope IN ('shared', 'schedule', 'user:' || :viewer) OR requested_by = :viewer)
),
counted AS (
    SELECT
        day,
        jsonb_object_agg(status, jobs) AS jobs,
        coalesce(sum(tickers) FILTER (WHERE status = 'completed'), 0) AS tickers_done
    FROM (SELECT day, status, count(*) AS jobs, sum(total) AS tickers FROM ended GROUP BY day, status) AS by_status
    GROUP BY day
),
detailed AS (
    SELECT ended.day, of_job.error_code, sum(of_job.tickers) AS tickers
    FROM ended
    CROSS JOIN LATERAL (
        SELECT error_code, count(*) AS tickers
        FROM analysis_jobs_details AS detail
        WHERE detail.job_id = ended.job_id AND detail.status IN ('completed', 'reused', 'failed')
        GROUP BY error_code
    ) AS of_job
    WHERE ended.status <> 'completed'
    GROUP BY ended.day, of_job.error_code
),
troubled AS (
    SELECT
        day,
        coalesce(sum(tickers) FILTER (WHERE error_code IS NULL), 0) AS tickers_done,
        coalesce(sum(tickers) FILTER (WHERE error_code IS NOT NULL), 0) AS tickers_failed,
        jsonb_object_agg(error_code, tickers) FILTER (WHERE error_code IS NOT NULL) AS failures
    FROM detailed
    GROUP BY day
)
SELECT
    today - back AS day,
    coalesce(counted.jobs, '{}') AS jobs,
    (coalesce(counted.tickers_done, 0) + coalesce(troubled.tickers_done, 0))::bigint AS tickers_done,
    coalesce(troubled.tickers_failed, 0)::bigint AS tickers_failed,
    coalesce(troubled.failures, '{}') AS failures
FROM (SELECT (now() AT TIME ZONE 'UTC')::date AS today) AS now
CROSS JOIN generate_series(:days::integer - 1, 0, -1) AS back
LEFT JOIN counted ON counted.day = today - back
LEFT JOIN troubled ON troubled.day = today - back
ORDER BY day;

-- name: waiting_jobs(viewer, sees_all)
-- The active jobs by the source of their prices.
SELECT
    job.request ->> 'data_source' AS data_source,
    count(*) FILTER (WHERE job.status = 'queued') AS queued_jobs,
    count(*) FILTER (WHERE job.status = 'processing') AS running_jobs,
    sum(open.tickers)::bigint AS waiting_tickers,
    min(job.created_at) AS oldest_created_at
FROM analysis_jobs AS job
CROSS JOIN LATERAL (
    SELECT count(*) AS tickers
    FROM analysis_jobs_details AS detail
    WHERE detail.job_id = job.job_id AND detail.status IN ('queued', 'processing')
) AS open
WHERE job.status IN ('queued', 'processing')
    AND (:sees_all OR job.scope IN ('shared', 'schedule', 'user:' || :viewer) OR job.requested_by = :viewer)
GROUP BY 1
ORDER BY 1;

-- name: source_standing(data_source, sees_all, between, burst, away_seconds)^
-- How a source stands. What was said of it names a ticker of somebody's job.
SELECT
    limits.data_source,
    greatest(0, floor((:burst - ahead.seconds) / :between) + 1)::integer AS requests_now,
    greatest(0, ahead.seconds - :burst)::double precision AS next_seconds,
    greatest(0, extract(epoch FROM paused_until - clock_timestamp()))::double precision AS paused_seconds,
    paused_code,
    CASE WHEN :sees_all THEN paused_message END AS paused_message,
    probed_by IS NOT NULL AS probed,
    paused_until IS NOT NULL
        AND coalesce(failing_since < clock_timestamp() - make_interval(secs => :away_seconds), false) AS given_up,
    failures, failing_since, succeeded_at
FROM source_limits AS limits
CROSS JOIN LATERAL (
    SELECT greatest(0, extract(epoch FROM due_at - clock_timestamp()))::double precision AS seconds
) AS ahead
WHERE limits.data_source = :data_source;
