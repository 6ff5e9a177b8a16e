-- name: add_jobs(jobs, key_every, claim_key, request, tickers)!
-- Ended jobs, one every ten minutes up to now. The work of `claim_key` comes again and again.
-- One job in ten has one ticker more, that failed.
INSERT INTO analysis_jobs (
    job_id, dag_id, claim_key, request, scope, requested_by, trigger, analysis_source, status, status_reason, total,
    created_at, started_at, heartbeat_at, completed_at
)
SELECT
    'past-' || number,
    'analyze_stocks',
    CASE WHEN mod(number, :key_every) = 0 THEN :claim_key ELSE encode(sha256(number::text::bytea), 'hex') END,
    :request,
    'user:admin',
    'admin',
    'api',
    'demo',
    CASE WHEN mod(number, 10) = 0 THEN 'completed_with_errors' ELSE 'completed' END,
    CASE WHEN mod(number, 10) = 0 THEN '1 not_found' END,
    :tickers + CASE WHEN mod(number, 10) = 0 THEN 1 ELSE 0 END,
    moment,
    moment + interval '1 second',
    moment + interval '3 seconds',
    moment + interval '3 seconds'
FROM generate_series(0, :jobs - 1) AS number
CROSS JOIN LATERAL (SELECT now() - (:jobs - number) * interval '10 minutes') AS ended (moment)
ORDER BY number;

-- name: add_results(first, last, tickers, jobs_a_day, first_day, strategy, strategy_version, reasons, summary)!
-- Of the jobs from the first to the last. The jobs of a day have other tickers each; those of the next day have the same tickers again.
INSERT INTO analysis_results (
    ticker, session_date, strategy, strategy_version, data_source, job_id, job_seq, analysis_source, verdict, score,
    close, tick, entry, stop_loss, target, currency, bars_used, bars_hash, summary, reasons, started_at, completed_at
)
SELECT
    'BENCH' || lpad(named, greatest(length(named), 4), '0'),
    :first_day::date + number / :jobs_a_day,
    :strategy, :strategy_version, 'demo', job.job_id, job.seq, 'demo',
    CASE WHEN bought THEN 'Buy' ELSE 'Hold' END,
    CASE WHEN bought THEN 60 ELSE 45 END + mod(number + place, 100) * 0.1,
    100, 0.01,
    CASE WHEN bought THEN 100 END,
    CASE WHEN bought THEN 95 END,
    CASE WHEN bought THEN 110 END,
    'USD', 500, md5(job.job_id || place), :summary, :reasons, job.started_at, job.completed_at
FROM generate_series(:first::integer, :last::integer) AS number
JOIN analysis_jobs AS job ON job.job_id = 'past-' || number
CROSS JOIN generate_series(0, :tickers - 1) AS place
CROSS JOIN LATERAL (
    SELECT mod(place, 2) = 1, (mod(number, :jobs_a_day) * :tickers + place)::text
) AS kind (bought, named)
ORDER BY number, place;

-- name: add_raw_data(first, last, readings)!
INSERT INTO analysis_raw_data (result_id, readings, computed_at)
SELECT result.id, :readings, result.completed_at
FROM generate_series(:first::integer, :last::integer) AS number
JOIN analysis_results AS result ON result.job_id = 'past-' || number
ORDER BY result.id;

-- name: add_details(first, last)!
-- Of every result of these jobs the detail.
INSERT INTO analysis_jobs_details (
    job_id, ticker, batch, session_date, status, verdict, score, entry, stop_loss, target, position_size, cost,
    risk_reward, result_id, started_at, completed_at
)
SELECT
    job_id, ticker, 0, session_date, 'completed', verdict, score, entry, stop_loss, target, entry - 60, entry * 40, 2,
    id, started_at, completed_at
FROM generate_series(:first::integer, :last::integer) AS number
JOIN analysis_results AS result ON result.job_id = 'past-' || number
ORDER BY id;

-- name: write_unchecked#
-- No trigger runs and no foreign key is looked at: for what is known to be right, and too much to be looked at.
SET session_replication_role = replica;

-- name: write_checked#
RESET session_replication_role;

-- name: add_latest_results()!
-- What the triggers would have kept.
INSERT INTO latest_results
SELECT DISTINCT ON (ticker, strategy, data_source)
    ticker, strategy, data_source, id, session_date, verdict, score, analysis_source, completed_at
FROM analysis_results
ORDER BY ticker, strategy, data_source, session_date DESC;

-- name: add_follow_ups(first, last)!
-- What the trigger would have begun, and what came of it.
INSERT INTO follow_ups (
    result_id, ticker, strategy, data_source, session_date, verdict, score, written_at, state, through, evaluated_at,
    return_1, return_5, return_20, session_1, session_5, session_20, first_touch
)
SELECT
    id, ticker, strategy, data_source, session_date, verdict, score, completed_at, 'complete', session_date + 20, completed_at,
    0.01, -0.02, 0.03, session_date + 1, session_date + 5, session_date + 20, 'neither'
FROM generate_series(:first::integer, :last::integer) AS number
JOIN analysis_results AS result ON result.job_id = 'past-' || number
ORDER BY id;

-- name: add_failures()!
-- The ticker that failed.
INSERT INTO analysis_jobs_details (
    job_id, ticker, batch, status, error_code, error_message, started_at, completed_at
)
SELECT job_id, 'BENCHGONE', 0, 'failed', 'not_found', 'the source does not know it', started_at, completed_at
FROM analysis_jobs
WHERE status = 'completed_with_errors'
ORDER BY seq;

-- name: add_requests()!
-- The record of the request that made each job.
INSERT INTO analysis_requests (
    requested_at, requested_by, door, raw, request, disposition, job_id, run_id, latency_ms
)
SELECT created_at, requested_by, 'api', request, request, 'created', job_id, job_id, 30
FROM analysis_jobs
ORDER BY seq;

-- name: look_over#
-- As autovacuum would do in time.
VACUUM ANALYZE
    analysis_jobs, analysis_jobs_details, analysis_results, analysis_raw_data, analysis_requests, follow_ups;
