"""Who deletes results waits for whoever else deletes some.

What makes an older result the latest again holds that older one; two who delete each other's would wait for ever.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

ONE_AT_A_TIME = """
CREATE FUNCTION delete_results_one_at_a_time() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('delete analysis_results', 0));
    RETURN NULL;
END
$$;

CREATE TRIGGER analysis_results_deleting BEFORE DELETE ON analysis_results
FOR EACH STATEMENT EXECUTE FUNCTION delete_results_one_at_a_time();
"""


def upgrade() -> None:
    op.execute(ONE_AT_A_TIME)
