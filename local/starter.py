"""A first watchlist for every user of this machine, so that the trigger form works as it stands."""

from local import users
from local.home import Home, read_json, write_private

UNIVERSE = "sample_leaders"


def give_watchlists(home: Home, database: str, database_url: str) -> None:
    """Give it to each user of a database once: who empties the list keeps it empty."""
    file = home.folder / ("watchlists.json" if database == "stocks" else f"watchlists-{database}.json")
    given = set((read_json(file) or {}).get("given", []))
    new = set(users.names(home)) - given
    if new:
        _add(database_url, new)
        write_private(file, {"given": sorted(given | new)})


def _add(database_url: str, names: set[str]) -> None:
    # Not at the top: `make down` and its like must work even when the product cannot be imported.
    from include.market.universes import universe
    from include.storage.connection import connect
    from include.storage.watchlist import add_to_watchlist

    with connect(database_url) as connection:
        for name in sorted(names):
            add_to_watchlist(connection, name, universe(UNIVERSE))
