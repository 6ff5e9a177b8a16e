"""Everything that knows SQL: connection, migrations, and the named statements in `sql/`."""
