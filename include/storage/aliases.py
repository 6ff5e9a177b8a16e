"""Reads of renamed tickers."""

from include.storage.connection import Connection, queries


def ticker_aliases(connection: Connection) -> dict[str, str]:
    """The new name of every renamed ticker, as operators entered them."""
    return {row["ticker"]: row["renamed_to"] for row in queries().ticker_aliases(connection)}
