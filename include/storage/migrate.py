"""Brings the database `stocks` to the schema of this code: `python -m include.storage.migrate`.

The only place of the product that runs DDL. The role in `BELLWETHER_MIGRATION_URL` owns the tables; tasks and
API use another role (setting `app_role`), which may change rows and nothing else.
"""

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.rows import dict_row

from include.model.errors import SchemaError
from include.settings import settings
from include.storage.connection import Connection
from include.storage.difference import Difference
from include.storage.drift import DriftError, find_drift, mend_drift
from include.storage.schema import newer_than_code

LOCK = 7_326_115_001  # any number that no other program takes in this database
WAIT_FOR_OTHER_MIGRATOR = "60s"
WAIT_FOR_READERS = "10s"


def migrate(url: str, app_role: str) -> str:
    """Migrate to the newest version and grant `app_role` its rights, all or nothing; returns the version.

    Two at once: the second waits for the first, then finds nothing to do.
    """
    with _migrated(url, app_role) as connection:
        return _version(connection)


def migrate_and_check(url: str, app_role: str, *, is_mending: bool = False) -> tuple[str, list[Difference]]:
    """Migrate, and keep it only when the tables are then as this code needs them.

    Returns the version, and what `is_mending` had to mend.

    Raises:
        DriftError: they are not; with `is_mending`, what could not be mended.
    """
    with _migrated(url, app_role) as connection:
        version, ours = _version(connection), _as_ours(connection)
        left = drift = find_drift(ours, app_role)
        if drift and is_mending:
            mend_drift(ours, drift)
            left = find_drift(ours, app_role)
        if left:
            raise DriftError(ours.info.dbname, left)
        return version, drift


@contextmanager
def _migrated(url: str, app_role: str) -> Iterator[sqlalchemy.Connection]:
    """A connection in the middle of the transaction that has migrated."""
    engine = sqlalchemy.create_engine(_driver_url(url), poolclass=sqlalchemy.pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_FOR_OTHER_MIGRATOR}'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_FOR_READERS}'")
        config = _config(connection)
        _refuse_newer(connection, config)
        command.upgrade(config, "head")
        connection.exec_driver_sql(_privileges(app_role))
        yield connection


def _driver_url(url: str) -> sqlalchemy.URL:
    return sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")


def _config(connection: sqlalchemy.Connection) -> Config:
    config = Config()
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")  # the file format expands it
    config.set_main_option("script_location", folder)
    config.attributes["connection"] = connection
    return config


def _refuse_newer(connection: sqlalchemy.Connection, config: Config) -> None:
    found = MigrationContext.configure(connection, opts={"version_table": "schema_version"}).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise newer_than_code(found)


def _privileges(app_role: str) -> str:
    statements = (files("include.storage") / "sql" / "privileges.sql").read_text()
    return statements.replace("{role}", sql.Identifier(app_role).as_string())


def _version(connection: sqlalchemy.Connection) -> str:
    return str(connection.exec_driver_sql("SELECT version_num FROM schema_version").scalar_one())


def _as_ours(connection: sqlalchemy.Connection) -> Connection:
    """The connection without SQLAlchemy, which gets no rows of it any more."""
    raw: psycopg.Connection[Any] | None = connection.connection.driver_connection
    assert raw is not None  # noqa: S101 - only a closed one has none
    raw.row_factory = dict_row
    return raw


def main(arguments: Sequence[str]) -> int:
    """Migrate the database named in the environment."""
    parser = argparse.ArgumentParser(
        prog="python -m include.storage.migrate",
        description="Bring the database in BELLWETHER_MIGRATION_URL to the schema of this code, and check that it is "
        "as the migrations make it. All or nothing. Exit status: 0 done, 1 refused, 2 no database is named.",
    )
    parser.add_argument("--mend", action="store_true", help="run the statements that undo what is different")
    is_mending = parser.parse_args(arguments).mend
    url = os.environ.get("BELLWETHER_MIGRATION_URL")
    if not url:
        print(
            "BELLWETHER_MIGRATION_URL is not set: it names the database and the role that owns its tables",
            file=sys.stderr,
        )
        return 2
    try:
        version, mended = migrate_and_check(url, settings().app_role, is_mending=is_mending)
    except SchemaError as error:
        print(error, file=sys.stderr)
        return 1
    except (sqlalchemy.exc.DBAPIError, psycopg.Error) as error:
        reason = error.orig if isinstance(error, sqlalchemy.exc.DBAPIError) else error
        print(f"the database `stocks` was not migrated, nothing was changed: {reason}", file=sys.stderr)
        return 1
    print("".join(f"mended: {difference.says}\n" for difference in mended) + f"database at schema version {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
