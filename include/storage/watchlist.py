"""Reads and writes of users' watchlists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from include.model.watchlist import Watchlist, WatchlistEntry
from include.storage.connection import Connection, queries

DEFAULT_LIST = "default"
RECENT_SESSIONS = 20

_ENTRY = TypeAdapter(WatchlistEntry)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntriesWanted:
    """Which entries of a list, in which order; `search` is a part of ticker, name or notes."""

    search: str | None = None
    sort: str = "ticker"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedEntry:
    """An entry and its place in the order of its list."""

    entry: WatchlistEntry
    key: float


def watchlist_tickers(connection: Connection, owner: str, name: str = DEFAULT_LIST) -> tuple[str, ...]:
    """The tickers of one list of a user, sorted; empty when there is none."""
    return tuple(row["ticker"] for row in queries().watchlist_tickers(connection, owner=owner, list=name))


def add_to_watchlist(
    connection: Connection, owner: str, tickers: Sequence[str], name: str = DEFAULT_LIST, notes: str | None = None
) -> int:
    """Add tickers to one list of a user; returns how many were new. Those that are in it stay as they are."""
    added: int = queries().add_to_watchlist(connection, owner=owner, list=name, tickers=list(tickers), notes=notes)
    return added


def lock_watchlists(connection: Connection, owner: str) -> None:
    """Let nobody else change a user's lists until this transaction ends."""
    queries().lock_watchlists(connection, owner=owner)


def watchlists(connection: Connection, owner: str) -> tuple[Watchlist, ...]:
    """The lists of a user that have tickers, by name."""
    return tuple(Watchlist(**row) for row in queries().watchlists(connection, owner=owner))


def watchlist_entries(
    connection: Connection, owner: str, name: str, wanted: EntriesWanted, after: tuple[float, str] | None, most: int
) -> list[PlacedEntry]:
    """Up to `most` entries of one list, from behind the one with this key and ticker."""
    after_key, after_ticker = after or (None, None)
    rows = queries().watchlist_entries(
        connection,
        owner=owner,
        list=name,
        search=wanted.search,
        sort=wanted.sort,
        after_key=after_key,
        after_ticker=after_ticker,
        sessions=RECENT_SESSIONS,
        most=most,
    )
    return [PlacedEntry(key=row["key"], entry=_entry(row)) for row in rows]


def _entry(row: Mapping[str, Any]) -> WatchlistEntry:
    return _ENTRY.validate_python({name: row[name] for name in WatchlistEntry.__dataclass_fields__})


def change_watchlist_entry(
    connection: Connection, owner: str, name: str, ticker: str, changes: Mapping[str, str | None]
) -> bool:
    """Set `name` and `notes` of an entry where `changes` has them; False when there is no such entry."""
    changed: int = queries().change_watchlist_entry(
        connection, owner=owner, list=name, ticker=ticker, changes=Jsonb(dict(changes))
    )
    return changed == 1


def rename_watchlist(connection: Connection, owner: str, name: str, new_name: str) -> bool:
    """Give a list another name; False when there is no such list."""
    renamed: int = queries().rename_watchlist(connection, owner=owner, list=name, new_name=new_name)
    return renamed > 0


def remove_watchlist(connection: Connection, owner: str, name: str) -> bool:
    """Remove a list with its entries; False when there is no such list."""
    removed: int = queries().remove_watchlist(connection, owner=owner, list=name)
    return removed > 0


def remove_watchlist_entry(connection: Connection, owner: str, name: str, ticker: str) -> bool:
    """Remove a ticker from a list; False when it is not in it."""
    removed: int = queries().remove_watchlist_entry(connection, owner=owner, list=name, ticker=ticker)
    return removed == 1
