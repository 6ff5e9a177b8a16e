-- name: write_changes(job_id, plans)!
-- What a job found to be different from the session before, for the entries of lists that it is about. It belongs before
-- update_watchlist, which forgets how the last job ended. A session that is not the newest says nothing of now, nor does
-- a backfill. Each entry is told once of a session: who analyses it again finds the rows there.
WITH RECURSIVE job AS (
    SELECT
        job_id, attempt, scope, requested_by, coalesce(as_of, (created_at AT TIME ZONE 'UTC')::date) AS day,
        request ->> 'strategy' AS strategy,
        request ->> 'data_source' AS data_source
    FROM analysis_jobs
    WHERE job_id = :job_id AND request ->> 'data_source' <> 'demo' AND trigger <> 'backfill'
),
names AS (
    SELECT ticker, ticker AS name FROM analysis_jobs_details WHERE job_id = :job_id
    UNION
    SELECT names.ticker, alias.ticker
    FROM names
    JOIN ticker_aliases AS alias ON alias.renamed_to = names.name
    JOIN job ON job.data_source = 'yahoo'
),
entries AS MATERIALIZED (
    SELECT entry.id, entry.last_status, names.ticker
    FROM job
    CROSS JOIN names
    JOIN watchlist AS entry ON entry.ticker = names.name
    WHERE entry.owner = job.requested_by OR job.scope IN ('shared', 'schedule')
    ORDER BY entry.id -- as update_watchlist takes them
    FOR NO KEY UPDATE OF entry
),
ended AS MATERIALIZED (
    SELECT
        detail.ticker, detail.status, detail.verdict, detail.score, detail.error_code, detail.error_message,
        coalesce(detail.session_date, job.day) AS session_date
    FROM job
    JOIN analysis_jobs_details AS detail USING (job_id)
    WHERE detail.status IN ('completed', 'reused', 'failed')
        AND detail.ticker IN (SELECT ticker FROM entries)
        AND NOT EXISTS (
            SELECT
            FROM analysis_results AS later
            WHERE later.ticker = detail.ticker
                AND later.strategy = job.strategy
                AND later.data_source = job.data_source
                AND later.session_date > coalesce(detail.session_date, job.day)
        )
),
now AS MATERIALIZED (
    SELECT
        ended.ticker, ended.session_date, ended.verdict, ended.score, result.close, result.currency,
        before.session_date AS previous_session, before.verdict AS previous_verdict, before.score AS previous_score,
        ended.verdict IN ('Buy', 'Strong Buy') AS is_buy,
        before.verdict IN ('Buy', 'Strong Buy') AS was_buy,
        CASE WHEN before.strategy_version <> result.strategy_version
            THEN 'the strategy itself was changed in between' END AS message,
        -- what a stored bar is to be multiplied by, to be in the unit of the result: pence are pounds there
        result.close / (bar.close * bar.adjustment) AS unit
    FROM job
    CROSS JOIN ended
    JOIN analysis_results AS result
        ON result.ticker = ended.ticker
        AND result.session_date = ended.session_date
        AND result.strategy = job.strategy
        AND result.data_source = job.data_source
    LEFT JOIN prices AS bar
        ON bar.ticker = ended.ticker
        AND bar.data_source = job.data_source
        AND bar.session_date = ended.session_date
    LEFT JOIN LATERAL (
        SELECT earlier.session_date, earlier.verdict, earlier.score, earlier.strategy_version
        FROM analysis_results AS earlier
        WHERE earlier.ticker = ended.ticker
            AND earlier.strategy = job.strategy
            AND earlier.data_source = job.data_source
            AND earlier.session_date < ended.session_date
        ORDER BY earlier.session_date DESC
        LIMIT 1
    ) AS before ON true
    WHERE ended.status <> 'failed'
),
-- The plans of the last sessions, and by what their prices were multiplied since: NULL where that is not known.
plan AS MATERIALIZED (
    SELECT
        now.ticker, now.session_date, now.previous_session, now.unit,
        past.session_date AS plan_session,
        past.stop_loss::double precision AS stop_loss,
        past.target::double precision AS target,
        past.stop_loss < past.entry AS is_long,
        CASE
            WHEN past.currency <> now.currency THEN NULL
            WHEN now.unit IS NULL AND job.data_source <> 'yahoo' THEN 1 -- the sample never changes
            WHEN abs(past.ratio - 1) <= 1e-5 THEN 1
            WHEN series.replaced_at > past.completed_at
                AND (series.replaced_reason = 'dividend' OR starts_with(series.replaced_reason, 'split ')) THEN past.ratio
        END AS adjustment,
        series.replaced_reason
    FROM job
    CROSS JOIN now
    CROSS JOIN LATERAL (
        SELECT earlier.*, bar.close * bar.adjustment * now.unit / earlier.close AS ratio
        FROM (
            SELECT session_date, entry, stop_loss, target, close, currency, completed_at
            FROM analysis_results AS earlier
            WHERE earlier.ticker = now.ticker
                AND earlier.strategy = job.strategy
                AND earlier.data_source = job.data_source
                AND earlier.session_date < now.session_date
            ORDER BY earlier.session_date DESC
            LIMIT :plans
        ) AS earlier
        LEFT JOIN prices AS bar
            ON bar.ticker = now.ticker
            AND bar.data_source = job.data_source
            AND bar.session_date = earlier.session_date
        WHERE earlier.entry IS NOT NULL
    ) AS past
    LEFT JOIN price_series AS series ON series.ticker = now.ticker AND series.data_source = job.data_source
),
-- Where each plan came to its end; within one session nobody knows what was first: the stop is taken. A plan the other
-- way ends it too. A millionth of a millionth is what multiplying costs.
reached AS (
    SELECT
        plan.ticker, plan.session_date, plan.previous_session, plan.plan_session, plan.adjustment,
        hit.session_date AS reached_on, hit.kind, hit.level, hit.price, hit.basis
    FROM job
    CROSS JOIN plan
    CROSS JOIN LATERAL (
        SELECT
            bar.session_date,
            CASE WHEN is_stop THEN 'stop' ELSE 'target' END AS kind,
            CASE WHEN is_stop THEN plan.stop_loss ELSE plan.target END * plan.adjustment AS level,
            CASE WHEN is_stop = is_long THEN bar.low ELSE bar.high END AS price,
            CASE WHEN is_stop = is_long THEN bar.low_basis ELSE bar.high_basis END AS basis
        FROM (
            SELECT
                stored.session_date,
                stored.low * stored.adjustment * plan.unit AS low, 'low' AS low_basis,
                stored.high * stored.adjustment * plan.unit AS high, 'high' AS high_basis
            FROM prices AS stored
            WHERE plan.unit IS NOT NULL
                AND stored.ticker = plan.ticker
                AND stored.data_source = job.data_source
                AND stored.session_date > plan.plan_session
                AND stored.session_date <= plan.session_date
            UNION ALL -- without a bar the closes of the results
            SELECT closed.session_date, closed.close, 'close', closed.close, 'close'
            FROM analysis_results AS closed
            WHERE plan.unit IS NULL
                AND closed.ticker = plan.ticker
                AND closed.strategy = job.strategy
                AND closed.data_source = job.data_source
                AND closed.session_date > plan.plan_session
                AND closed.session_date <= plan.session_date
        ) AS bar
        CROSS JOIN LATERAL (
            SELECT
                CASE
                    WHEN is_long THEN bar.low <= plan.stop_loss * plan.adjustment * (1 + 1e-12)
                    ELSE bar.high >= plan.stop_loss * plan.adjustment * (1 - 1e-12)
                END AS is_stop,
                CASE
                    WHEN is_long THEN bar.high >= plan.target * plan.adjustment * (1 - 1e-12)
                    ELSE bar.low <= plan.target * plan.adjustment * (1 + 1e-12)
                END AS is_target
        ) AS levels
        WHERE is_stop OR is_target
        ORDER BY bar.session_date
        LIMIT 1
    ) AS hit
    WHERE plan.adjustment IS NOT NULL
        AND hit.session_date > plan.previous_session -- else it was told then
        AND NOT EXISTS (
            SELECT
            FROM plan AS other
            WHERE other.ticker = plan.ticker
                AND other.is_long <> plan.is_long
                AND other.plan_session > plan.plan_session
                AND other.plan_session < hit.session_date
        )
),
change AS (
    SELECT
        entries.id AS entry_id, now.session_date, moved.kind, now.verdict, now.score,
        now.previous_session, now.previous_verdict, now.previous_score,
        NULL::date AS plan_session, NULL::double precision AS level, NULL::double precision AS adjustment,
        NULL::date AS reached_on, NULL::double precision AS price, NULL AS basis, NULL AS error_code, now.message
    FROM entries
    JOIN now USING (ticker)
    CROSS JOIN LATERAL (
        SELECT CASE
            WHEN now.previous_session IS NULL THEN 'new'
            WHEN now.is_buy AND NOT now.was_buy THEN 'new_buy'
            WHEN now.was_buy AND NOT now.is_buy THEN 'dropped'
            WHEN now.verdict <> now.previous_verdict THEN 'flipped'
        END AS kind
        UNION ALL
        SELECT 'recovered' WHERE entries.last_status = 'failed' AND now.previous_session IS NOT NULL
    ) AS moved
    WHERE moved.kind IS NOT NULL
    UNION ALL
    SELECT
        entries.id, one.session_date, one.kind, now.verdict, now.score,
        now.previous_session, now.previous_verdict, now.previous_score,
        one.plan_session, one.level, one.adjustment, one.reached_on, one.price, one.basis, NULL, NULL
    FROM entries
    JOIN now USING (ticker)
    JOIN (SELECT DISTINCT ON (ticker, kind) * FROM reached ORDER BY ticker, kind, plan_session) AS one USING (ticker)
    UNION ALL
    SELECT
        entries.id, plan.session_date, 'incomparable', now.verdict, now.score,
        now.previous_session, now.previous_verdict, now.previous_score,
        plan.plan_session, NULL, NULL, NULL, NULL, NULL, NULL,
        'prices have changed since the plan of ' || plan.plan_session
            || coalesce(' (' || plan.replaced_reason || ')', '') || ': its levels are not compared'
    FROM entries
    JOIN now USING (ticker)
    JOIN plan USING (ticker)
    WHERE plan.adjustment IS NULL AND plan.plan_session = plan.previous_session -- older ones were told
    UNION ALL
    SELECT
        entries.id, ended.session_date, 'failed', NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, ended.error_code, ended.error_message
    FROM entries
    JOIN ended USING (ticker)
    WHERE ended.status = 'failed' AND entries.last_status IS DISTINCT FROM 'failed'
)
INSERT INTO watchlist_changes (
    job_id, attempt, strategy, data_source, entry_id, session_date, kind, verdict, score,
    previous_session, previous_verdict, previous_score,
    plan_session, level, adjustment, reached_on, price, basis, error_code, message
)
SELECT job.job_id, job.attempt, job.strategy, job.data_source, change.*
FROM job
CROSS JOIN change
ORDER BY change.entry_id, change.kind
ON CONFLICT ON CONSTRAINT watchlist_changes_key DO NOTHING;

-- name: count_changes(job_id)
-- How many tickers changed in which way by a job, whoever watches them.
SELECT change.kind, count(DISTINCT entry.ticker)::integer AS tickers
FROM watchlist_changes AS change
JOIN watchlist AS entry ON entry.id = change.entry_id
JOIN analysis_jobs AS job ON job.job_id = change.job_id AND job.attempt = change.attempt
WHERE change.job_id = :job_id
GROUP BY change.kind;

-- name: changes_of_list(owner, list, kind, ticker, session, before, most)
-- One page of what changed on a list of a user, the newest first. Of each entry as many as there may be on the page.
SELECT change.*
FROM watchlist AS entry
CROSS JOIN LATERAL (
    SELECT
        one.id, entry.ticker, entry.name, entry.notes, entry.list, one.kind, one.session_date, one.strategy,
        one.data_source, one.job_id,
        one.noticed_at, one.verdict, one.score::double precision AS score, one.previous_session, one.previous_verdict,
        one.previous_score::double precision AS previous_score, one.plan_session, one.level, one.adjustment,
        one.reached_on, one.price, one.basis, one.error_code, one.message
    FROM watchlist_changes AS one
    WHERE one.entry_id = entry.id
        AND (:before::bigint IS NULL OR one.id < :before)
        AND (:kind::text IS NULL OR one.kind = :kind)
        AND (:session::date IS NULL OR one.session_date = :session)
    ORDER BY one.id DESC
    LIMIT :most
) AS change
WHERE entry.owner = :owner AND entry.list = :list AND (:ticker::text IS NULL OR entry.ticker = :ticker)
ORDER BY change.id DESC
LIMIT :most;

-- name: changes_of_job(owner, job_id, kind, before, most)
-- One page of what a job changed on the lists of a user, the newest first.
SELECT
    one.id, entry.ticker, entry.name, entry.notes, entry.list, one.kind, one.session_date, one.strategy,
    one.data_source, one.job_id,
    one.noticed_at, one.verdict, one.score::double precision AS score, one.previous_session, one.previous_verdict,
    one.previous_score::double precision AS previous_score, one.plan_session, one.level, one.adjustment,
    one.reached_on, one.price, one.basis, one.error_code, one.message
FROM watchlist_changes AS one
JOIN watchlist AS entry ON entry.id = one.entry_id
WHERE one.job_id = :job_id
    AND entry.owner = :owner
    AND (:before::bigint IS NULL OR one.id < :before)
    AND (:kind::text IS NULL OR one.kind = :kind)
ORDER BY one.id DESC
LIMIT :most;

-- name: remove_changes(keep_days, most)!
WITH old AS MATERIALIZED (
    SELECT id
    FROM watchlist_changes
    WHERE noticed_at < now() - make_interval(days => :keep_days)
    LIMIT :most
    FOR UPDATE SKIP LOCKED
)
DELETE FROM watchlist_changes AS change USING old WHERE change.id = old.id;
