-- name: tickers_to_follow(demo_session, after_source, after_ticker, most)
-- Tickers with verdicts of which more can be known than is: nobody has looked yet, there are newer bars (the demo has
-- them up to `demo_session`), or there will be no more. `since` is the oldest session of such a verdict. Yahoo has the
-- prices of a renamed ticker, those of the past too, under its new name.
SELECT
    followed.data_source, followed.ticker, min(followed.session_date) AS since, count(*) AS verdicts,
    coalesce(max(alias.renamed_to), followed.ticker) AS listed_as,
    coalesce(bool_or(series.dead_since IS NOT NULL), false) AS is_dead
FROM follow_ups AS followed
LEFT JOIN ticker_aliases AS alias ON alias.ticker = followed.ticker AND followed.data_source = 'yahoo'
LEFT JOIN price_series AS series
    ON series.ticker = coalesce(alias.renamed_to, followed.ticker) AND series.data_source = followed.data_source
WHERE followed.state IN ('waiting', 'pending', 'ended')
    AND (followed.data_source, followed.ticker) > (:after_source, :after_ticker)
GROUP BY followed.data_source, followed.ticker
HAVING bool_or(
    followed.state = 'waiting'
    OR (followed.state = 'pending' AND series.dead_since IS NOT NULL)
    OR followed.through < CASE followed.data_source
        WHEN 'yahoo' THEN series.last_session
        WHEN 'demo' THEN :demo_session
    END
)
ORDER BY followed.data_source, followed.ticker
LIMIT :most;

-- name: verdicts_to_follow(data_source, tickers)
-- All verdicts of these tickers of which more may be known.
SELECT
    followed.result_id, followed.ticker, followed.session_date AS session, followed.written_at,
    result.close, result.stop_loss::double precision, result.target::double precision
FROM follow_ups AS followed
JOIN analysis_results AS result ON result.id = followed.result_id
WHERE followed.state IN ('waiting', 'pending', 'ended')
    AND followed.data_source = :data_source
    AND followed.ticker = ANY(:tickers)
ORDER BY followed.result_id;

-- name: store_follow_ups(followed)!
-- What is new of them. One that was written anew meanwhile, or that somebody else has followed further, stays as it is.
UPDATE follow_ups AS stored
SET state = given.state,
    through = given.through,
    evaluated_at = clock_timestamp(),
    return_1 = given.return_1,
    return_5 = given.return_5,
    return_20 = given.return_20,
    session_1 = given.session_1,
    session_5 = given.session_5,
    session_20 = given.session_20,
    first_touch = given.first_touch,
    touched_after = given.touched_after
FROM jsonb_to_recordset(:followed::jsonb) AS given (
    result_id bigint, written_at timestamptz, state text, through date,
    return_1 double precision, return_5 double precision, return_20 double precision,
    session_1 date, session_5 date, session_20 date, first_touch text, touched_after smallint
)
WHERE stored.result_id = given.result_id
    AND stored.written_at = given.written_at
    AND coalesce(stored.through, '-infinity') <= given.through
    AND (stored.state, stored.through) IS DISTINCT FROM (given.state, given.through);

-- name: read_follow_ups(strategy, data_source, since, until, verdicts, touches)
-- The follow-ups of a strategy and a source, a row a ticker; a column is one value, in PostgreSQL's binary form.
SELECT
    count(*) AS verdicts,
    string_agg(date_send(session_date), '') AS days,
    string_agg(int2send(array_position(:verdicts::text[], verdict)::smallint), '') AS verdict,
    string_agg(float8send(score::double precision), '') AS score,
    string_agg(float8send(coalesce(return_1, 'NaN')), '') AS return_1,
    string_agg(float8send(coalesce(return_5, 'NaN')), '') AS return_5,
    string_agg(float8send(coalesce(return_20, 'NaN')), '') AS return_20,
    string_agg(date_send(coalesce(session_1, session_date)), '') AS session_1,
    string_agg(date_send(coalesce(session_5, session_date)), '') AS session_5,
    string_agg(date_send(coalesce(session_20, session_date)), '') AS session_20,
    string_agg(int2send(coalesce(array_position(:touches::text[], first_touch), 0)::smallint), '') AS touch,
    string_agg(boolsend(state IN ('waiting', 'pending')), '') AS is_open
FROM follow_ups
WHERE strategy = :strategy
    AND data_source = :data_source
    AND session_date >= coalesce(:since::date, '-infinity')
    AND session_date <= coalesce(:until::date, 'infinity')
GROUP BY ticker
ORDER BY ticker;

-- name: followed_series()
-- By strategy and source how many follow-ups there are, when the newest was evaluated, and whether that is kept.
SELECT
    strategy, data_source, found.follow_ups, found.evaluated_at,
    (kept.follow_ups, kept.evaluated_at) IS NOT DISTINCT FROM (found.follow_ups, found.evaluated_at) AS is_kept
FROM (
    SELECT strategy, data_source, count(*) AS follow_ups, max(evaluated_at) AS evaluated_at
    FROM follow_ups
    GROUP BY strategy, data_source
) AS found
LEFT JOIN track_records AS kept USING (strategy, data_source)
WHERE found.evaluated_at IS NOT NULL
ORDER BY strategy, data_source;

-- name: keep_record(strategy, data_source, follow_ups, evaluated_at, record)!
INSERT INTO track_records (strategy, data_source, follow_ups, evaluated_at, record)
VALUES (:strategy, :data_source, :follow_ups, :evaluated_at, :record)
ON CONFLICT (strategy, data_source) DO UPDATE
SET follow_ups = excluded.follow_ups, evaluated_at = excluded.evaluated_at, record = excluded.record;

-- name: forget_records()!
-- Records of which all results are gone.
DELETE FROM track_records AS kept
WHERE NOT EXISTS (
    SELECT FROM follow_ups AS followed
    WHERE followed.strategy = kept.strategy AND followed.data_source = kept.data_source
);

-- name: kept_records(strategy, data_source)
SELECT record FROM track_records
WHERE (:strategy::text IS NULL OR strategy = :strategy) AND (:data_source::text IS NULL OR data_source = :data_source)
ORDER BY strategy, data_source;

-- name: kept_series(strategy, data_source)
SELECT strategy, data_source FROM track_records
WHERE (:strategy::text IS NULL OR strategy = :strategy) AND (:data_source::text IS NULL OR data_source = :data_source)
ORDER BY strategy, data_source;

-- name: follow_ups_of_ticker(ticker, strategy, data_source, before_session, before_id, most)
-- What came of a ticker's verdicts, the newest session first.
SELECT
    followed.result_id, followed.ticker, followed.session_date, followed.strategy, followed.data_source,
    followed.verdict, followed.score, result.close, result.stop_loss, result.target, followed.state, followed.through,
    followed.return_1, followed.return_5, followed.return_20, followed.first_touch, followed.touched_after
FROM analysis_results AS result
JOIN follow_ups AS followed ON followed.result_id = result.id
WHERE result.ticker = :ticker
    AND (:strategy::text IS NULL OR result.strategy = :strategy)
    AND (:data_source::text IS NULL OR result.data_source = :data_source)
    AND (
        :before_session::date IS NULL
        OR (result.session_date, result.id) < (:before_session::date, :before_id::bigint)
    )
ORDER BY result.session_date DESC, result.id DESC
LIMIT :most;
