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
from alembic.config import Config
from alembic.script import ScriptDirectory

from include.model.errors import SchemaError
from include.storage import migrate as room
from include.storage.connection import Connection, connect
from include.storage.migrate import migrate
from include.storage.schema import SCHEMA_VERSION, check_schema
from local.postgres import Cluster
from tests.conftest import APP, OWNER, PASSWORD, drop_database, new_database


@pytest.fixture
def empty(cluster: Cluster) -> Iterator[str]:
    name = new_database(cluster)
    yield name
    drop_database(cluster, name)


def test_this_code_needs_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(room.__file__).parent / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == SCHEMA_VERSION


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
    done = subprocess.run(
        [sys.executable, "-m", "include.storage.migrate"],
        env={**os.environ, "BELLWETHER_MIGRATION_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, f"database at schema version {SCHEMA_VERSION}\n"), done.stderr


def test_the_command_says_in_one_sentence_what_is_wrong(cluster: Cluster, empty: str) -> None:
    url = cluster.url(empty, role=OWNER, password="wrong")
    done = subprocess.run(
        [sys.executable, "-m", "include.storage.migrate"],
        env={**os.environ, "BELLWETHER_MIGRATION_URL": url},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "was not migrated, nothing was changed" in done.stderr
    assert "password authentication failed" in done.stderr
    assert "Traceback" not in done.stderr


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
