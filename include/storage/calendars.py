"""Reads of what operators entered over the calendars of exchanges."""

from math import ceil

from psycopg.conninfo import make_conninfo

from include.model.calendar import CalendarOverrides, SessionOverride
from include.storage.connection import Connection, connect, queries, wait_at_most


def calendar_overrides(connection: Connection) -> CalendarOverrides:
    """Every override of every exchange."""
    return CalendarOverrides(tuple(SessionOverride(**row) for row in queries().calendar_overrides(connection)))


def read_overrides(conninfo: str, patience: float) -> CalendarOverrides:
    """The same over a connection of its own, for those who may not be held up: no step takes longer than `patience`."""
    address = make_conninfo(conninfo, connect_timeout=ceil(patience))
    with connect(address) as connection, wait_at_most(connection, patience):
        return calendar_overrides(connection)
