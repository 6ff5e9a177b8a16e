-- name: details_by_ticker(job_id, viewer, sees_all, status, error_code, after, most)
-- One page of the tickers of a job, by name: those behind a ticker.
SELECT
    detail.ticker, detail.status, detail.session_date, detail.verdict, detail.score, detail.entry, detail.stop_loss,
    detail.target, detail.position_size, detail.cost, detail.risk_reward, detail.notes, result.currency,
    detail.error_code, detail.error_message, detail.started_at, detail.completed_at,
    round(extract(epoch FROM detail.completed_at - detail.started_at), 3)::double precision AS seconds
FROM analysis_jobs AS job
JOIN analysis_jobs_details AS detail USING (job_id)
LEFT JOIN analysis_results AS result ON result.id = detail.result_id
WHERE job.job_id = :job_id
    AND (:sees_all OR job.scope IN ('shared', 'schedule', 'user:' || :viewer) OR job.requested_by = :viewer)
    AND (:status::text IS NULL OR detail.status = :status)
    AND (:error_code::text IS NULL OR detail.error_code = :error_code)
    AND (:after::text IS NULL OR detail.ticker > :after)
ORDER BY detail.ticker
LIMIT :most;

-- name: details_by_seconds(job_id, viewer, sees_all, status, error_code, after_seconds, after_ticker, most)
-- One page of the tickers of a job that have ended, those first that took longest. They are chosen before anything is
-- looked up for them.
WITH slowest AS (
    SELECT detail.*, took.seconds
    FROM analysis_jobs AS job
    JOIN analysis_jobs_details AS detail USING (job_id)
    CROSS JOIN LATERAL (
        SELECT round(extract(epoch FROM detail.completed_at - detail.started_at), 3) AS seconds
    ) AS took
    WHERE job.job_id = :job_id
        AND (:sees_all OR job.scope IN ('shared', 'schedule', 'user:' || :viewer) OR job.requested_by = :viewer)
        AND took.seconds IS NOT NULL
        AND (:status::text IS NULL OR detail.status = :status)
        AND (:error_code::text IS NULL OR detail.error_code = :error_code)
        AND (
            :after_ticker::text IS NULL
            OR (-took.seconds, detail.ticker) > (-:after_seconds::numeric, :after_ticker::text)
        )
    ORDER BY took.seconds DESC, detail.ticker
    LIMIT :most
)
SELECT
    slowest.ticker, slowest.status, slowest.session_date, slowest.verdict, slowest.score, slowest.entry,
    slowest.stop_loss, slowest.target, slowest.position_size, slowest.cost, slowest.risk_reward, slowest.notes,
    result.currency, slowest.error_code, slowest.error_message, slowest.started_at, slowest.completed_at,
    slowest.seconds::double precision AS seconds
FROM slowest
LEFT JOIN analysis_results AS result ON result.id = slowest.result_id
ORDER BY slowest.seconds DESC, slowest.ticker;

-- name: errors_of_job(job_id, viewer, sees_all, examples)
-- Why tickers of a job failed: each code once, the most frequent first, with some of the tickers and what the first of
-- them says.
SELECT
    detail.error_code AS code,
    count(*) AS count,
    (array_agg(detail.ticker ORDER BY detail.ticker))[1 : :examples] AS tickers,
    (array_agg(detail.error_message ORDER BY detail.ticker))[1] AS message
FROM analysis_jobs AS job
JOIN analysis_jobs_details AS detail USING (job_id)
WHERE job.job_id = :job_id
    AND (:sees_all OR job.scope IN ('shared', 'schedule', 'user:' || :viewer) OR job.requested_by = :viewer)
    AND detail.status = 'failed'
GROUP BY detail.error_code
ORDER BY count(*) DESC, detail.error_code;
