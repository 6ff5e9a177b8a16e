"""What a database consists of: `describe` reads it from the catalogue, `schema.json` says what it should be."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from include.storage.connection import Connection, queries

EXPECTED = Path(__file__).with_name("schema.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; `identity` is ALWAYS or BY DEFAULT, `generated` the expression that computes it."""

    type: str
    is_nullable: bool = False
    default: str | None = None
    identity: str | None = None
    generated: str | None = None

    def __str__(self) -> str:
        """As it stands in CREATE TABLE."""
        parts = [
            self.type,
            f"DEFAULT {self.default}" if self.default is not None else "",
            f"GENERATED ALWAYS AS {self.generated}" if self.generated else "",
            f"GENERATED {self.identity} AS IDENTITY" if self.identity else "",
            "" if self.is_nullable else "NOT NULL",
        ]
        return " ".join(part for part in parts if part)

    @property
    def needs_value(self) -> bool:
        """Whether a row that does not name it is refused."""
        return not self.is_nullable and self.default is None and self.identity is None and self.generated is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """A trigger, and the function that it executes, each as the statement that makes it."""

    definition: str
    function: str
    is_enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table with its columns, constraints, indexes and triggers, and what the role of tasks may do with it.

    The second half is never anything else in a sound database, and is not written down. `limits` are constraints and
    unique indexes with their columns: what can refuse a row.
    """

    columns: dict[str, Column]
    constraints: dict[str, str] = field(default_factory=dict)
    indexes: dict[str, str] = field(default_factory=dict)
    triggers: dict[str, Trigger] = field(default_factory=dict)
    privileges: tuple[str, ...] = ()

    privileges_of_columns: tuple[str, ...] = ()
    limits: dict[str, tuple[str, ...]] = field(default_factory=dict)
    invalid_indexes: tuple[str, ...] = ()
    is_logged: bool = True
    has_row_security: bool = False
    has_disabled_foreign_keys: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The role of tasks and API beside its rights on tables. `owners`: which owners of tables it can act as."""

    name: str
    is_superuser: bool
    owners: tuple[str, ...]
    privileges: tuple[str, ...]


_TABLES = TypeAdapter(dict[str, Table])
_ROLE = TypeAdapter(Role)


def describe(connection: Connection, app_role: str) -> dict[str, Table]:
    """The tables of a database, by name."""
    with connection.transaction(force_rollback=True):  # only the setting is to be undone
        # Else PostgreSQL writes a table's schema before its name or leaves it out, by the settings of the role.
        connection.execute("SELECT set_config('search_path', 'pg_catalog', true)")
        rows = list(queries().describe_tables(connection, app_role=app_role))
    return _TABLES.validate_python({row.pop("name"): row for row in rows})


def describe_role(connection: Connection, app_role: str, tables: Collection[str]) -> Role | None:
    """The role of tasks and API, and whether it can act as an owner of `tables`; None when there is no such role."""
    row: Mapping[str, Any] | None = queries().describe_role(connection, app_role=app_role, tables=list(tables))
    return None if row is None else _ROLE.validate_python(row)


def expected() -> dict[str, Table]:
    """What the migrations of this code make."""
    return _TABLES.validate_json(EXPECTED.read_bytes())


def as_document(tables: Mapping[str, Table]) -> str:
    """The tables as `schema.json` has them: in an order of its own, without what is never anything else."""
    document = _TABLES.dump_python(dict(tables), mode="json", exclude_defaults=True, exclude={"__all__": {"limits"}})
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
