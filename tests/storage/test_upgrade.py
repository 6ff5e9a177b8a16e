"""A database of any released version, with rows in it, comes to the same tables as a new one and keeps its rows."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from include.storage.catalogue import describe
from include.storage.connection import Connection, connect
from include.storage.migrate import migrate_and_check
from include.storage.schema import SCHEMA_VERSION
from local.postgres import Cluster
from tests.conftest import APP, OWNER, PASSWORD, drop_database, new_database
from tests.storage.rows import ROWS, fill
from tests.storage.versions import VERSIONS, migrated_to


@pytest.fixture
def old_url(cluster: Cluster) -> Iterator[str]:
    """An empty database, as the role that migrates."""
    name = new_database(cluster)
    yield cluster.url(name, role=OWNER, password=PASSWORD)
    drop_database(cluster, name)


def rows(connection: psycopg.Connection[Any]) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables, column by column."""
    names = connection.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        " AND relname <> 'schema_version'"
    ).fetchall()
    statement = sql.SQL("SELECT to_jsonb(stored) FROM {} AS stored")
    return {
        name: [row for (row,) in connection.execute(statement.format(sql.Identifier(name))).fetchall()]
        for (name,) in names
    }


def assert_kept(before: dict[str, list[dict[str, Any]]], after: dict[str, list[dict[str, Any]]]) -> None:
    for table, kept in before.items():
        assert len(after[table]) == len(kept), table
        assert all(any(row.items() <= now.items() for now in after[table]) for row in kept), table


@pytest.mark.parametrize("released", VERSIONS)
def test_from_every_released_version_to_this_one(old_url: str, connection: Connection, released: str) -> None:
    migrated_to(old_url, released)
    with psycopg.connect(old_url) as old:
        fill(old, released)
        before = rows(old)
    assert [table for table, stored in before.items() if not stored] == [], "give tests/storage/rows.py a row of it"
    assert migrate_and_check(old_url, APP) == (SCHEMA_VERSION, [])
    with psycopg.connect(old_url) as upgraded:
        assert_kept(before, rows(upgraded))
    with connect(old_url) as upgraded:
        assert describe(upgraded, APP) == describe(connection, APP)


def test_step_by_step_with_rows_of_every_version(old_url: str, connection: Connection) -> None:
    for version in VERSIONS:
        migrated_to(old_url, version)
        with psycopg.connect(old_url) as old:
            old.execute(ROWS.get(version, ""))  # type: ignore[call-overload]
    with psycopg.connect(old_url) as old:
        before = rows(old)
    assert migrate_and_check(old_url, APP) == (SCHEMA_VERSION, [])
    with psycopg.connect(old_url) as upgraded:
        assert_kept(before, rows(upgraded))
    with connect(old_url) as upgraded:
        assert describe(upgraded, APP) == describe(connection, APP)


def test_raw_data_from_before_is_as_old_as_its_result(old_url: str) -> None:
    migrated_to(old_url, "0012")
    with psycopg.connect(old_url) as old:
        fill(old, "0012")
        old.execute("UPDATE analysis_results SET completed_at = completed_at - interval '1 year'")
    migrate_and_check(old_url, APP)
    with connect(old_url) as upgraded:
        ages = upgraded.execute(
            "SELECT raw.computed_at = result.completed_at AS is_its_own,"
            " computed_at < now() - interval '364 days' AS is_old"
            " FROM analysis_raw_data AS raw JOIN analysis_results AS result ON result.id = raw.result_id"
        ).fetchall()
    assert ages == [{"is_its_own": True, "is_old": True}]
