-- name: add_source(data_source)!
INSERT INTO source_limits (data_source, due_at) VALUES (:data_source, clock_timestamp())
ON CONFLICT (data_source) DO NOTHING;

-- name: take_turn(data_source, holder, between, burst, horizon, probe)^
-- Count one request, if it may leave within `horizon` seconds, and say in how many. No row: not now.
-- Whoever comes first after a pause probes: for everybody else the pause goes on until there is an answer.
UPDATE source_limits
SET due_at = greatest(due_at, clock_timestamp()) + make_interval(secs => :between),
    probed_by = CASE WHEN paused_until IS NOT NULL THEN :holder END,
    paused_until = CASE WHEN paused_until IS NOT NULL THEN clock_timestamp() + make_interval(secs => :probe) END
WHERE data_source = :data_source
    AND due_at - make_interval(secs => :burst) <= clock_timestamp() + make_interval(secs => :horizon)
    AND (paused_until IS NULL OR paused_until <= clock_timestamp() OR probed_by = :holder)
RETURNING greatest(
    0,
    extract(epoch FROM due_at - clock_timestamp()) - :between - :burst
)::double precision AS seconds;

-- name: source_state(data_source)^
SELECT
    greatest(0, extract(epoch FROM due_at - clock_timestamp()))::double precision AS due_seconds,
    greatest(0, extract(epoch FROM paused_until - clock_timestamp()))::double precision AS paused_seconds,
    probed_by IS NOT NULL AS probed, paused_code, paused_message, failures, failing_since, succeeded_at,
    extract(epoch FROM clock_timestamp() - failing_since)::double precision AS failing_seconds
FROM source_limits
WHERE data_source = :data_source;

-- name: note_source_success(data_source)!
-- One answer is enough: the source is there. Written once a second at most while nothing is wrong.
UPDATE source_limits
SET succeeded_at = clock_timestamp(),
    failures = 0,
    failing_since = NULL,
    pauses = 0,
    paused_until = NULL,
    paused_code = NULL,
    paused_message = NULL,
    probed_by = NULL
WHERE data_source = :data_source
    AND (failures > 0 OR succeeded_at IS NULL OR succeeded_at < clock_timestamp() - interval '1 second');

-- name: is_the_tickers_own(data_source, ticker)$
-- Whether a failure says nothing of the source: the ticker failed before, and others had answers since.
SELECT EXISTS (
    SELECT FROM price_series AS series
    JOIN source_limits AS source USING (data_source)
    WHERE series.data_source = :data_source AND series.ticker = :ticker AND series.failed_at < source.succeeded_at
);

-- name: end_probe(data_source)!
-- The probe has told nothing: the next one may try.
UPDATE source_limits
SET probed_by = NULL, paused_until = clock_timestamp()
WHERE data_source = :data_source AND probed_by IS NOT NULL;

-- name: note_source_failure(data_source, code, message, at_once, most_failures, first_pause, longest_pause)!
-- One more failure in a row. At the `most_failures`-th, `at_once`, or when it was the probe after a pause, everybody
-- pauses, each time twice as long. What was on its way when a pause began does not lengthen it.
UPDATE source_limits AS source
SET failures = source.failures + 1,
    failing_since = coalesce(source.failing_since, clock_timestamp()),
    pauses = source.pauses + CASE WHEN pause.begins THEN 1 ELSE 0 END,
    paused_until = CASE
        WHEN pause.begins THEN clock_timestamp() + make_interval(
            secs => least(:longest_pause, :first_pause * power(2, least(source.pauses, 20)))
        )
        ELSE source.paused_until
    END,
    paused_code = CASE WHEN pause.begins THEN :code ELSE source.paused_code END,
    paused_message = CASE WHEN pause.begins THEN :message ELSE source.paused_message END,
    probed_by = NULL
FROM (
    SELECT
        data_source,
        probed_by IS NOT NULL
        OR (paused_until IS NULL AND (:at_once OR failures + 1 >= :most_failures)) AS begins
    FROM source_limits
    WHERE data_source = :data_source
) AS pause
WHERE source.data_source = pause.data_source;

-- name: waiting_tickers(data_source)$
-- How many tickers all active jobs still want from a source.
SELECT count(*)
FROM analysis_jobs AS job
JOIN analysis_jobs_details AS detail USING (job_id)
WHERE job.status IN ('queued', 'processing')
    AND detail.status IN ('queued', 'processing')
    AND job.request ->> 'data_source' = :data_source;
