"""Migrations, and refusing to work on a wrong schema."""

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from include.model.errors import SchemaError
from include.storage import migrate as room
from include.storage.connection import Connection, connect
from include.storage.drift import DriftError
from include.storage.migrate import migrate, migrate_and_check
from include.storage.schema import SCHEMA_VERSION, check_schema
from local.postgres import Cluster
from tests.conftest import APP, OWNER, PASSWORD, drop_database, new_database
from tests.storage.versions import VERSIONS, migrated_to


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[str]:
    name = new_database(cluster)
    yield name
    drop_database(cluster, name)


def run_command(url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "include.storage.migrate", *arguments],
        env={**os.environ, "BELLWETHER_MIGRATION_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_this_code_needs_the_newest_migration() -> None:
    assert max(VERSIONS) == SCHEMA_VERSION


def test_migrating_twice_changes_nothing(cluster: Cluster, database: str) -> None:
    assert migrate(cluster.url(database, role=OWNER, password=PASSWORD), APP) == SCHEMA_VERSION


def test_of_two_migrators_at_once_both_succeed(cluster: Cluster, empty: str) -> None:
    url, versions = cluster.url(empty, role=OWNER, password=PASSWORD), []
    threads = [threading.Thread(target=lambda: versions.append(migrate(url, APP))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert versions == [SCHEMA_VERSION, SCHEMA_VERSION]


def test_the_command_migrates_the_database_of_the_environment(cluster: Cluster, empty: str) -> None:
    url = cluster.url(empty, role=OWNER, password=PASSWORD)
    done = run_command(url)
    assert (done.returncode, done.stdout) == (0, f"database at schema version {SCHEMA_VERSION}\n"), done.stderr


def test_the_command_says_in_one_sentence_what_is_wrong(cluster: Cluster, empty: str) -> None:
    url = cluster.url(empty, role=OWNER, password="wrong")
    done = run_command(url)
    assert done.returncode == 1
    assert "was not migrated, nothing was changed" in done.stderr
    assert "password authentication failed" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_refuses_a_database_that_has_drifted_and_mends_it_when_told(
    cluster: Cluster, database: str
) -> None:
    url = cluster.url(database, role=OWNER, password=PASSWORD)
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE analysis_jobs DROP COLUMN heartbeat_at")
        connection.execute("DROP INDEX analysis_jobs_one_active")
    refused = run_command(url)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert refused.stderr == (
        f"the database `{database}` has drifted from schema {SCHEMA_VERSION}; nothing was changed:\n"
        "  table analysis_jobs lacks the column heartbeat_at (timestamp with time zone): ALTER TABLE analysis_jobs"
        " ADD COLUMN heartbeat_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL;\n"
        "  index analysis_jobs_one_active of table analysis_jobs is missing: CREATE UNIQUE INDEX"
        " analysis_jobs_one_active ON public.analysis_jobs USING btree (claim_key, current_until)"
        " NULLS NOT DISTINCT"
        " WHERE ((status = ANY (ARRAY['queued'::text, 'processing'::text])) AND (NOT force));\n"
        "`python -m include.storage.migrate --mend` runs these statements, all or none\n"
    )
    mended = run_command(url, "--mend")
    assert (mended.returncode, mended.stderr) == (0, "")
    assert mended.stdout == (
        "mended: table analysis_jobs lacks the column heartbeat_at (timestamp with time zone)\n"
        "mended: index analysis_jobs_one_active of table analysis_jobs is missing\n"
        f"database at schema version {SCHEMA_VERSION}\n"
    )
    assert run_command(url).returncode == 0


def test_a_migration_of_a_database_that_has_drifted_is_taken_back(cluster: Cluster, empty: str) -> None:
    """Else the older code, which still works with it, could not be used any more."""
    url = cluster.url(empty, role=OWNER, password=PASSWORD)
    migrated_to(url, "0004")
    with psycopg.connect(url) as connection:
        connection.execute("DROP INDEX analysis_jobs_claim_key")
    with pytest.raises(DriftError, match="index analysis_jobs_claim_key of table analysis_jobs is missing"):
        migrate_and_check(url, APP)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT version_num FROM schema_version").fetchone() == ("0004",)


def test_the_command_leaves_a_database_of_newer_code_alone(cluster: Cluster, database: str) -> None:
    url = cluster.url(database, role=OWNER, password=PASSWORD)
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE schema_version SET version_num = '9999'")
    refused = run_command(url, "--mend")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        f"the database is at schema 9999, newer than the {SCHEMA_VERSION} of this code: update the code\n"
    )


def test_a_role_that_may_not_migrate_is_told_so(cluster: Cluster, empty: str) -> None:
    refused = run_command(cluster.url(empty, role=APP, password=PASSWORD))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("the database `stocks` was not migrated, nothing was changed: permission denied")
    assert "Traceback" not in refused.stderr


def test_the_role_of_tasks_changes_rows_and_no_tables(connection: Connection) -> None:
    connection.execute("DELETE FROM watchlist")
    for ddl in ("DROP TABLE watchlist", "CREATE TABLE mine (a int)", "TRUNCATE watchlist"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(ddl)


def test_a_database_at_the_right_schema_is_accepted(connection: Connection) -> None:
    check_schema(connection)


def test_a_database_without_tables_is_refused_with_the_command_that_mends_it(cluster: Cluster, empty: str) -> None:
    with (
        connect(cluster.url(empty)) as connection,
        pytest.raises(SchemaError, match=r"python -m include\.storage\.migrate"),
    ):
        check_schema(connection)


@pytest.mark.parametrize(("found", "said"), [("0000", "include.storage.migrate"), ("9999", "update the code")])
def test_a_database_at_another_schema_is_refused(cluster: Cluster, database: str, found: str, said: str) -> None:
    with connect(cluster.url(database)) as connection:
        connection.execute("UPDATE schema_version SET version_num = %s", (found,))
        with pytest.raises(SchemaError, match=said):
            check_schema(connection)


def test_released_migrations_are_as_they_were_released_and_new_ones_are_listed() -> None:
    """A released migration is never edited: databases that have run it would lack what was added."""
    versions = Path(room.__file__).parent / "migrations" / "versions"
    found = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in versions.glob("*.py")}
    released = (Path(__file__).parent / "released_migrations.sha256").read_text().splitlines()
    assert found == {name: checksum for checksum, name in (line.split() for line in released)}
