-- name: add_series(tickers, last_day)!
INSERT INTO price_series (data_source, ticker, currency, timezone, known_from, last_session, asked_at, asked_for)
SELECT
    'yahoo', 'BENCH' || lpad(number::text, greatest(length(number::text), 4), '0'), 'USD', 'America/New_York',
    '1990-01-01', :last_day, now(), :last_day
FROM generate_series(0, :tickers::integer - 1) AS number
ORDER BY number;

-- name: add_bars(first_ticker, last_ticker, first_day, last_day)!
-- Day by day: of one ticker as its first fetch leaves them, of one day as an evening does.
INSERT INTO prices (data_source, ticker, session_date, open, high, low, close, volume, adjustment)
SELECT
    'yahoo', 'BENCH' || lpad(number::text, greatest(length(number::text), 4), '0'), day::date,
    close - 0.5, close + 1, close - 1, close, 1e6 + number, 1
FROM generate_series(:first_day::timestamp, :last_day::timestamp, interval '1 day') AS day
CROSS JOIN generate_series(:first_ticker::integer, :last_ticker::integer) AS number
CROSS JOIN LATERAL (SELECT 100 + mod(number + extract(doy FROM day)::integer, 50) / 7.0) AS price (close)
ORDER BY day, number;

-- name: look_over_bars#
VACUUM ANALYZE prices, price_series;

-- name: room_taken()
-- Bytes of each table, with its indexes and what is stored beside it.
SELECT relname AS table, pg_total_relation_size(oid) AS bytes, reltuples::bigint AS rows
FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
ORDER BY relname;
