"""What is on anybody's watchlist."""

from include.storage.connection import Connection, queries


def watched_tickers(connection: Connection) -> tuple[str, ...]:
    """Every ticker of every list of all users, once, sorted."""
    return tuple(row["ticker"] for row in queries().watched_tickers(connection))
