-- name: calendar_overrides()
SELECT exchange, day, is_session, closes_at, note FROM calendar_overrides ORDER BY exchange, day;
