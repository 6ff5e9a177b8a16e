-- name: hand_on(channels, most)^
-- Ended jobs become notifications for whoever wants them, on the ways that there are: once, as the job's message of the
-- outbox is marked in the same statement. Who wants nothing, or has no way, gets none, and nothing waits for him.
WITH handed AS (
    UPDATE outbox
    SET sent_at = greatest(clock_timestamp(), created_at)
    WHERE id IN (SELECT id FROM outbox WHERE sent_at IS NULL ORDER BY id LIMIT :most FOR UPDATE SKIP LOCKED)
    RETURNING id, job_id, attempt, payload
),
wanting AS (
    SELECT owner, rule, way.channel
    FROM notification_preferences AS preference
    CROSS JOIN unnest(:channels::text[]) AS way (channel)
    WHERE preference.enabled
        AND preference.rule <> 'never'
        AND CASE way.channel WHEN 'email' THEN preference.email IS NOT NULL ELSE preference.webhook END
),
change AS (
    SELECT
        handed.id AS outbox_id, entry.owner, one.id, entry.id AS entry_id, entry.ticker, entry.name, entry.notes,
        entry.list, one.kind, one.session_date, one.strategy, one.data_source, one.job_id, one.noticed_at, one.verdict,
        one.score::double precision AS score, one.previous_session, one.previous_verdict,
        one.previous_score::double precision AS previous_score, one.plan_session, one.level, one.adjustment,
        one.reached_on, one.price, one.basis, one.error_code, one.message
    FROM handed
    JOIN watchlist_changes AS one ON one.job_id = handed.job_id AND one.attempt = handed.attempt
    JOIN watchlist AS entry ON entry.id = one.entry_id
    WHERE entry.owner IN (SELECT owner FROM wanting)
),
touched AS (
    SELECT handed.id AS outbox_id, entry.owner, entry.list, entry.id AS entry_id, one.failed::boolean AS failed
    FROM handed
    JOIN analysis_jobs AS job ON job.job_id = handed.job_id -- of one that was removed there is nothing to be seen
    CROSS JOIN jsonb_each_text(handed.payload -> 'entries') AS one (id, failed)
    JOIN watchlist AS entry ON entry.id = one.id::bigint
    WHERE entry.owner IN (SELECT owner FROM wanting)
    UNION
    SELECT outbox_id, owner, list, entry_id, kind = 'failed' FROM change
),
listed AS (
    SELECT
        outbox_id, owner, list,
        count(DISTINCT entry_id) AS tickers,
        count(DISTINCT entry_id) FILTER (WHERE failed) AS failed
    FROM touched
    GROUP BY outbox_id, owner, list
),
changed AS (
    SELECT outbox_id, owner, list, jsonb_agg(to_jsonb(change) - 'id' - 'entry_id' - 'owner' - 'outbox_id' ORDER BY id) AS changes
    FROM change
    GROUP BY outbox_id, owner, list
),
written AS (
    INSERT INTO notifications (outbox_id, owner, list, channel, digest)
    SELECT
        listed.outbox_id, listed.owner, listed.list, wanting.channel,
        jsonb_build_object(
            'list', listed.list,
            'job_id', handed.job_id,
            'status', handed.payload ->> 'status',
            'completed_at', handed.payload -> 'completed_at',
            'tickers', listed.tickers,
            'failed', listed.failed,
            'changes', coalesce(changed.changes, '[]')
        )
    FROM listed
    JOIN handed ON handed.id = listed.outbox_id
    JOIN wanting ON wanting.owner = listed.owner
    LEFT JOIN changed
        ON changed.outbox_id = listed.outbox_id AND changed.owner = listed.owner AND changed.list = listed.list
    WHERE wanting.rule = 'always' OR changed.changes IS NOT NULL
    ORDER BY listed.outbox_id, listed.owner, listed.list, wanting.channel
    RETURNING id
)
SELECT (SELECT count(*) FROM handed) AS jobs, (SELECT count(*) FROM written) AS notifications;

-- name: drop_unwanted(channels)!
-- What waits for somebody who has switched it off since, or for a way that is not there any more.
WITH unwanted AS MATERIALIZED (
    SELECT
        waiting.id,
        CASE
            WHEN waiting.channel = ANY(:channels) THEN 'its owner does not want it any more'
            ELSE 'no connection is set for this way any more'
        END AS reason
    FROM notifications AS waiting
    LEFT JOIN notification_preferences AS preference
        ON preference.owner = waiting.owner
        AND preference.enabled
        AND preference.rule <> 'never'
        AND CASE waiting.channel WHEN 'email' THEN preference.email IS NOT NULL ELSE preference.webhook END
    WHERE waiting.status = 'waiting'
        AND coalesce(waiting.leased_until, '-infinity') <= clock_timestamp()
        AND (preference.owner IS NULL OR NOT waiting.channel = ANY(:channels))
    FOR UPDATE OF waiting SKIP LOCKED
)
UPDATE notifications AS dropped
SET status = 'dropped', error = unwanted.reason, ended_at = clock_timestamp(), leased_by = NULL, leased_until = NULL
FROM unwanted
WHERE dropped.id = unwanted.id;

-- name: claim_notification(channels, holder, seconds)^
-- One that is due and that nobody else sends: it is the holder's until the lease ends. The address is the one that its
-- owner has now.
UPDATE notifications AS claimed
SET tries = tries + 1, leased_by = :holder, leased_until = clock_timestamp() + make_interval(secs => :seconds)
FROM notification_preferences AS preference
WHERE preference.owner = claimed.owner
    AND claimed.id = (
        SELECT waiting.id
        FROM notifications AS waiting
        JOIN notification_preferences AS wanting ON wanting.owner = waiting.owner
        WHERE waiting.status = 'waiting'
            AND waiting.due_at <= clock_timestamp()
            AND coalesce(waiting.leased_until, '-infinity') <= clock_timestamp()
            AND waiting.channel = ANY(:channels)
        ORDER BY waiting.due_at, waiting.id
        LIMIT 1
        FOR UPDATE OF waiting SKIP LOCKED
    )
RETURNING claimed.id, claimed.message_id, claimed.channel, preference.email, claimed.digest, claimed.tries;

-- name: mark_sent(id)!
-- The receiver has it: that is so whoever holds it by now.
UPDATE notifications
SET status = 'sent', error = NULL, ended_at = clock_timestamp(), leased_by = NULL, leased_until = NULL
WHERE id = :id AND status = 'waiting';

-- name: mark_failed(id, holder, error, seconds, given_up)!
UPDATE notifications
SET status = CASE WHEN :given_up THEN 'given_up' ELSE 'waiting' END,
    ended_at = CASE WHEN :given_up THEN clock_timestamp() END,
    due_at = clock_timestamp() + make_interval(secs => :seconds),
    error = :error,
    leased_by = NULL,
    leased_until = NULL
WHERE id = :id AND status = 'waiting' AND leased_by = :holder;

-- name: preferences(owner)^
SELECT enabled, email, webhook, rule FROM notification_preferences WHERE owner = :owner;

-- name: lock_preferences(owner)!
-- There is a row from now on, and nobody else changes it until the transaction ends.
INSERT INTO notification_preferences AS preference (owner) VALUES (:owner)
ON CONFLICT (owner) DO UPDATE SET owner = preference.owner;

-- name: write_preferences(owner, enabled, email, webhook, rule)!
UPDATE notification_preferences
SET enabled = :enabled, email = :email, webhook = :webhook, rule = :rule, changed_at = clock_timestamp()
WHERE owner = :owner;

-- name: notifications_of(owner, most)
-- The newest notifications of a user.
SELECT
    told.message_id, told.list, message.job_id, told.channel, told.status, told.tries, told.error, told.created_at,
    CASE WHEN told.status = 'waiting' THEN told.due_at END AS due_at,
    told.ended_at
FROM notifications AS told
JOIN outbox AS message ON message.id = told.outbox_id
WHERE told.owner = :owner
ORDER BY told.id DESC
LIMIT :most;

-- name: waiting()^
SELECT
    (SELECT count(*) FROM outbox WHERE sent_at IS NULL) AS messages,
    (SELECT count(*) FROM notifications WHERE status = 'waiting') AS notifications,
    (
        SELECT count(*) FROM notifications
        WHERE status = 'given_up' AND ended_at > clock_timestamp() - make_interval(days => 7)
    ) AS given_up;
