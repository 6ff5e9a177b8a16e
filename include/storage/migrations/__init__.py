"""Alembic migrations of the database `stocks`. A released one is never edited."""
