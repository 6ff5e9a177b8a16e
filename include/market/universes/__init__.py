"""Named sets of tickers: those that come with the product, and an operator's own files."""

from include.market.universes.files import file_universes
from include.market.universes.india import INDIA
from include.market.universes.indices import INDICES
from include.market.universes.samples import SAMPLES
from include.market.universes.universe import Members, Universe
from include.model.errors import FieldProblem, InvalidRequestError
from include.settings import settings

__all__ = ["UNIVERSES", "Members", "Universe", "universe", "universes"]

WATCHLIST = "watchlist"  # the name that stands for a user's own list
UNIVERSES = {universe.name: universe for universe in (*SAMPLES, *INDICES, *INDIA)}


def universes() -> dict[str, Universe]:
    """Every universe by name: those that come with the product, and the files of the setting `universes_dir`."""
    folder = settings().universes_dir
    return UNIVERSES | (file_universes(folder, {WATCHLIST, *UNIVERSES}) if folder else {})


def universe(name: str) -> tuple[str, ...]:
    """The tickers of a universe.

    Raises InvalidRequestError, which names the universes that exist, or what is wrong with the file of this one.
    """
    every = universes()
    if name not in every:
        reason = f"there is no such universe; choose one of {', '.join(every)}"
        raise InvalidRequestError([FieldProblem("universe", name, reason)])
    return every[name].members()
