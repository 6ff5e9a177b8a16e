"""Databases at every version that was ever released."""

from pathlib import Path

import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from include.storage import migrate as room


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(room.__file__).parent / "migrations"))
    return config


VERSIONS = sorted(script.revision for script in ScriptDirectory.from_config(configuration()).walk_revisions())


def migrated_to(url: str, version: str) -> None:
    """Bring a database to a version, as the code of that version did."""
    driver_url = sqlalchemy.make_url(url).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(driver_url, poolclass=sqlalchemy.pool.NullPool)
    config = configuration()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
