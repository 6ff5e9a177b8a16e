"""What is not as the migrations made it is named, and mended by what is said beside it."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from include.storage.catalogue import EXPECTED, as_document, describe
from include.storage.connection import Connection, connect
from include.storage.drift import DriftError, find_drift
from include.storage.migrate import migrate_and_check
from local.postgres import Cluster
from tests.conftest import APP, OWNER, PASSWORD, drop_database, new_database, run_as_superuser
from tests.storage.rows import KEY, ROWS, fill

Change = Callable[[str], None]

LACKS_HEARTBEAT = "table analysis_jobs lacks the column heartbeat_at (timestamp with time zone)"
JOB_KEY = "FOREIGN KEY (job_id) REFERENCES public.analysis_jobs(job_id)"
ONE_ACTIVE = "analysis_jobs_one_active"


@pytest.fixture(scope="module")
def filled(cluster: Cluster, template: str) -> Iterator[str]:
    """A database with a row in every table, to be copied."""
    name = new_database(cluster, template)
    with psycopg.connect(cluster.url(name)) as connection:
        fill(connection, max(ROWS))
    yield name
    drop_database(cluster, name)


@pytest.fixture
def database(cluster: Cluster, filled: str) -> Iterator[str]:
    name = new_database(cluster, filled)
    yield name
    drop_database(cluster, name)


@pytest.fixture
def owner_url(cluster: Cluster, database: str) -> str:
    return cluster.url(database, role=OWNER, password=PASSWORD)


@pytest.fixture
def change(cluster: Cluster, database: str) -> Change:
    """Runs statements as somebody may have done by hand."""

    def run(statements: str) -> None:
        with psycopg.connect(cluster.url(database), autocommit=True) as connection:
            connection.execute(statements)  # type: ignore[call-overload]

    return run


def named(connection: Connection) -> list[str]:
    return [difference.says for difference in find_drift(connection, APP)]


def test_the_description_is_of_the_migrations_that_are_there(connection: Connection) -> None:
    written = EXPECTED.read_text()
    assert written == as_document(describe(connection, APP)), "a migration was added? Then run `make schema`"


def test_a_database_that_was_only_migrated_has_no_difference(connection: Connection) -> None:
    assert named(connection) == []


BY_HAND = {
    "a column": (
        "ALTER TABLE analysis_jobs DROP COLUMN heartbeat_at",
        [LACKS_HEARTBEAT],
    ),
    "a column with a constraint and an index": (
        "ALTER TABLE analysis_requests DROP COLUMN requested_at, DROP COLUMN request_id;"
        "ALTER TABLE watchlist DROP COLUMN last_job_id",
        [
            "table analysis_requests lacks the column request_id (text)",
            "table analysis_requests lacks the column requested_at (timestamp with time zone)",
            "table watchlist lacks the column last_job_id (text)",
            "table watchlist lacks the constraint watchlist_last_job_id_fkey (FOREIGN KEY (last_job_id) REFERENCES"
            " public.analysis_jobs(job_id) ON DELETE SET NULL)",
            "index analysis_requests_at of table analysis_requests is missing",
            "index analysis_requests_by of table analysis_requests is missing",
            "index analysis_requests_ended_runs of table analysis_requests is missing",
            "index watchlist_last_job of table watchlist is missing",
        ],
    ),
    "no trigger": (
        "DROP TRIGGER analysis_results_inserted ON analysis_results;"
        "ALTER TABLE analysis_results DISABLE TRIGGER analysis_results_updated",
        [
            "table analysis_results lacks the trigger analysis_results_inserted",
            "trigger analysis_results_updated of table analysis_results is disabled",
        ],
    ),
    "a trigger that does something else": (
        "CREATE OR REPLACE FUNCTION restore_latest_results() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NULL; END'",
        ["trigger analysis_results_deleted of table analysis_results, or its function, is another"],
    ),
    "another type": (
        "ALTER TABLE analysis_jobs ALTER total TYPE bigint; ALTER TABLE analysis_results ALTER score TYPE numeric",
        [
            "column analysis_jobs.total is `bigint NOT NULL` and must be `integer NOT NULL`",
            "column analysis_results.score is `numeric NOT NULL` and must be `numeric(4,1) NOT NULL`",
        ],
    ),
    "another type, default and nullability": (
        "ALTER TABLE analysis_jobs_details ALTER notes DROP DEFAULT, ALTER notes DROP NOT NULL,"
        " ALTER notes TYPE text USING NULL, ALTER notes SET DEFAULT 'none';"
        "UPDATE analysis_jobs_details SET notes = '{}'",
        [
            "column analysis_jobs_details.notes is `text DEFAULT 'none'::text`"
            " and must be `text[] DEFAULT '{}'::text[] NOT NULL`"
        ],
    ),
    "a column that may not be empty any more": (
        "ALTER TABLE watchlist ALTER list SET NOT NULL, ALTER list DROP DEFAULT, ALTER added_at SET DEFAULT now();"
        "ALTER TABLE outbox ALTER sent_at SET DEFAULT now(); UPDATE analysis_jobs SET as_of = '2026-01-02';"
        "ALTER TABLE analysis_jobs ALTER as_of SET NOT NULL",
        [
            "column analysis_jobs.as_of is `date NOT NULL` and must be `date`",
            "column outbox.sent_at is `timestamp with time zone DEFAULT now()` and must be `timestamp with time zone`",
            "column watchlist.added_at is `timestamp with time zone DEFAULT now() NOT NULL`"
            " and must be `timestamp with time zone DEFAULT clock_timestamp() NOT NULL`",
            "column watchlist.list is `text NOT NULL` and must be `text DEFAULT 'default'::text NOT NULL`",
        ],
    ),
    "no identity": (
        "ALTER TABLE analysis_results ALTER id DROP IDENTITY; ALTER TABLE analysis_jobs ALTER seq SET GENERATED ALWAYS;"
        "ALTER TABLE analysis_jobs ALTER attempt DROP DEFAULT, ALTER attempt ADD GENERATED ALWAYS AS IDENTITY",
        [
            "column analysis_jobs.attempt is `integer GENERATED ALWAYS AS IDENTITY NOT NULL`"
            " and must be `integer DEFAULT 1 NOT NULL`",
            "column analysis_jobs.seq is `bigint GENERATED ALWAYS AS IDENTITY NOT NULL`"
            " and must be `bigint GENERATED BY DEFAULT AS IDENTITY NOT NULL`",
            "column analysis_results.id is `bigint NOT NULL`"
            " and must be `bigint GENERATED ALWAYS AS IDENTITY NOT NULL`",
        ],
    ),
    "no generated column": (
        "ALTER TABLE analysis_results ALTER symbol DROP EXPRESSION",
        [
            "column analysis_results.symbol is `text NOT NULL` and must be `text GENERATED ALWAYS AS"
            r" (regexp_replace(ticker, '\.[A-Z]+$'::text, ''::text)) STORED NOT NULL`"
        ],
    ),
    "a column that we do not fill": (
        "ALTER TABLE watchlist ADD colour text NOT NULL DEFAULT 'red'; ALTER TABLE watchlist ALTER colour DROP DEFAULT",
        ["table watchlist has a column that refuses our rows, colour (`text NOT NULL`, without a default)"],
    ),
    "an index": (
        f"DROP INDEX {ONE_ACTIVE}, watchlist_ticker",
        [
            f"index {ONE_ACTIVE} of table analysis_jobs is missing",
            "index watchlist_ticker of table watchlist is missing",
        ],
    ),
    "a renamed index": (
        f"ALTER INDEX {ONE_ACTIVE} RENAME TO one; ALTER INDEX watchlist_ticker RENAME TO mine",
        [
            "table analysis_jobs has a unique index that can refuse our rows, one (CREATE UNIQUE INDEX one ON"
            " public.analysis_jobs USING btree (claim_key, current_until) NULLS NOT DISTINCT WHERE"
            " ((status = ANY (ARRAY['queued'::text, 'processing'::text])) AND (NOT force)))",
            f"index {ONE_ACTIVE} of table analysis_jobs is missing",
            "index watchlist_ticker of table watchlist is missing",
        ],
    ),
    "another index": (
        "DROP INDEX outbox_waiting; CREATE INDEX outbox_waiting ON outbox (id)",
        [
            "index outbox_waiting of table outbox is `CREATE INDEX outbox_waiting ON public.outbox USING btree (id)`"
            " and must be `CREATE INDEX outbox_waiting ON public.outbox USING btree (id) WHERE (sent_at IS NULL)`"
        ],
    ),
    "a constraint": (
        "ALTER TABLE prices DROP CONSTRAINT prices_pkey, DROP CONSTRAINT prices_volume_check;"
        "ALTER TABLE analysis_results DROP CONSTRAINT analysis_results_key,"
        " DROP CONSTRAINT analysis_results_job_id_fkey",
        [
            "table analysis_results lacks the constraint analysis_results_key"
            " (UNIQUE (ticker, session_date, strategy, data_source))",
            "table prices lacks the constraint prices_pkey (PRIMARY KEY (ticker, data_source, session_date)"
            " INCLUDE (open, high, low, close, volume, adjustment))",
            "table prices lacks the constraint prices_volume_check (CHECK (((volume >= (0)::double precision)"
            " AND (volume < 'Infinity'::double precision))))",
            f"table analysis_results lacks the constraint analysis_results_job_id_fkey ({JOB_KEY} ON DELETE CASCADE)",
        ],
    ),
    "another constraint": (
        "ALTER TABLE analysis_jobs DROP CONSTRAINT analysis_jobs_attempt_check,"
        " ADD CONSTRAINT analysis_jobs_attempt_check CHECK (attempt > 0) NOT VALID;"
        "ALTER TABLE analysis_jobs_details DROP CONSTRAINT analysis_jobs_details_job_id_fkey,"
        " ADD CONSTRAINT analysis_jobs_details_job_id_fkey FOREIGN KEY (job_id) REFERENCES analysis_jobs",
        [
            "constraint analysis_jobs_attempt_check of table analysis_jobs is `CHECK ((attempt > 0)) NOT VALID`"
            " and must be `CHECK ((attempt >= 1))`",
            f"constraint analysis_jobs_details_job_id_fkey of table analysis_jobs_details is `{JOB_KEY}`"
            f" and must be `{JOB_KEY} ON DELETE CASCADE`",
        ],
    ),
    "a constraint of others": (
        "ALTER TABLE watchlist ADD CONSTRAINT short CHECK (length(ticker) < 9), ADD CONSTRAINT one UNIQUE (ticker)",
        [
            "table watchlist has a constraint that can refuse our rows, one (UNIQUE (ticker))",
            "table watchlist has a constraint that can refuse our rows, short (CHECK ((length(ticker) < 9)))",
        ],
    ),
    "a unique index of others": (
        "CREATE UNIQUE INDEX \"One a day\" ON prices (session_date)",
        [
            'table prices has a unique index that can refuse our rows, "One a day"'
            ' (CREATE UNIQUE INDEX "One a day" ON public.prices USING btree (session_date))'
        ],
    ),
    "a table that a crash empties, and one that hides rows": (
        "ALTER TABLE prices SET UNLOGGED; ALTER TABLE watchlist ENABLE ROW LEVEL SECURITY",
        [
            "table prices is unlogged: a crash of PostgreSQL empties it",
            "table watchlist has row security on, which hides rows",
        ],
    ),
    "rights that are missing": (
        f"REVOKE USAGE ON SCHEMA public FROM {APP}, PUBLIC; REVOKE SELECT, UPDATE ON watchlist FROM {APP}",
        [
            f"the role {APP} may not use the schema public",
            f"the role {APP} may not SELECT, UPDATE on table watchlist",
        ],
    ),
    "rights over the audit": (
        f"GRANT DELETE ON analysis_requests TO {APP}; GRANT TRUNCATE ON analysis_actions TO PUBLIC;"
        f"GRANT UPDATE (raw) ON analysis_requests TO {APP}; GRANT CREATE ON SCHEMA public TO PUBLIC",
        [
            f"the role {APP} may make tables in the schema public",
            f"the role {APP} may TRUNCATE on table analysis_actions, and must not",
            f"the role {APP} may DELETE, UPDATE on table analysis_requests, and must not",
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_HAND)
def test_what_was_changed_by_hand_is_named_and_mended(
    connection: Connection, change: Change, owner_url: str, case: str
) -> None:
    statements, expected = BY_HAND[case]
    change(statements)
    assert named(connection) == expected
    migrate_and_check(owner_url, APP, is_mending=True)
    assert named(connection) == []


def test_an_index_that_could_not_be_built_is_named_and_mended_when_its_rows_allow(
    connection: Connection, change: Change, owner_url: str
) -> None:
    change(f"DROP INDEX {ONE_ACTIVE}")
    change("UPDATE analysis_jobs SET status = 'processing', completed_at = NULL WHERE job_id = 'run-1'")
    with pytest.raises(psycopg.errors.UniqueViolation):
        change(
            f"CREATE UNIQUE INDEX CONCURRENTLY {ONE_ACTIVE} ON analysis_jobs (claim_key, current_until)"
            " NULLS NOT DISTINCT WHERE status IN ('queued', 'processing') AND NOT force"
        )
    says = [f"index {ONE_ACTIVE} of table analysis_jobs is not valid, so that PostgreSQL does not use it"]
    assert named(connection) == says
    with pytest.raises(psycopg.errors.UniqueViolation, match=KEY):
        migrate_and_check(owner_url, APP, is_mending=True)
    assert named(connection) == says
    change("DELETE FROM analysis_jobs WHERE job_id = 'run-1'")
    migrate_and_check(owner_url, APP, is_mending=True)
    assert named(connection) == []


def test_a_column_that_the_rows_cannot_do_without_is_named_and_never_filled_with_guesses(
    connection: Connection, change: Change, owner_url: str
) -> None:
    change("ALTER TABLE watchlist DROP COLUMN owner")
    before = named(connection)
    assert before[0] == "table watchlist lacks the column owner (text)"
    with pytest.raises(psycopg.errors.NotNullViolation):
        migrate_and_check(owner_url, APP, is_mending=True)
    assert named(connection) == before


def test_a_missing_table_is_named_and_never_made_anew_without_its_rows(
    connection: Connection, change: Change, owner_url: str
) -> None:
    change("DROP TABLE analysis_raw_data; DROP INDEX watchlist_ticker")
    missing = "table analysis_raw_data is missing: restore a backup that has it"
    assert named(connection) == [missing, "index watchlist_ticker of table watchlist is missing"]
    with pytest.raises(DriftError, match=missing):
        migrate_and_check(owner_url, APP, is_mending=True)
    assert named(connection) == [missing, "index watchlist_ticker of table watchlist is missing"]


def test_foreign_keys_that_are_switched_off_are_named(connection: Connection, change: Change) -> None:
    change("ALTER TABLE analysis_raw_data DISABLE TRIGGER ALL")
    assert named(connection) == [
        "the foreign keys of table analysis_raw_data are not enforced:"
        " a superuser runs ALTER TABLE analysis_raw_data ENABLE TRIGGER ALL"
    ]


def test_the_numbers_of_a_mended_identity_go_on_after_those_that_are_there(
    connection: Connection, change: Change, owner_url: str
) -> None:
    change(
        "DELETE FROM watchlist_changes; UPDATE watchlist SET id = DEFAULT; ALTER TABLE watchlist ALTER id DROP IDENTITY"
    )
    migrate_and_check(owner_url, APP, is_mending=True)
    highest = connection.execute("SELECT max(id) AS id FROM watchlist").fetchone()
    new = connection.execute("INSERT INTO watchlist (owner, ticker) VALUES ('eve', 'IBM') RETURNING id").fetchone()
    assert highest
    assert new == {"id": highest["id"] + 1}


def test_what_an_operator_adds_without_harm_is_no_difference(connection: Connection, change: Change) -> None:
    change("""
        CREATE INDEX mine ON analysis_jobs (requested_by);
        CREATE TABLE "My notes" (id int PRIMARY KEY, job_id text REFERENCES analysis_jobs, size int CHECK (size > 0));
        CREATE VIEW today AS SELECT * FROM analysis_jobs WHERE as_of = current_date;
        ALTER TABLE watchlist ADD colour text, ADD weight int NOT NULL DEFAULT 1,
            ADD ticket int UNIQUE CHECK (ticket > 0);
        CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER shouts BEFORE INSERT ON watchlist FOR EACH ROW EXECUTE FUNCTION shout();
        ALTER TABLE watchlist DISABLE TRIGGER shouts;
    """)
    assert named(connection) == []


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("ALTER ROLE test_app SUPERUSER", "is a superuser"),
        (f"GRANT {OWNER} TO test_app", f"has the rights of {OWNER}, who owns the tables"),
        ("DROP ROLE test_app", "does not exist"),
    ],
)
def test_a_role_of_tasks_that_is_no_such_role_is_named(
    cluster: Cluster, database: str, statement: str, why: str
) -> None:
    run_as_superuser(cluster, "CREATE ROLE test_app", statement)
    try:
        with connect(cluster.url(database)) as connection:
            (difference,) = find_drift(connection, "test_app")
    finally:
        run_as_superuser(cluster, "DROP ROLE IF EXISTS test_app")
    assert difference.says.startswith("the role test_app of tasks and API ")
    assert why in difference.says


def test_whatever_the_settings_of_the_reading_role_the_description_is_the_same(
    connection: Connection, change: Change
) -> None:
    change("CREATE SCHEMA elsewhere")
    for path in ("elsewhere", "elsewhere, public", ""):
        connection.execute("SELECT set_config('search_path', %s, false)", (path,))
        assert named(connection) == []
        assert connection.execute("SHOW search_path").fetchone() == {"search_path": path}
