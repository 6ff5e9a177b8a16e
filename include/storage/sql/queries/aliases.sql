-- name: ticker_aliases()
SELECT ticker, renamed_to FROM ticker_aliases ORDER BY ticker;
