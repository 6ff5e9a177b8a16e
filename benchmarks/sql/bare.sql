-- name: make_bare_tables#
-- The shape of ours, with their checks and indexes; nothing refers to other tables.
CREATE TABLE bare_results (LIKE analysis_results INCLUDING ALL);
CREATE TABLE bare_raw_data (LIKE analysis_raw_data INCLUDING ALL);
GRANT INSERT ON bare_results, bare_raw_data TO stocks_app;

-- name: insert_bare_results*!
INSERT INTO bare_results (
    ticker, session_date, strategy, strategy_version, data_source, job_id, job_seq, analysis_source, verdict, score,
    close, tick, entry, stop_loss, target, currency, bars_used, bars_hash, summary, reasons, warnings,
    started_at, completed_at
)
VALUES (
    :ticker, :session_date, :strategy, :strategy_version, 'demo', :job_id, 1, 'demo', :verdict, :score,
    :close, :tick, :entry, :stop_loss, :target, :currency, :bars_used, :bars_hash, :summary, :reasons, :warnings,
    clock_timestamp(), clock_timestamp()
);

-- name: insert_bare_raw_data*!
INSERT INTO bare_raw_data (result_id, readings) VALUES (:result_id, :readings);
