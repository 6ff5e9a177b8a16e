"""The address of the database `stocks` for commands that run without Airflow, from the environment of its processes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo

MIGRATION_URL = "BELLWETHER_MIGRATION_URL"
KNOWN_TO_LIBPQ = {option.keyword.decode() for option in Conninfo.get_defaults()}


@dataclass(frozen=True, slots=True)
class Address:
    """How libpq reaches the database, and whether tasks reach it in the same way."""

    conninfo: str
    is_of_tasks: bool


class NoAddressError(LookupError):
    """The environment does not say where the database is."""


def stocks_address(environment: Mapping[str, str], connection_id: str) -> Address:
    """The way of the tasks, by Airflow's variable of their connection, else the way of the migration.

    Raises NoAddressError when neither is set: the connection is then in Airflow's own tables, or in a vault.
    """
    variable = f"AIRFLOW_CONN_{connection_id.upper()}"
    if environment.get(variable):
        return Address(_of_airflow(environment[variable]), is_of_tasks=True)
    if environment.get(MIGRATION_URL):
        return Address(environment[MIGRATION_URL], is_of_tasks=False)
    raise NoAddressError(f"neither {variable} nor {MIGRATION_URL} says where the database is: set one of them")


def _of_airflow(connection: str) -> str:
    """What Airflow allows, an address or a JSON object, as libpq takes it. What only Airflow knows is left out."""
    if connection.lstrip().startswith("{"):
        given = json.loads(connection)
        names = {"host": "host", "port": "port", "login": "user", "password": "password", "schema": "dbname"}
        extra = given.get("extra") or {}
        parts = {ours: given[theirs] for theirs, ours in names.items() if given.get(theirs)}
        return _conninfo(parts, json.loads(extra) if isinstance(extra, str) else extra)
    address = urlsplit(connection)
    parts = {
        "host": unquote(address.hostname or ""),
        "port": address.port,
        "user": unquote(address.username or ""),
        "password": unquote(address.password or ""),
        "dbname": unquote(address.path.removeprefix("/")),
    }
    query = dict(parse_qsl(address.query))
    extra = json.loads(query.pop("__extra__", "{}"))
    return _conninfo({name: part for name, part in parts.items() if part}, {**extra, **query})


def _conninfo(parts: Mapping[str, Any], extra: Mapping[str, Any]) -> str:
    known = {name: value for name, value in extra.items() if name in KNOWN_TO_LIBPQ}
    return make_conninfo("", **{**known, **parts})
