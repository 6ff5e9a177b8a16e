"""The age of raw data is found by an index of its own, however many results there are."""

from alembic import op

revision = "0013"
down_revision = "0012"

# It was the age of the result, to which every row was joined. Results stay when their raw data goes, so no index of
# theirs leads past all those that have none any more.
COMPUTED_AT = """
ALTER TABLE analysis_raw_data ADD COLUMN computed_at timestamptz;
UPDATE analysis_raw_data AS raw
SET computed_at = result.completed_at
FROM analysis_results AS result
WHERE result.id = raw.result_id;
ALTER TABLE analysis_raw_data
    ALTER COLUMN computed_at SET DEFAULT clock_timestamp(),
    ALTER COLUMN computed_at SET NOT NULL;
CREATE INDEX analysis_raw_data_computed ON analysis_raw_data (computed_at);
"""


def upgrade() -> None:
    op.execute(COMPUTED_AT)
