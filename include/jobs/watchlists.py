"""What users do with their watchlists, within the limits that an operator sets."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from include.market.symbols import normalize_ticker
from include.model.errors import FieldProblem, InvalidRequestError
from include.model.watchlist import UnknownWatchlistError, Watchlist, WatchlistExistsError
from include.settings import settings
from include.storage.connection import Connection
from include.storage.watchlist import (
    DEFAULT_LIST,
    add_to_watchlist,
    change_watchlist_entry,
    lock_watchlists,
    remove_watchlist,
    remove_watchlist_entry,
    rename_watchlist,
    watchlist_tickers,
    watchlists,
)

ALLOWED_NAME = "a list's name has up to 50 letters and digits of any language, with spaces . _ or - between them"

_NAME = re.compile(r"\w(?:[\w .-]{0,48}\w)?")


def lists_of(connection: Connection, owner: str) -> tuple[Watchlist, ...]:
    """The lists of a user, the default one first, which there is also without a ticker."""
    found = {one.name: one for one in watchlists(connection, owner)}
    default = found.pop(DEFAULT_LIST, Watchlist(name=DEFAULT_LIST, count=0, failed=0, last_analyzed_at=None))
    return default, *found.values()


def find_list(connection: Connection, owner: str, name: str) -> Watchlist:
    """One list of a user; raises UnknownWatchlistError."""
    for one in lists_of(connection, owner):
        if one.name == name:
            return one
    raise _unknown(name)


def tickers_of(connection: Connection, owner: str, name: str) -> tuple[str, ...]:
    """The tickers of a list, one at least; raises UnknownWatchlistError."""
    tickers = watchlist_tickers(connection, owner, name)
    if not tickers:
        raise _unknown(name)
    return tickers


def add_tickers(
    connection: Connection, owner: str, name: str, raw: Sequence[Any], notes: str | None = None
) -> tuple[int, Watchlist]:
    """Add tickers to a list, which is made if there is none; how many were new, and the list as it is then.

    Adds all or none: raises InvalidRequestError, which names every malformed one, or the limit that is exceeded.
    """
    _check_name("list", name)
    tickers = _tickers(raw)
    with connection.transaction():
        lock_watchlists(connection, owner)
        added = add_to_watchlist(connection, owner, tickers, name, notes)
        lists = lists_of(connection, owner)
        changed = next(one for one in lists if one.name == name)
        if added:
            _check_limits(lists, changed)
    return added, changed


def rename(connection: Connection, owner: str, name: str, new_name: str) -> Watchlist:
    """Give a list another name; raises WatchlistExistsError where there is one of that name."""
    _check_name("name", new_name)
    with connection.transaction():
        lock_watchlists(connection, owner)
        if new_name != name and watchlist_tickers(connection, owner, new_name):
            raise WatchlistExistsError(new_name)
        if not rename_watchlist(connection, owner, name, new_name):
            raise _unknown(name)
        return find_list(connection, owner, new_name)


def change_entry(
    connection: Connection, owner: str, name: str, raw_ticker: str, changes: Mapping[str, str | None]
) -> None:
    """Set `name` and `notes` of an entry, where `changes` has them."""
    if not change_watchlist_entry(connection, owner, name, _ticker(raw_ticker), changes):
        raise _unknown(name, raw_ticker)


def remove_list(connection: Connection, owner: str, name: str) -> None:
    """Remove a list with its entries."""
    with connection.transaction():
        lock_watchlists(connection, owner)
        if not remove_watchlist(connection, owner, name):
            raise _unknown(name)


def remove_ticker(connection: Connection, owner: str, name: str, raw_ticker: str) -> None:
    """Remove one ticker from a list."""
    if not remove_watchlist_entry(connection, owner, name, _ticker(raw_ticker)):
        raise _unknown(name, raw_ticker)


def _tickers(raw: Sequence[Any]) -> list[str]:
    tickers, problems = set(), []
    for index, one in enumerate(raw):
        try:
            tickers.add(normalize_ticker(one))
        except ValueError as error:
            problems.append(FieldProblem(f"tickers.{index}", one, str(error)))
    if not raw:
        problems.append(FieldProblem("tickers", [], "name at least one"))
    if problems:
        raise InvalidRequestError(problems)
    return sorted(tickers)


def _ticker(raw: str) -> str:
    try:
        return normalize_ticker(raw)
    except ValueError as error:
        raise InvalidRequestError([FieldProblem("ticker", raw, str(error))]) from None


def _check_name(field: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidRequestError([FieldProblem(field, name, ALLOWED_NAME)])


def _check_limits(lists: Sequence[Watchlist], changed: Watchlist) -> None:
    most = settings()
    if changed.count > most.max_watchlist_tickers:
        reason = f"a list has at most {most.max_watchlist_tickers} tickers; this one would have {changed.count}"
        raise InvalidRequestError([FieldProblem("tickers", changed.count, reason)])
    if len(lists) > most.max_watchlists:
        reason = f"a user has at most {most.max_watchlists} lists; remove one, or add to one that there is"
        raise InvalidRequestError([FieldProblem("list", changed.name, reason)])


def _unknown(name: str, ticker: str | None = None) -> UnknownWatchlistError:
    return UnknownWatchlistError(f"the list {name} has no {ticker}" if ticker else f"there is no list {name}")
