"""What is known of a ticker's prices beside its bars, and how often and whether a price source may be asked."""

from alembic import op

revision = "0005"
down_revision = "0004"

SERIES = """
-- One ticker of a source that is cached. Its bars are in `prices`: as quoted, times `adjustment` for dividends.
CREATE TABLE price_series (
    data_source text NOT NULL CHECK (data_source IN ('yahoo', 'sample', 'demo')),
    ticker text NOT NULL CHECK (ticker <> ''),
    currency text CHECK (currency <> ''), -- as the source quotes: GBp are pence
    timezone text CHECK (timezone <> ''),
    known_from date, -- all bars that the source has from this day on are cached
    last_session date, -- of the newest bar
    asked_at timestamptz, -- when the source last gave an answer, also "unknown"
    asked_for date, -- the newest session that was wanted then
    said_code text, -- why there was no bar, in the source's last answer
    said_message text,
    misses integer NOT NULL DEFAULT 0 CHECK (misses >= 0), -- sessions in a row that the source did not have
    missed_session date, -- the newest of them
    dead_since timestamptz, -- enough of them: asked again only rarely
    failed_at timestamptz, -- the source gave no usable answer
    failed_message text,
    replaced_at timestamptz, -- the source had changed bars of the past, so all were fetched anew
    replaced_reason text,
    leased_by text CHECK (leased_by <> ''), -- who asks the source for it now; others wait
    leased_until timestamptz,
    PRIMARY KEY (ticker, data_source),
    CONSTRAINT price_series_bars_have_a_unit CHECK (last_session IS NULL OR num_nulls(currency, known_from) = 0),
    CONSTRAINT price_series_words_are_whole CHECK (num_nulls(said_code, said_message) IN (0, 2)),
    CONSTRAINT price_series_failure_is_whole CHECK (num_nulls(failed_at, failed_message) IN (0, 2)),
    CONSTRAINT price_series_change_is_whole CHECK (num_nulls(replaced_at, replaced_reason) IN (0, 2)),
    CONSTRAINT price_series_lease_is_whole CHECK (num_nulls(leased_by, leased_until) IN (0, 2)),
    CONSTRAINT price_series_dead_has_missed CHECK (dead_since IS NULL OR misses > 0)
);
CREATE INDEX price_series_dead ON price_series (data_source, dead_since) WHERE dead_since IS NOT NULL;
CREATE INDEX price_series_leases ON price_series (data_source) WHERE leased_by IS NOT NULL;
"""

LIMITS = """
-- One row a source, shared by every process on every host; its times are this server's.
CREATE TABLE source_limits (
    data_source text PRIMARY KEY CHECK (data_source IN ('yahoo', 'sample', 'demo')),
    due_at timestamptz NOT NULL, -- when the next request is due at the allowed rate
    succeeded_at timestamptz,
    failures integer NOT NULL DEFAULT 0 CHECK (failures >= 0), -- in a row
    failing_since timestamptz,
    pauses integer NOT NULL DEFAULT 0 CHECK (pauses >= 0), -- in a row
    paused_until timestamptz, -- nobody asks before
    paused_code text,
    paused_message text,
    probed_by text, -- who tries, when the pause is over, whether the source is back
    CONSTRAINT source_limits_pause_has_reason CHECK (num_nulls(paused_until, paused_code, paused_message) IN (0, 3)),
    CONSTRAINT source_limits_probe_ends_a_pause CHECK (probed_by IS NULL OR paused_until IS NOT NULL),
    CONSTRAINT source_limits_failing_has_time CHECK ((failures = 0) = (failing_since IS NULL))
);
"""


def upgrade() -> None:
    for statements in (SERIES, LIMITS):
        op.execute(statements)
