-- name: watched_tickers()
SELECT DISTINCT ticker FROM watchlist ORDER BY ticker;
