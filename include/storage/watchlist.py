"""Reads and writes of users' watchlists."""

from collections.abc import Sequence

from include.storage.connection import Connection, queries

DEFAULT_LIST = "default"


def watchlist_tickers(connection: Connection, owner: str, name: str = DEFAULT_LIST) -> tuple[str, ...]:
    """The tickers of one list of a user, sorted; empty when there is none."""
    return tuple(row["ticker"] for row in queries().watchlist_tickers(connection, owner=owner, list=name))


def add_to_watchlist(connection: Connection, owner: str, tickers: Sequence[str], name: str = DEFAULT_LIST) -> int:
    """Add tickers to one list of a user; returns how many were new."""
    added: int = queries().add_to_watchlist(connection, owner=owner, list=name, tickers=list(tickers))
    return added
