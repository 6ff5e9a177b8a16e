"""Brings the database `stocks` to the schema of this code: `python -m include.storage.migrate`.

The only place of the product that runs DDL. The role in `BELLWETHER_MIGRATION_URL` owns the tables; tasks and
API use another role (setting `app_role`), which may change rows and nothing else.
"""

import os
import sys
from importlib.resources import files
from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from psycopg import sql

from include.settings import settings

LOCK = 7_326_115_001  # any number that no other program takes in this database
WAIT_FOR_OTHER_MIGRATOR = "60s"
WAIT_FOR_READERS = "10s"


def migrate(url: str, app_role: str) -> str:
    """Migrate to the newest version and grant `app_role` its rights, all or nothing; returns the version.

    Two at once: the second waits for the first, then finds nothing to do.
    """
    engine = sqlalchemy.create_engine(_driver_url(url), poolclass=sqlalchemy.pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_FOR_OTHER_MIGRATOR}'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({LOCK})")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WAIT_FOR_READERS}'")
        command.upgrade(_config(connection), "head")
        connection.exec_driver_sql(_privileges(app_role))
        return str(connection.exec_driver_sql("SELECT version_num FROM schema_version").scalar_one())


def _driver_url(url: str) -> sqlalchemy.URL:
    return sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")


def _config(connection: sqlalchemy.Connection) -> Config:
    config = Config()
    folder = str(Path(__file__).parent / "migrations").replace("%", "%%")  # the file format expands it
    config.set_main_option("script_location", folder)
    config.attributes["connection"] = connection
    return config


def _privileges(app_role: str) -> str:
    statements = (files("include.storage") / "sql" / "privileges.sql").read_text()
    return statements.replace("{role}", sql.Identifier(app_role).as_string())


def main() -> int:
    """Migrate the database named in the environment."""
    url = os.environ.get("BELLWETHER_MIGRATION_URL")
    if not url:
        print(
            "BELLWETHER_MIGRATION_URL is not set: it names the database and the role that owns its tables",
            file=sys.stderr,
        )
        return 2
    try:
        version = migrate(url, settings().app_role)
    except sqlalchemy.exc.OperationalError as error:
        print(f"the database `stocks` was not migrated, nothing was changed: {error.orig}", file=sys.stderr)
        return 1
    print(f"database at schema version {version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
