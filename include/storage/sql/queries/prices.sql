-- name: read_series(data_source, tickers, sinces, untils)
-- Tickers with their state and their bars, in one statement; a column of bars is one value, in PostgreSQL's binary form.
SELECT
    wanted.ticker, series.currency, series.timezone, series.known_from, series.last_session,
    extract(epoch FROM clock_timestamp() - series.asked_at)::double precision AS asked_seconds_ago, series.asked_for,
    series.said_code, series.said_message, series.misses, series.missed_session, series.dead_since,
    series.failed_message, series.replaced_at, series.replaced_reason,
    bars.*
FROM unnest(:tickers::text[], :sinces::date[], :untils::date[]) AS wanted (ticker, since, until)
LEFT JOIN price_series AS series ON series.ticker = wanted.ticker AND series.data_source = :data_source
CROSS JOIN LATERAL (
    SELECT
        string_agg(date_send(bar.session_date), '' ORDER BY bar.session_date) AS sessions,
        string_agg(float8send(bar.open), '' ORDER BY bar.session_date) AS open,
        string_agg(float8send(bar.high), '' ORDER BY bar.session_date) AS high,
        string_agg(float8send(bar.low), '' ORDER BY bar.session_date) AS low,
        string_agg(float8send(bar.close), '' ORDER BY bar.session_date) AS close,
        string_agg(float8send(bar.volume), '' ORDER BY bar.session_date) AS volume,
        string_agg(float8send(bar.adjustment), '' ORDER BY bar.session_date) AS adjustment
    FROM prices AS bar
    WHERE bar.ticker = wanted.ticker
        AND bar.data_source = :data_source
        AND bar.session_date >= wanted.since
        AND bar.session_date <= coalesce(wanted.until, 'infinity')
) AS bars;

-- name: lock_source(data_source)!
-- Whoever leases waits here for the others who do.
INSERT INTO source_limits (data_source, due_at) VALUES (:data_source, clock_timestamp())
ON CONFLICT (data_source) DO UPDATE SET data_source = excluded.data_source;

-- name: other_holders(data_source, holder)$
SELECT count(DISTINCT leased_by) FROM price_series
WHERE data_source = :data_source
    AND leased_by IS NOT NULL AND leased_by <> :holder
    AND leased_until > clock_timestamp();

-- name: lease_series(data_source, tickers, holder, seconds)
-- Those of the tickers that nobody else is fetching; they are the holder's now.
INSERT INTO price_series AS series (data_source, ticker, leased_by, leased_until)
SELECT :data_source, wanted.ticker, :holder, clock_timestamp() + make_interval(secs => :seconds)
FROM unnest(:tickers::text[]) AS wanted (ticker)
ORDER BY wanted.ticker
ON CONFLICT (ticker, data_source) DO UPDATE
SET leased_by = excluded.leased_by, leased_until = excluded.leased_until
WHERE series.leased_by IS NULL
    OR series.leased_by = excluded.leased_by
    OR series.leased_until <= clock_timestamp()
RETURNING series.ticker;

-- name: renew_leases(data_source, holder, seconds)!
UPDATE price_series SET leased_until = clock_timestamp() + make_interval(secs => :seconds)
WHERE data_source = :data_source AND leased_by = :holder;

-- name: end_leases(data_source, holder)!
UPDATE price_series SET leased_by = NULL, leased_until = NULL
WHERE data_source = :data_source AND leased_by = :holder;

-- name: store_bars(data_source, ticker, sessions, open, high, low, close, volume, adjustment, whole)!
-- New bars, and those that changed. `whole`: they are all that there is, so others go.
WITH given AS (
    SELECT
        date '2000-01-01' + bar.session AS session_date,
        bar.open, bar.high, bar.low, bar.close, bar.volume, bar.adjustment
    FROM unnest(
        :sessions::integer[], :open::double precision[], :high::double precision[], :low::double precision[],
        :close::double precision[], :volume::double precision[], :adjustment::double precision[]
    ) AS bar (session, open, high, low, close, volume, adjustment)
),
gone AS (
    DELETE FROM prices
    WHERE :whole
        AND data_source = :data_source
        AND ticker = :ticker
        AND session_date NOT IN (SELECT given.session_date FROM given)
)
INSERT INTO prices AS bar (
    data_source, ticker, session_date, open, high, low, close, volume, adjustment
)
SELECT :data_source, :ticker, given.* FROM given
ON CONFLICT (ticker, data_source, session_date) DO UPDATE
SET open = excluded.open,
    high = excluded.high,
    low = excluded.low,
    close = excluded.close,
    volume = excluded.volume,
    adjustment = excluded.adjustment
WHERE (bar.open, bar.high, bar.low, bar.close, bar.volume, bar.adjustment)
    IS DISTINCT FROM
    (excluded.open, excluded.high, excluded.low, excluded.close, excluded.volume, excluded.adjustment);

-- name: note_answer(data_source, ticker, holder, asked_for, currency, timezone, known_from, said_code, said_message, missed, dead_after, replaced_reason)!
-- What the source said, with or without bars; it ends the lease, and writes nothing without one. A session that the
-- source did not have counts once, however often it is asked.
UPDATE price_series AS series
SET currency = coalesce(:currency, series.currency),
    timezone = coalesce(:timezone, series.timezone),
    known_from = coalesce(:known_from, series.known_from),
    last_session = newest.session_date,
    asked_at = clock_timestamp(),
    asked_for = greatest(series.asked_for, :asked_for::date),
    said_code = :said_code,
    said_message = :said_message,
    misses = CASE WHEN NOT :missed THEN 0 ELSE series.misses + counted.misses END,
    missed_session = CASE WHEN :missed THEN greatest(series.missed_session, :asked_for::date) END,
    dead_since = CASE
        WHEN NOT :missed THEN NULL
        WHEN series.dead_since IS NULL AND series.misses + counted.misses >= :dead_after AND counted.misses > 0
            THEN clock_timestamp()
        ELSE series.dead_since
    END,
    failed_at = NULL,
    failed_message = NULL,
    replaced_at = CASE WHEN :replaced_reason::text IS NULL THEN series.replaced_at ELSE clock_timestamp() END,
    replaced_reason = coalesce(:replaced_reason::text, series.replaced_reason),
    leased_by = NULL,
    leased_until = NULL
FROM (
    SELECT max(session_date) AS session_date FROM prices WHERE data_source = :data_source AND ticker = :ticker
) AS newest,
(
    SELECT CASE WHEN missed_session >= :asked_for::date THEN 0 ELSE 1 END AS misses
    FROM price_series
    WHERE data_source = :data_source AND ticker = :ticker
) AS counted
WHERE series.data_source = :data_source AND series.ticker = :ticker AND series.leased_by = :holder;

-- name: note_failure(data_source, ticker, holder, message)!
-- The source gave no usable answer: nothing follows for the ticker but that it is so.
UPDATE price_series
SET failed_at = clock_timestamp(), failed_message = :message, leased_by = NULL, leased_until = NULL
WHERE data_source = :data_source AND ticker = :ticker AND leased_by = :holder;

-- name: cached_tickers(data_source)
SELECT ticker FROM price_series WHERE data_source = :data_source ORDER BY ticker;

-- name: forget_series(data_source, tickers)!
-- The next one who wants these tickers fetches all of them; their bars stay until then.
UPDATE price_series
SET known_from = CASE WHEN last_session IS NOT NULL THEN date '9999-12-31' END,
    asked_at = NULL, asked_for = NULL, said_code = NULL, said_message = NULL,
    misses = 0, missed_session = NULL, dead_since = NULL
WHERE data_source = :data_source AND ticker = ANY (:tickers);
