"""What an operator knows better than the calendars and the lists of symbols: sessions, and renamed tickers."""

from alembic import op

revision = "0004"
down_revision = "0003"

CALENDARS = """
-- Beats the calendar of an exchange on one day: closed, or a session that ends at `closes_at` (local; NULL: as usual).
CREATE TABLE calendar_overrides (
    exchange text NOT NULL CHECK (exchange ~ '^[A-Z]{4}$'),
    day date NOT NULL,
    is_session boolean NOT NULL,
    closes_at time,
    note text NOT NULL CHECK (note <> ''),
    PRIMARY KEY (exchange, day),
    CONSTRAINT calendar_overrides_closed_has_no_close CHECK (is_session OR closes_at IS NULL)
);

-- A symbol that was renamed: who asks for `ticker` gets `renamed_to`.
CREATE TABLE ticker_aliases (
    ticker text PRIMARY KEY CHECK (ticker <> ''),
    renamed_to text NOT NULL CHECK (renamed_to <> '' AND renamed_to <> ticker),
    since date,
    note text
);
"""


def upgrade() -> None:
    op.execute(CALENDARS)
