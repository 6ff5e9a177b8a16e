"""The watchlists of a user, as methods."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Unpack

from pydantic import TypeAdapter

from include.client.answers import Added, Page, Submission
from include.client.calls import Calls, segment
from include.client.fields import ChangeFilters, EntryChanges, RequestFields
from include.client.reading import value_of
from include.model.changes import Change
from include.model.watchlist import Watchlist, WatchlistEntry

_LISTS, _ENTRIES = TypeAdapter(Page[Watchlist]), TypeAdapter(Page[WatchlistEntry])
_LIST, _ADDED, _CHANGES = TypeAdapter(Watchlist), TypeAdapter(Added), TypeAdapter(Page[Change])
DEFAULT_LIST = "default"


class Watchlists:
    """Your lists, and nobody else's. One is made with its first tickers and goes with its last."""

    def __init__(self, calls: Calls, ask: Callable[[str, Any], Submission]) -> None:
        self._calls, self._ask = calls, ask

    def lists(self) -> tuple[Watchlist, ...]:
        """All lists; `default`, which a request takes that names nothing, is always there."""
        return tuple(self._calls.get("/watchlist", _LISTS).items)

    def entries(self, name: str = DEFAULT_LIST) -> Iterator[WatchlistEntry]:
        """The tickers of a list, with what the last job said of each."""
        return self._calls.items(_path(name), _ENTRIES, None)

    def changes(
        self, name: str = DEFAULT_LIST, limit: int | None = None, **filters: Unpack[ChangeFilters]
    ) -> Iterator[Change]:
        """What changed on a list from session to session, the newest first."""
        return self._calls.items(f"{_path(name)}/changes", _CHANGES, limit, **filters)

    def add(self, tickers: Sequence[str], name: str = DEFAULT_LIST, *, notes: str | None = None) -> Added:
        """Add tickers, all or none; those that are in the list stay as they are."""
        said = {"tickers": tickers} if notes is None else {"tickers": tickers, "notes": notes}
        return value_of(self._calls.send("POST", _path(name), json=said), _ADDED)

    def edit(self, ticker: str, list_name: str = DEFAULT_LIST, **changes: Unpack[EntryChanges]) -> None:
        """Write a name or notes beside a ticker; None takes it away, and what is left out stays."""
        self._calls.send("PATCH", f"{_path(list_name)}/{segment(ticker)}", json=changes)

    def remove(self, ticker: str, name: str = DEFAULT_LIST) -> None:
        """Remove a ticker from a list; its results stay."""
        self._calls.send("DELETE", f"{_path(name)}/{segment(ticker)}", repeatable=False)

    def remove_list(self, name: str) -> None:
        """Remove a list with its entries."""
        self._calls.send("DELETE", _path(name), repeatable=False)

    def rename(self, name: str, new_name: str) -> Watchlist:
        """Give a list another name."""
        return value_of(self._calls.send("PATCH", _path(name), json={"name": new_name}, repeatable=False), _LIST)

    def analyze(self, name: str = DEFAULT_LIST, **fields: Unpack[RequestFields]) -> Submission:
        """Ask for an analysis of a list, as `Client.submit` does."""
        return self._ask(f"{_path(name)}/analyze", fields)


def _path(name: str) -> str:
    return f"/watchlist/{segment(name)}"
