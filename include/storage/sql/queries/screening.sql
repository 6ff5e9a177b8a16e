-- name: screen(job_id, session, tickers, prefix, strategy, data_source, verdicts, min_score, max_score, analysis_source, viewer, sees_all, sort, after_key, after_ticker, most)
-- The screener: of each ticker the latest result (of a session, of a job, where one is given) by strategy and source,
-- and of those the ones with such a verdict, score and origin. So nobody is shown a Buy that a Sell has followed.
WITH chosen AS (
    SELECT latest.*
    FROM latest_results AS latest
    WHERE :job_id::text IS NULL AND :session::date IS NULL
    UNION ALL
    SELECT ticker, strategy, data_source, id, session_date, verdict, score, analysis_source, completed_at
    FROM analysis_results
    WHERE :job_id::text IS NULL AND session_date = :session::date
    UNION ALL
    SELECT
        result.ticker, result.strategy, result.data_source, result.id, result.session_date, result.verdict,
        result.score, result.analysis_source, result.completed_at
    FROM analysis_jobs AS job
    JOIN analysis_jobs_details AS detail USING (job_id)
    JOIN analysis_results AS result ON result.id = detail.result_id
    WHERE job.job_id = :job_id::text
        AND (:session::date IS NULL OR result.session_date = :session)
        AND (:sees_all OR job.scope IN ('shared', 'schedule', 'user:' || :viewer) OR job.requested_by = :viewer)
),
newest AS (
    SELECT DISTINCT ON (ticker) chosen.*
    FROM chosen
    WHERE (:tickers::text[] IS NULL OR ticker = ANY(:tickers))
        AND (:prefix::text IS NULL OR starts_with(ticker, :prefix))
        AND (:strategy::text IS NULL OR strategy = :strategy)
        AND (:data_source::text IS NULL OR data_source = :data_source)
    ORDER BY ticker, session_date DESC, completed_at DESC, result_id DESC
),
keyed AS (
    SELECT
        newest.*,
        CASE :sort::text
            WHEN 'score' THEN score::double precision
            WHEN '-score' THEN -score::double precision
            WHEN 'session' THEN (session_date - date '2000-01-01')::double precision
            WHEN '-session' THEN (date '2000-01-01' - session_date)::double precision
            WHEN 'completed_at' THEN extract(epoch FROM completed_at)::double precision
            WHEN '-completed_at' THEN -extract(epoch FROM completed_at)::double precision
            ELSE 0
        END AS key
    FROM newest
    WHERE (:verdicts::text[] IS NULL OR verdict = ANY(:verdicts))
        AND (:min_score::double precision IS NULL OR score >= :min_score)
        AND (:max_score::double precision IS NULL OR score <= :max_score)
        AND (:analysis_source::text IS NULL OR analysis_source = :analysis_source)
),
page AS MATERIALIZED (
    SELECT result_id, ticker, key, CASE WHEN :sort = '-ticker' THEN ticker END AS backwards
    FROM keyed
    WHERE :after_ticker::text IS NULL
        OR CASE
            WHEN :sort = '-ticker' THEN ticker < :after_ticker
            ELSE (key, ticker) > (:after_key::double precision, :after_ticker)
        END
    ORDER BY backwards DESC, key, ticker
    LIMIT :most::bigint
)
SELECT
    page.key,
    result.ticker, result.symbol, result.session_date, result.strategy, result.strategy_version, result.data_source,
    result.verdict, result.score, result.close, result.entry, result.stop_loss, result.target,
    round(abs(result.target - result.entry) / abs(result.entry - result.stop_loss), 2) AS risk_reward,
    result.currency, result.summary, result.reasons, result.warnings, result.bars_used, result.analysis_source,
    result.job_id, result.completed_at
FROM page
JOIN analysis_results AS result ON result.id = page.result_id
ORDER BY page.backwards DESC, page.key, page.ticker;

-- name: count_verdicts(job_id, session, tickers, prefix, strategy, data_source, min_score, max_score, analysis_source, viewer, sees_all)
-- How many rows of the screener have each verdict; which rows those are is said there in the same words.
WITH chosen AS (
    SELECT latest.*
    FROM latest_results AS latest
    WHERE :job_id::text IS NULL AND :session::date IS NULL
    UNION ALL
    SELECT ticker, strategy, data_source, id, session_date, verdict, score, analysis_source, completed_at
    FROM analysis_results
    WHERE :job_id::text IS NULL AND session_date = :session::date
    UNION ALL
    SELECT
        result.ticker, result.strategy, result.data_source, result.id, result.session_date, result.verdict,
        result.score, result.analysis_source, result.completed_at
    FROM analysis_jobs AS job
    JOIN analysis_jobs_details AS detail USING (job_id)
    JOIN analysis_results AS result ON result.id = detail.result_id
    WHERE job.job_id = :job_id::text
        AND (:session::date IS NULL OR result.session_date = :session)
        AND (:sees_all OR job.scope IN ('shared', 'schedule', 'user:' || :viewer) OR job.requested_by = :viewer)
),
newest AS (
    SELECT DISTINCT ON (ticker) verdict, score, analysis_source
    FROM chosen
    WHERE (:tickers::text[] IS NULL OR ticker = ANY(:tickers))
        AND (:prefix::text IS NULL OR starts_with(ticker, :prefix))
        AND (:strategy::text IS NULL OR strategy = :strategy)
        AND (:data_source::text IS NULL OR data_source = :data_source)
    ORDER BY ticker, session_date DESC, completed_at DESC, result_id DESC
)
SELECT verdict, count(*) AS results
FROM newest
WHERE (:min_score::double precision IS NULL OR score >= :min_score)
    AND (:max_score::double precision IS NULL OR score <= :max_score)
    AND (:analysis_source::text IS NULL OR analysis_source = :analysis_source)
GROUP BY verdict;

-- name: series_of_ticker(ticker)
-- By which strategies and from which sources a ticker has results, and the latest of each; the newest first.
SELECT strategy, data_source, session_date, verdict, score, completed_at
FROM latest_results
WHERE ticker = :ticker
ORDER BY session_date DESC, completed_at DESC, strategy, data_source;

-- name: results_of_ticker(ticker, strategy, data_source, before_session, before_id, most)
-- All sessions of a ticker, the newest first.
SELECT
    result.id,
    result.ticker, result.symbol, result.session_date, result.strategy, result.strategy_version, result.data_source,
    result.verdict, result.score, result.close, result.entry, result.stop_loss, result.target,
    round(abs(result.target - result.entry) / abs(result.entry - result.stop_loss), 2) AS risk_reward,
    result.currency, result.summary, result.reasons, result.warnings, result.bars_used, result.analysis_source,
    result.job_id, result.completed_at
FROM analysis_results AS result
WHERE result.ticker = :ticker
    AND (:strategy::text IS NULL OR result.strategy = :strategy)
    AND (:data_source::text IS NULL OR result.data_source = :data_source)
    AND (
        :before_session::date IS NULL
        OR (result.session_date, result.id) < (:before_session::date, :before_id::bigint)
    )
ORDER BY result.session_date DESC, result.id DESC
LIMIT :most;

-- name: readings_of_result(result_id)$
SELECT readings FROM analysis_raw_data WHERE result_id = :result_id;

-- name: stored_bars(ticker, data_source, since, until)
SELECT session_date, open, high, low, close, volume, adjustment
FROM prices
WHERE ticker = :ticker
    AND data_source = :data_source
    AND session_date >= coalesce(:since::date, '-infinity')
    AND session_date <= coalesce(:until::date, 'infinity')
ORDER BY session_date;

-- name: currency_of_prices(ticker, data_source)$
SELECT currency FROM price_series WHERE ticker = :ticker AND data_source = :data_source;
