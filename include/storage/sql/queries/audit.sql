-- name: recorded_requests(viewer, sees_all, requested_by, door, disposition, job_id, since, before_at, before_id, most)
-- The newest first. Without what was sent: ten thousand tickers are a tenth of a megabyte, and there are pages of them.
SELECT
    id, requested_at, requested_by, door, disposition, job_id, run_id, request_id, reason, latency_ms,
    (
        SELECT max(earlier.id)
        FROM analysis_requests AS earlier
        WHERE earlier.run_id = asked.run_id AND earlier.requested_by = asked.requested_by AND earlier.id < asked.id
    ) AS follows
FROM analysis_requests AS asked
WHERE (:sees_all OR requested_by = :viewer)
    AND (:requested_by::text IS NULL OR requested_by = :requested_by)
    AND (:door::text IS NULL OR door = :door)
    AND (:disposition::text IS NULL OR disposition = :disposition)
    AND (:job_id::text IS NULL OR job_id = :job_id)
    AND (:since::timestamptz IS NULL OR requested_at >= :since)
    AND (:before_at::timestamptz IS NULL OR (requested_at, id) < (:before_at, :before_id::bigint))
ORDER BY requested_at DESC, id DESC
LIMIT :most;

-- name: sent_request(id, viewer, sees_all)^
SELECT
    id, requested_at, requested_by, door, disposition, job_id, run_id, request_id, reason, latency_ms, raw, request,
    (
        SELECT max(earlier.id)
        FROM analysis_requests AS earlier
        WHERE earlier.run_id = asked.run_id AND earlier.requested_by = asked.requested_by AND earlier.id < asked.id
    ) AS follows
FROM analysis_requests AS asked
WHERE id = :id AND (:sees_all OR requested_by = :viewer);
