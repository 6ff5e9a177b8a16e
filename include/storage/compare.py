"""Compares two descriptions of a database, and says how to come from the one to the other."""

from collections.abc import Iterator, Mapping

from include.storage.catalogue import Column, Role, Table
from include.storage.difference import Difference, Part


def differences(found: Mapping[str, Table], wanted: Mapping[str, Table], role: Role) -> Iterator[Difference]:
    """Every difference between two descriptions. What is too much goes first: it may stand in the way of the rest."""
    pairs = {name: (found[name], table) for name, table in wanted.items() if name in found}
    for name in sorted(wanted.keys() - pairs.keys()):
        yield _unmendable(Part.TABLES, f"table {name} is missing: restore a backup that has it")
    for name, (is_, should) in pairs.items():
        yield from _limits_too_many(name, is_, should)
    for name, (is_, should) in pairs.items():
        yield from _columns(name, is_.columns, should.columns)
        yield from _traits(name, is_)
    for foreign in (False, True):  # a foreign key needs the key that it refers to
        for name, (is_, should) in pairs.items():
            yield from _constraints(name, is_, should, foreign=foreign)
    for name, (is_, should) in pairs.items():
        yield from _indexes(name, is_, should)
    for name, (is_, should) in pairs.items():
        yield from _triggers(name, is_, should)
    yield from _privileges(pairs, role)


def _unmendable(part: Part, says: str) -> Difference:
    return Difference(part, says, mend=None)


def _limits_too_many(table: str, found: Table, wanted: Table) -> Iterator[Difference]:
    """Constraints and unique indexes of others; on an operator's own columns they are no concern of ours."""
    for name, columns in sorted(found.limits.items()):
        is_on_theirs = bool(columns) and wanted.columns.keys().isdisjoint(columns)
        if name in wanted.constraints or name in wanted.indexes or is_on_theirs:
            continue
        if name in found.constraints:
            part, kind, mend = Part.CONSTRAINTS, "constraint", f"ALTER TABLE {table} DROP CONSTRAINT {name};"
        else:
            part, kind, mend = Part.INDEXES, "unique index", f"DROP INDEX {name};"
        definition = found.constraints.get(name) or found.indexes[name]
        yield Difference(part, f"table {table} has a {kind} that can refuse our rows, {name} ({definition})", mend)


def _columns(table: str, found: Mapping[str, Column], wanted: Mapping[str, Column]) -> Iterator[Difference]:
    for name, column in wanted.items():
        if name not in found:
            says = f"table {table} lacks the column {name} ({column.type})"
            yield Difference(Part.TABLES, says, f"ALTER TABLE {table} ADD COLUMN {name} {column};")
        elif found[name] != column:
            says = f"column {table}.{name} is `{found[name]}` and must be `{column}`"
            yield Difference(Part.TABLES, says, _changed_column(table, name, found[name], column))
    for name in sorted(found.keys() - wanted.keys()):
        if found[name].needs_value:
            says = f"table {table} has a column that refuses our rows, {name} (`{found[name]}`, without a default)"
            mend = f"ALTER TABLE {table} ALTER COLUMN {name} DROP NOT NULL;"
            yield Difference(Part.TABLES, says, mend)


def _changed_column(table: str, name: str, found: Column, wanted: Column) -> str:
    if wanted.generated:
        return f"ALTER TABLE {table} DROP COLUMN {name}, ADD COLUMN {name} {wanted};"
    actions = [f"ALTER COLUMN {name} {action}" for action in _actions(name, found, wanted)]
    statement = f"ALTER TABLE {table} {', '.join(actions)};"
    if wanted.identity and not found.identity:
        # Its numbers go on after the highest that is there.
        statement += f" SELECT setval(pg_get_serial_sequence('{table}', '{name}'), max({name})) FROM {table};"
    return statement


def _actions(name: str, found: Column, wanted: Column) -> Iterator[str]:
    is_other_default = (found.default, found.type) != (wanted.default, wanted.type)
    if found.generated:
        yield "DROP EXPRESSION"
    if found.identity and not wanted.identity:
        yield "DROP IDENTITY"
    if found.default is not None and is_other_default:
        yield "DROP DEFAULT"
    if found.type != wanted.type:
        yield f"TYPE {wanted.type} USING {name}::{wanted.type}"
    if found.is_nullable != wanted.is_nullable:
        yield "DROP NOT NULL" if wanted.is_nullable else "SET NOT NULL"
    if wanted.default is not None and is_other_default:
        yield f"SET DEFAULT {wanted.default}"
    if wanted.identity and found.identity != wanted.identity:
        generated = f"GENERATED {wanted.identity}"
        yield f"SET {generated}" if found.identity else f"ADD {generated} AS IDENTITY"


def _traits(table: str, found: Table) -> Iterator[Difference]:
    if not found.is_logged:
        says = f"table {table} is unlogged: a crash of PostgreSQL empties it"
        yield Difference(Part.TABLES, says, f"ALTER TABLE {table} SET LOGGED;")
    if found.has_row_security:
        says = f"table {table} has row security on, which hides rows"
        yield Difference(Part.TABLES, says, f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;")
    if found.has_disabled_foreign_keys:
        remedy = f"a superuser runs ALTER TABLE {table} ENABLE TRIGGER ALL"
        yield _unmendable(Part.CONSTRAINTS, f"the foreign keys of table {table} are not enforced: {remedy}")


def _constraints(table: str, found: Table, wanted: Table, *, foreign: bool) -> Iterator[Difference]:
    for name, definition in wanted.constraints.items():
        is_ = found.constraints.get(name)
        if is_ == definition or definition.startswith("FOREIGN KEY") != foreign:
            continue
        add = f"ADD CONSTRAINT {name} {definition};"
        if is_ is None:
            says = f"table {table} lacks the constraint {name} ({definition})"
            yield Difference(Part.CONSTRAINTS, says, f"ALTER TABLE {table} {add}")
        else:
            says = f"constraint {name} of table {table} is `{is_}` and must be `{definition}`"
            mend = f"ALTER TABLE {table} DROP CONSTRAINT {name}, {add}"
            yield Difference(Part.CONSTRAINTS, says, mend)


def _indexes(table: str, found: Table, wanted: Table) -> Iterator[Difference]:
    for name, definition in wanted.indexes.items():
        is_ = found.indexes.get(name)
        if is_ is None:
            yield Difference(Part.INDEXES, f"index {name} of table {table} is missing", f"{definition};")
        elif is_ != definition:
            says = f"index {name} of table {table} is `{is_}` and must be `{definition}`"
            yield Difference(Part.INDEXES, says, f"DROP INDEX {name}; {definition};")
    for name in found.invalid_indexes:
        if name in wanted.indexes or name in wanted.constraints:
            says = f"index {name} of table {table} is not valid, so that PostgreSQL does not use it"
            yield Difference(Part.INDEXES, says, f"REINDEX INDEX {name};")


def _triggers(table: str, found: Table, wanted: Table) -> Iterator[Difference]:
    """An operator's own triggers are theirs; the rows that ours have missed, the doctor tells."""
    for name, trigger in wanted.triggers.items():
        is_ = found.triggers.get(name)
        if is_ == trigger:
            continue
        drop = f"DROP TRIGGER {name} ON {table}; " if is_ else ""
        mend = f"{drop}{trigger.function}; {trigger.definition};"
        if is_ is None:
            yield Difference(Part.TRIGGERS, f"table {table} lacks the trigger {name}", mend)
        elif not is_.is_enabled:
            yield Difference(Part.TRIGGERS, f"trigger {name} of table {table} is disabled", mend)
        else:
            yield Difference(Part.TRIGGERS, f"trigger {name} of table {table}, or its function, is another", mend)


def _privileges(pairs: Mapping[str, tuple[Table, Table]], role: Role) -> Iterator[Difference]:
    if role.is_superuser or role.owners:
        # It may do everything: to name every right that it has too much would hide why.
        why = (
            "is a superuser"
            if role.is_superuser
            else f"has the rights of {', '.join(role.owners)}, who owns the tables"
        )
        yield _unmendable(Part.PRIVILEGES, f"the role {role.name} of tasks and API {why}, and must not")
        return
    if "USAGE" not in role.privileges:
        says = f"the role {role.name} may not use the schema public"
        yield Difference(Part.PRIVILEGES, says, f"GRANT USAGE ON SCHEMA public TO {role.name};")
    if "CREATE" in role.privileges:
        says = f"the role {role.name} may make tables in the schema public"
        mend = f"REVOKE CREATE ON SCHEMA public FROM {role.name}, PUBLIC;"
        yield Difference(Part.PRIVILEGES, says, mend)
    for table, (found, wanted) in pairs.items():
        yield from _privileges_of_table(table, found, wanted, role.name)


def _privileges_of_table(table: str, found: Table, wanted: Table, role: str) -> Iterator[Difference]:
    missing = ", ".join(sorted(set(wanted.privileges) - set(found.privileges)))
    if missing:
        says = f"the role {role} may not {missing} on table {table}"
        yield Difference(Part.PRIVILEGES, says, f"GRANT {missing} ON {table} TO {role};")
    too_many = ", ".join(sorted({*found.privileges, *found.privileges_of_columns} - set(wanted.privileges)))
    if too_many:
        says = f"the role {role} may {too_many} on table {table}, and must not"
        yield Difference(Part.PRIVILEGES, says, f"REVOKE {too_many} ON {table} FROM {role}, PUBLIC;")
