"""A user's watchlists: added to at once or not at all, within limits, and nobody else's."""

import threading
from collections.abc import Iterator

import pytest

from include.jobs.watchlists import (
    add_tickers,
    change_entry,
    find_list,
    lists_of,
    remove_list,
    remove_ticker,
    rename,
)
from include.model.errors import InvalidRequestError
from include.model.watchlist import UnknownWatchlistError, WatchlistEntry, WatchlistExistsError
from include.settings import settings
from include.storage.connection import Connection, connect
from include.storage.watchlist import EntriesWanted, watchlist_entries, watchlist_tickers


@pytest.fixture
def small_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("BELLWETHER_MAX_WATCHLISTS", "3")
    monkeypatch.setenv("BELLWETHER_MAX_WATCHLIST_TICKERS", "4")
    settings.cache_clear()
    yield
    settings.cache_clear()


def names(connection: Connection, owner: str = "ann") -> list[tuple[str, int]]:
    return [(one.name, one.count) for one in lists_of(connection, owner)]


def entries(connection: Connection, name: str = "default", **wanted: str) -> list[WatchlistEntry]:
    return [one.entry for one in watchlist_entries(connection, "ann", name, EntriesWanted(**wanted), None, 10)]


def test_a_user_has_the_default_list_and_those_that_were_added_to(connection: Connection) -> None:
    assert names(connection) == [("default", 0)]
    added, changed = add_tickers(connection, "ann", "Übersee 2", ["ibm", " JPM ", "IBM"], "from the paper")
    assert (added, changed.name, changed.count) == (2, "Übersee 2", 2)
    assert names(connection) == [("default", 0), ("Übersee 2", 2)]
    (first, _) = entries(connection, "Übersee 2")
    assert (first.ticker, first.notes, first.last_job_id, first.last_verdict) == ("IBM", "from the paper", None, None)


def test_adding_again_changes_nothing(connection: Connection) -> None:
    add_tickers(connection, "ann", "default", ["IBM"], "first")
    assert add_tickers(connection, "ann", "default", ["IBM", "JPM"], "second")[0] == 1
    notes = {entry.ticker: entry.notes for entry in entries(connection)}
    assert notes == {"IBM": "first", "JPM": "second"}


def test_every_malformed_ticker_is_named_and_none_is_added(connection: Connection) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        add_tickers(connection, "ann", "default", ["IBM", "J PM", 5, ""])
    assert [problem.field for problem in refused.value.problems] == ["tickers.1", "tickers.2", "tickers.3"]
    assert names(connection) == [("default", 0)]


@pytest.mark.parametrize("name", ["", " x", "x ", "a/b", "x" * 51, "a\nb", "-", "a;b"])
def test_a_list_has_a_name_that_can_be_shown_and_addressed(connection: Connection, name: str) -> None:
    with pytest.raises(InvalidRequestError):
        add_tickers(connection, "ann", name, ["IBM"])
    add_tickers(connection, "ann", "mine", ["IBM"])
    with pytest.raises(InvalidRequestError):
        rename(connection, "ann", "mine", name)


def test_the_lists_of_others_are_as_if_there_were_none(connection: Connection) -> None:
    add_tickers(connection, "ann", "mine", ["IBM"])
    assert names(connection, "bob") == [("default", 0)]
    for act in (
        lambda: find_list(connection, "bob", "mine"),
        lambda: rename(connection, "bob", "mine", "yours"),
        lambda: remove_list(connection, "bob", "mine"),
        lambda: remove_ticker(connection, "bob", "mine", "IBM"),
        lambda: change_entry(connection, "bob", "mine", "IBM", {"notes": "x"}),
    ):
        with pytest.raises(UnknownWatchlistError):
            act()
    assert names(connection) == [("default", 0), ("mine", 1)]


def test_a_list_is_renamed_unless_there_is_one_of_that_name(connection: Connection) -> None:
    add_tickers(connection, "ann", "old", ["IBM"])
    add_tickers(connection, "ann", "other", ["JPM"])
    assert rename(connection, "ann", "old", "new").count == 1
    assert rename(connection, "ann", "new", "new").count == 1
    with pytest.raises(WatchlistExistsError):
        rename(connection, "ann", "new", "other")
    assert names(connection) == [("default", 0), ("new", 1), ("other", 1)]


def test_an_entry_gets_a_name_and_notes_and_loses_them(connection: Connection) -> None:
    add_tickers(connection, "ann", "default", ["IBM"], "cheap")
    change_entry(connection, "ann", "default", "ibm", {"name": "Big Blue"})
    (entry,) = entries(connection)
    assert (entry.name, entry.notes) == ("Big Blue", "cheap")
    change_entry(connection, "ann", "default", "IBM", {"name": None, "notes": None})
    (entry,) = entries(connection)
    assert (entry.name, entry.notes) == (None, None)


def test_what_is_removed_is_gone_and_a_list_goes_with_its_last_ticker(connection: Connection) -> None:
    add_tickers(connection, "ann", "mine", ["IBM", "JPM"])
    remove_ticker(connection, "ann", "mine", "ibm")
    assert watchlist_tickers(connection, "ann", "mine") == ("JPM",)
    with pytest.raises(UnknownWatchlistError, match="no IBM"):
        remove_ticker(connection, "ann", "mine", "IBM")
    remove_ticker(connection, "ann", "mine", "JPM")
    with pytest.raises(UnknownWatchlistError):
        remove_list(connection, "ann", "mine")


def test_entries_are_read_page_by_page(connection: Connection) -> None:
    add_tickers(connection, "ann", "default", ["IBM", "JPM", "KO", "XOM"])
    places = (None, (0.0, "JPM"), (0.0, "XOM"))
    pages = [watchlist_entries(connection, "ann", "default", EntriesWanted(), place, 2) for place in places]
    assert [[one.entry.ticker for one in page] for page in pages] == [["IBM", "JPM"], ["KO", "XOM"], []]


@pytest.mark.usefixtures("small_limits")
def test_limits_hold_and_what_exceeds_them_changes_nothing(connection: Connection) -> None:
    add_tickers(connection, "ann", "one", ["A", "B", "C", "D"])
    with pytest.raises(InvalidRequestError, match="at most 4 tickers; this one would have 5"):
        add_tickers(connection, "ann", "one", ["E"])
    add_tickers(connection, "ann", "one", ["A"])
    add_tickers(connection, "ann", "two", ["A"])
    with pytest.raises(InvalidRequestError, match="at most 3 lists"):
        add_tickers(connection, "ann", "three", ["A"])
    assert names(connection) == [("default", 0), ("one", 4), ("two", 1)]


@pytest.mark.usefixtures("small_limits")
def test_limits_hold_also_when_many_add_at_one_moment(connection: Connection, app_url: str) -> None:
    count = 12
    gate, refused = threading.Barrier(count), []

    def add(number: int) -> None:
        with connect(app_url) as own:
            gate.wait(timeout=30)
            try:
                add_tickers(own, "ann", "mine", ["SAME", f"T{number}"])
            except InvalidRequestError:
                refused.append(number)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert (len(refused), names(connection)) == (count - 3, [("default", 0), ("mine", 4)])
