-- name: record_request(requested_by, door, raw, request, disposition, job_id, reason, latency_ms)!
INSERT INTO analysis_requests (requested_by, door, raw, request, disposition, job_id, reason, latency_ms)
VALUES (:requested_by, :door, :raw, :request, :disposition, :job_id, :reason, :latency_ms);

-- name: find_claim(claim_key)^
-- Who does this work now, and how many jobs have done it before.
SELECT
    (
        SELECT job_id FROM analysis_jobs
        WHERE claim_key = :claim_key AND status IN ('queued', 'processing') AND NOT force
    ) AS active_job_id,
    (
        SELECT count(*) FROM analysis_jobs
        WHERE claim_key = :claim_key AND status NOT IN ('queued', 'processing')
    ) AS ended_jobs;
