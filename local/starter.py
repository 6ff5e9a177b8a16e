"""A first watchlist for every user of this machine, so that the trigger form works as it stands."""

from include.market.universes import universe
from include.storage.connection import connect
from include.storage.watchlist import add_to_watchlist
from local import users
from local.home import Home, read_json, write_private

UNIVERSE = "sample_leaders"


def give_watchlists(home: Home, database_url: str) -> None:
    """Give it to each user once: who empties the list keeps it empty."""
    file = home.folder / "watchlists.json"
    given = set((read_json(file) or {}).get("given", []))
    new = set(users.names(home)) - given
    if not new:
        return
    with connect(database_url) as connection:
        for name in sorted(new):
            add_to_watchlist(connection, name, universe(UNIVERSE))
    write_private(file, {"given": sorted(given | new)})
