-- name: record_request(requested_by, door, raw, request, disposition, job_id, reason, latency_ms, run_id, request_id)!
INSERT INTO analysis_requests (
    requested_by, door, raw, request, disposition, job_id, reason, latency_ms, run_id, request_id
)
VALUES (
    :requested_by, :door, :raw, :request, :disposition, :job_id, :reason, :latency_ms, :run_id, :request_id
);

-- name: record_run(requested_by, door, raw, request, disposition, job_id, reason, latency_ms, run_id, request_id)!
-- What became of the request that a run stands for, unless the newest record of the run says so already: a run that
-- came in by a door of ours has the record of its making, and gets another when it joins or is refused.
INSERT INTO analysis_requests (
    requested_by, door, raw, request, disposition, job_id, reason, latency_ms, run_id, request_id
)
SELECT :requested_by, :door, :raw, :request, :disposition, :job_id, :reason, :latency_ms, :run_id::text, :request_id
WHERE NOT EXISTS (
    SELECT
    FROM (
        SELECT disposition, job_id FROM analysis_requests WHERE run_id = :run_id::text ORDER BY id DESC LIMIT 1
    ) AS newest
    WHERE (newest.disposition, newest.job_id) IS NOT DISTINCT FROM (:disposition::text, :job_id::text)
);

-- name: end_unopened_run(run_id, reason)!
-- The last that is to be said of a run that was made, and that ended before its first task could say anything.
INSERT INTO analysis_requests (requested_by, door, raw, request, disposition, reason, latency_ms, run_id, request_id)
SELECT
    requested_by, door, raw, request, 'refused', :reason,
    greatest(0, extract(epoch FROM clock_timestamp() - requested_at) * 1000), run_id, request_id
FROM (SELECT * FROM analysis_requests WHERE run_id = :run_id::text ORDER BY id DESC LIMIT 1) AS newest
WHERE disposition = 'created' AND NOT EXISTS (SELECT FROM analysis_jobs WHERE job_id = :run_id::text);

-- name: promised_tickers(run_id, requested_by, raw)$
-- What the same request by this run was resolved to before. A run that was deleted may have left its id to another one.
SELECT request -> 'tickers'
FROM analysis_requests
WHERE run_id = :run_id AND requested_by = :requested_by AND raw = :raw AND request IS NOT NULL
ORDER BY id DESC
LIMIT 1;

-- name: door_of_run(run_id, requested_by)$
-- The newest record of its making. A run that was deleted may have left its id to another one.
SELECT door
FROM analysis_requests
WHERE run_id = :run_id AND requested_by = :requested_by AND disposition = 'created'
ORDER BY id DESC
LIMIT 1;

-- name: answered_tickers(requested_by, request_id, raw)$
-- What the same body under the same request id was resolved to, when it was answered with the job that still answers it.
SELECT asked.request -> 'tickers'
FROM request_ids AS known
JOIN analysis_requests AS asked USING (job_id, requested_by, request_id)
WHERE requested_by = :requested_by AND request_id = :request_id AND asked.raw = :raw AND asked.request IS NOT NULL
ORDER BY asked.id DESC
LIMIT 1;

-- name: find_request_id(requested_by, request_id)^
SELECT
    claim_key, job_id, disposition,
    EXISTS (SELECT FROM analysis_jobs AS job WHERE job.job_id = request_ids.job_id) AS has_job
FROM request_ids
WHERE requested_by = :requested_by AND request_id = :request_id;

-- name: answer_request_id(requested_by, request_id, claim_key, job_id, disposition, instead_of)^
-- Waits for whoever is answering the same request id at this moment. No row: the answer that stands is not to be replaced.
INSERT INTO request_ids AS known (requested_by, request_id, claim_key, job_id, disposition)
VALUES (:requested_by, :request_id, :claim_key, :job_id, :disposition)
ON CONFLICT (requested_by, request_id) DO UPDATE
SET claim_key = excluded.claim_key,
    job_id = excluded.job_id,
    disposition = excluded.disposition,
    created_at = clock_timestamp()
WHERE known.job_id <> excluded.job_id AND known.job_id = :instead_of
RETURNING job_id;

-- name: find_claim(claim_key)^
-- Who does this work now, and the number of the next run: how many jobs have done it before, or the one behind the
-- highest of them, where runs ended without a job. A job that works on a session which is the last one no more has
-- done it before, too.
SELECT
    (
        SELECT job_id FROM analysis_jobs
        WHERE claim_key = :claim_key AND status IN ('queued', 'processing') AND NOT force
            AND coalesce(current_until > clock_timestamp(), true)
        ORDER BY current_until
        LIMIT 1
    ) AS active_job_id,
    (
        SELECT greatest(count(*), max(substring(job_id FROM '^[0-9a-f]{16}[.]([0-9]{1,9})$')::integer) + 1)
        FROM analysis_jobs
        WHERE claim_key = :claim_key
            AND (status NOT IN ('queued', 'processing') OR current_until <= clock_timestamp())
    ) AS next_number;

-- name: has_left(run_id, claim_key)$
SELECT
    EXISTS (
        SELECT FROM analysis_jobs
        WHERE job_id = :run_id
            AND (
                claim_key <> :claim_key
                OR status NOT IN ('queued', 'processing')
                OR current_until <= clock_timestamp()
            )
    )
    OR EXISTS (SELECT FROM analysis_actions WHERE job_id = :run_id AND action = 'cancel')
    OR coalesce(
        (SELECT disposition <> 'created' FROM analysis_requests WHERE run_id = :run_id ORDER BY id DESC LIMIT 1), false
    );
