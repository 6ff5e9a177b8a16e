"""The schema version that this code needs."""

import psycopg

from include.model.errors import SchemaError
from include.storage.connection import Connection

SCHEMA_VERSION = "0014"
MEND_COMMAND = "python -m include.storage.migrate --mend"
MEND = "run `python -m include.storage.migrate`"


def check_schema(connection: Connection) -> None:
    """Raise SchemaError unless the database is at exactly the version that this code needs.

    Cheap, for every task: whether the tables are as the version says is looked at when processes start.
    """
    try:
        row = connection.execute("SELECT version_num FROM schema_version").fetchone()
    except psycopg.errors.UndefinedTable:
        row = None
    found = row["version_num"] if row else None
    if found == SCHEMA_VERSION:
        return
    if found is None:
        raise SchemaError(f"the database `{connection.info.dbname}` has no tables of ours: {MEND}")
    if found < SCHEMA_VERSION:
        raise SchemaError(f"the database is at schema {found}, this code needs {SCHEMA_VERSION}: {MEND}")
    raise newer_than_code(found)


def newer_than_code(found: str) -> SchemaError:
    """What there is to say of a database that only newer code knows."""
    return SchemaError(
        f"the database is at schema {found}, newer than the {SCHEMA_VERSION} of this code: update the code"
    )
