-- name: store_outcomes(job_id, attempt, batch, outcomes)^
-- All outcomes of a batch in one statement: results, their raw data, the details, and the job's heartbeat.
-- Writes nothing when the attempt is over. Returns how many details have ended by it (NULL then), and how many of them
-- have no result of this job, since a newer job's stands. The batch is said for its index: without it the planner, which
-- knows how many tickers jobs have as a rule, goes through all of a large job's for each of its batches.
WITH job AS (
    UPDATE analysis_jobs
    SET heartbeat_at = clock_timestamp()
    WHERE job_id = :job_id AND attempt = :attempt AND status = 'processing'
    RETURNING job_id, seq, analysis_source, request
),
outcome AS (
    SELECT given.*
    FROM job
    CROSS JOIN jsonb_to_recordset(:outcomes::jsonb) AS given (
        ticker text, session_date date, strategy text, strategy_version text, verdict text, score numeric,
        close double precision, tick double precision, currency text, bars_used integer, bars_hash text, summary text, reasons text[],
        warnings text[], readings jsonb, entry numeric, stop_loss numeric, target numeric,
        sized_target numeric, position_size bigint, cost numeric, risk_reward numeric, notes text[],
        error_code text, error_message text
    )
),
result AS (
    INSERT INTO analysis_results AS stored (
        ticker, session_date, strategy, strategy_version, data_source, job_id, job_seq, analysis_source,
        verdict, score, close, tick, entry, stop_loss, target, currency, bars_used, bars_hash, summary, reasons,
        warnings, started_at, completed_at
    )
    SELECT
        outcome.ticker, outcome.session_date, outcome.strategy, outcome.strategy_version,
        job.request ->> 'data_source', job.job_id, job.seq, job.analysis_source,
        outcome.verdict, outcome.score, outcome.close, outcome.tick, outcome.entry, outcome.stop_loss,
        outcome.target, outcome.currency, outcome.bars_used, outcome.bars_hash, outcome.summary, outcome.reasons, outcome.warnings,
        detail.started_at, clock_timestamp()
    FROM job
    CROSS JOIN outcome
    JOIN analysis_jobs_details AS detail
        ON detail.job_id = job.job_id AND detail.batch = :batch AND detail.ticker = outcome.ticker
    WHERE outcome.error_code IS NULL AND detail.status = 'processing'
    ORDER BY outcome.ticker -- every writer takes its rows in the same order: no deadlock between jobs
    ON CONFLICT ON CONSTRAINT analysis_results_key DO UPDATE
    SET strategy_version = excluded.strategy_version,
        job_id = excluded.job_id,
        job_seq = excluded.job_seq,
        analysis_source = excluded.analysis_source,
        verdict = excluded.verdict,
        score = excluded.score,
        close = excluded.close,
        tick = excluded.tick,
        entry = excluded.entry,
        stop_loss = excluded.stop_loss,
        target = excluded.target,
        currency = excluded.currency,
        bars_used = excluded.bars_used,
        bars_hash = excluded.bars_hash,
        summary = excluded.summary,
        reasons = excluded.reasons,
        warnings = excluded.warnings,
        started_at = excluded.started_at,
        completed_at = excluded.completed_at
    WHERE stored.job_seq <= excluded.job_seq -- a result is never replaced by one of an older job
    RETURNING stored.id, stored.ticker, stored.completed_at
),
raw AS (
    INSERT INTO analysis_raw_data AS raw (result_id, readings, computed_at)
    SELECT result.id, outcome.readings, result.completed_at FROM result JOIN outcome USING (ticker)
    ON CONFLICT (result_id) DO UPDATE SET readings = excluded.readings, computed_at = excluded.computed_at
),
ended AS (
    UPDATE analysis_jobs_details AS detail
    SET status = CASE WHEN outcome.error_code IS NULL THEN 'completed' ELSE 'failed' END,
        session_date = coalesce(outcome.session_date, detail.session_date),
        verdict = outcome.verdict,
        score = outcome.score,
        entry = outcome.entry,
        stop_loss = outcome.stop_loss,
        target = outcome.sized_target,
        position_size = outcome.position_size,
        cost = outcome.cost,
        risk_reward = outcome.risk_reward,
        notes = coalesce(outcome.notes, '{}'),
        error_code = outcome.error_code,
        error_message = outcome.error_message,
        result_id = result.id,
        completed_at = clock_timestamp()
    FROM job CROSS JOIN outcome LEFT JOIN result USING (ticker)
    WHERE detail.job_id = job.job_id
        AND detail.batch = :batch
        AND detail.ticker = outcome.ticker
        AND detail.status = 'processing'
    RETURNING detail.status, detail.result_id
)
SELECT
    CASE WHEN EXISTS (SELECT FROM job) THEN (SELECT count(*) FROM ended) END AS ended,
    (SELECT count(*) FROM ended WHERE status = 'completed' AND result_id IS NULL) AS unlinked;

-- name: link_newer_results(job_id)!
-- Details whose result is a newer job's. A statement of its own: one that had to wait for the newer job does not see
-- what that has written meanwhile.
UPDATE analysis_jobs_details AS detail
SET result_id = newer.id
FROM analysis_jobs AS job, analysis_results AS newer
WHERE detail.job_id = :job_id
    AND detail.status = 'completed'
    AND detail.result_id IS NULL
    AND job.job_id = detail.job_id
    AND newer.ticker = detail.ticker
    AND newer.session_date = detail.session_date
    AND newer.strategy = job.request ->> 'strategy'
    AND newer.data_source = job.request ->> 'data_source';

-- name: fresh_results(tickers, sessions, strategy, strategy_version, data_source)
-- Results that answer a request for these tickers and sessions, whoever asked for them.
SELECT
    result.id, result.ticker, result.session_date, result.verdict, result.score,
    result.entry, result.stop_loss, result.target, result.tick
FROM unnest(:tickers::text[], :sessions::date[]) AS wanted (ticker, session_date)
JOIN analysis_results AS result USING (ticker, session_date)
WHERE result.strategy = :strategy
    AND result.strategy_version = :strategy_version
    AND result.data_source = :data_source;

-- name: insert_reused(job_id, reused)!
-- Details that are answered before any work begins; they have no batch of their own.
INSERT INTO analysis_jobs_details (
    job_id, ticker, batch, session_date, status, verdict, score, entry, stop_loss, target,
    position_size, cost, risk_reward, notes, result_id, started_at, completed_at
)
SELECT
    :job_id, given.ticker, 0, given.session_date, 'reused', given.verdict, given.score, given.entry, given.stop_loss,
    given.target, given.position_size, given.cost, given.risk_reward, coalesce(given.notes, '{}'), given.result_id,
    clock_timestamp(), clock_timestamp()
FROM jsonb_to_recordset(:reused::jsonb) AS given (
    ticker text, session_date date, verdict text, score numeric, entry numeric, stop_loss numeric, target numeric,
    position_size bigint, cost numeric, risk_reward numeric, notes text[], result_id bigint
);

-- name: verdicts(job_id)
-- What a job says, the best score first; failed tickers last.
SELECT
    detail.ticker, detail.status, detail.session_date, detail.verdict, detail.score, detail.entry, detail.stop_loss,
    detail.target, detail.position_size, detail.cost, detail.risk_reward, detail.error_code, detail.error_message,
    result.currency, result.summary, coalesce(result.reasons, '{}') AS reasons
FROM analysis_jobs_details AS detail
LEFT JOIN analysis_results AS result ON result.id = detail.result_id
WHERE detail.job_id = :job_id
ORDER BY detail.score DESC NULLS LAST, detail.ticker;
