-- name: widen(day)!
-- Every result that is stored once more, each of a ticker of its own, all of one session: a table as long as that.
INSERT INTO analysis_results (
    ticker, session_date, strategy, strategy_version, data_source, job_id, job_seq, analysis_source, verdict, score,
    close, tick, entry, stop_loss, target, currency, bars_used, bars_hash, summary, reasons, started_at, completed_at
)
SELECT
    'WIDE' || lpad(id::text, 7, '0'), :day,
    strategy, strategy_version, data_source, job_id, job_seq, analysis_source, verdict, score,
    close, tick, entry, stop_loss, target, currency, bars_used, bars_hash, summary, reasons, started_at, completed_at
FROM analysis_results
ORDER BY id;

-- name: copy_session#
-- What PostgreSQL alone takes for the same table.
COPY (
    SELECT
        result.ticker, result.symbol, result.session_date, result.strategy, result.strategy_version,
        result.data_source, result.verdict, result.score, result.close, result.entry, result.stop_loss, result.target,
        round(abs(result.target - result.entry) / abs(result.entry - result.stop_loss), 2) AS risk_reward,
        result.currency, result.summary, result.reasons, result.warnings, result.bars_used, result.analysis_source,
        result.job_id, result.completed_at
    FROM analysis_results AS result
    WHERE ticker LIKE 'WIDE%'
    ORDER BY score DESC, ticker
) TO STDOUT (FORMAT csv, HEADER);
