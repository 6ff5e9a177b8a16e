"""Roles, databases and migrations on the local server."""

import subprocess
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import psycopg
from psycopg import sql

from local.environment import migration_environment
from local.errors import LocalError
from local.home import ROOT, Home, Secrets
from local.postgres import Cluster
from local.source import Databases

SERVER_SETTINGS = {
    "max_connections": "150",
    "password_encryption": "scram-sha-256",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %q%u@%d ",
}
# A killed scheduler may leave a session in the middle of a transaction, with locks that stop the next scheduler.
IDLE_TRANSACTION_TIMEOUT = "20s"


def make_databases(cluster: Cluster, secrets: Secrets, databases: Databases) -> None:
    """Make the roles and databases that are missing; each role reaches its own database alone."""
    roles = {"airflow": secrets.airflow, "stocks_owner": secrets.stocks_owner, "stocks_app": secrets.stocks_app}
    airflow = databases.airflow
    with psycopg.connect(cluster.url(), autocommit=True) as connection:
        for role, password in roles.items():
            _make_role(connection, role, password)
        for database, owner, users in ((airflow, "airflow", []), (databases.stocks, "stocks_owner", ["stocks_app"])):
            _make_database(connection, database, owner, users)
        connection.execute(
            sql.SQL("ALTER DATABASE {} SET idle_in_transaction_session_timeout = {}").format(
                sql.Identifier(airflow), sql.Literal(IDLE_TRANSACTION_TIMEOUT)
            )
        )


def _make_role(connection: psycopg.Connection, role: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if known is None:
        statement = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(statement.format(sql.Identifier(role), sql.Literal(password)))


def _make_database(connection: psycopg.Connection, database: str, owner: str, users: list[str]) -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    if known is not None:
        return
    name = sql.Identifier(database)
    connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, sql.Identifier(owner)))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    for user in users:
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, sql.Identifier(user)))


def migrate(
    home: Home, cluster: Cluster, secrets: Secrets, databases: Databases, environment: Mapping[str, str]
) -> None:
    """Bring both databases to the schema of this code, at the same time; Airflow's only when its version changed."""
    ours = migration_environment(environment, secrets, cluster.port, databases)
    running = {"migrate-stocks": _start(home, "migrate-stocks", ["include.storage.migrate"], ours)}
    if _airflow_schema(cluster, databases.airflow) != airflow_version():
        running["migrate-airflow"] = _start(home, "migrate-airflow", ["airflow", "db", "migrate"], environment)
    failed = [name for name, process in running.items() if process.wait() != 0]
    if failed:
        raise _refusal(home.log(failed[0]))
    _remember_airflow_schema(cluster, databases.airflow)


def _refusal(log: Path) -> LocalError:
    """What the migration found different, in its words; else where to look."""
    said = log.read_text()
    if "has drifted" in said:
        return LocalError(in_our_words(said).strip())
    return LocalError("the database could not be brought to this version's schema", log)


def in_our_words(said: str) -> str:
    """What a command of the product says, with the command that does it here."""
    return said.replace("python -m include.storage.migrate --mend", "make mend").replace(
        "python -m include.storage.migrate", "make down; make up"
    )


def _start(home: Home, log: str, module: list[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    with home.log(log).open("wb") as out:
        return subprocess.Popen(
            [sys.executable, "-m", *module],
            env=dict(environment),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )


def airflow_version() -> str:
    """The version of Airflow that is installed."""
    return version("apache-airflow-core")


def _airflow_schema(cluster: Cluster, database: str) -> str | None:
    """Which Airflow migrated its database last: kept as the database's comment, so that it is never of other data."""
    query = "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s"
    with psycopg.connect(cluster.url()) as connection:
        row = connection.execute(query, [database]).fetchone()
    return row[0] if row else None


def _remember_airflow_schema(cluster: Cluster, database: str) -> None:
    statement = sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(database), sql.Literal(airflow_version()))
    with psycopg.connect(cluster.url()) as connection:
        connection.execute(statement)
