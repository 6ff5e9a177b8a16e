-- name: stored_outcomes(job_id, ticker)
-- What is stored of a job, or of a ticker by the job that wrote it, column by column; levels as text with their digits.
SELECT
    detail.job_id, job.request, result.data_source,
    result.ticker, result.session_date::text AS session_date, result.strategy, result.strategy_version,
    result.verdict, result.score::double precision AS score, result.close, result.tick, result.currency,
    result.bars_used, result.bars_hash, result.summary, result.reasons, result.warnings,
    result.entry::text AS entry, result.stop_loss::text AS stop_loss, result.target::text AS target, raw.readings,
    detail.target::text AS sized_target, detail.position_size, detail.cost::text AS cost,
    detail.risk_reward::text AS risk_reward, detail.notes
FROM analysis_jobs_details AS detail
JOIN analysis_jobs AS job USING (job_id)
JOIN analysis_results AS result ON result.id = detail.result_id
JOIN analysis_raw_data AS raw ON raw.result_id = result.id
WHERE (:job_id::text IS NULL OR detail.job_id = :job_id)
    AND (:job_id::text IS NOT NULL OR detail.job_id = result.job_id)
    AND (:ticker::text IS NULL OR detail.ticker = :ticker)
ORDER BY result.ticker, result.session_date, result.strategy;
