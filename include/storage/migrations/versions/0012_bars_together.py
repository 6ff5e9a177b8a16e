"""The bars of a ticker are read from the index alone, where they lie together."""

from alembic import op

revision = "0012"
down_revision = "0011"

# Every evening adds a bar of each ticker: after three years the bars of one lie on as many pages as it has. The key's
# index keeps them in order; with the prices in it, 500 bars are 12 pages instead of 500.
TOGETHER = """
ALTER TABLE prices
    DROP CONSTRAINT prices_pkey,
    ADD CONSTRAINT prices_pkey PRIMARY KEY (ticker, data_source, session_date)
        INCLUDE (open, high, low, close, volume, adjustment);
"""

# PostgreSQL looks into the table all the same for rows that no vacuum has seen. Its default waits until a fifth of the
# table is new, which is years.
SEEN = """
ALTER TABLE prices SET (autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 50000);
"""


def upgrade() -> None:
    for statements in (TOGETHER, SEEN):
        op.execute(statements)
