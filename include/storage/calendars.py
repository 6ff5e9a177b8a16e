"""Reads of what operators entered over the calendars of exchanges."""

from include.model.calendar import CalendarOverrides, SessionOverride
from include.storage.connection import Connection, queries


def calendar_overrides(connection: Connection) -> CalendarOverrides:
    """Every override of every exchange."""
    return CalendarOverrides(tuple(SessionOverride(**row) for row in queries().calendar_overrides(connection)))
