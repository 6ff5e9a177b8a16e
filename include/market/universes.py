"""Named sets of tickers."""

from collections.abc import Callable
from dataclasses import dataclass

from include.market.sources.sample import sample_tickers
from include.model.errors import FieldProblem, InvalidRequestError

# Complete in the sample, without a split in its year.
LEADERS_BY_SECTOR = {
    "Technology": "IBM TXN AMD",
    "Financials": "JPM BAC WFC C GS MS",
    "Energy": "XOM CVX COP SLB",
    "Consumer staples": "KO PEP PG WMT",
    "Consumer discretionary": "TGT HD LOW MCD NKE DIS",
    "Health care": "JNJ PFE MRK ABT LLY",
    "Industrials": "CAT DE BA GE HON MMM UPS FDX",
    "Materials": "DD DOW",
    "Telecommunications": "T VZ",
    "Utilities": "EXC SO",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Universe:
    """A named set of tickers: `title` and `description` are for a form."""

    name: str
    title: str
    description: str
    members: Callable[[], tuple[str, ...]]


def _sample_leaders() -> tuple[str, ...]:
    return tuple(ticker for tickers in LEADERS_BY_SECTOR.values() for ticker in tickers.split())


_ALL = (
    Universe(
        name="sample",
        title="All stocks of the sample",
        description="524 US stocks, daily prices of August 2009 to August 2010, offline; some are incomplete",
        members=sample_tickers,
    ),
    Universe(
        name="sample_leaders",
        title="Leading stocks of the sample",
        description="42 large US stocks in 10 sectors whose sample prices are complete",
        members=_sample_leaders,
    ),
)
UNIVERSES = {universe.name: universe for universe in _ALL}


def universe(name: str) -> tuple[str, ...]:
    """The tickers of a universe; raises InvalidRequestError, which names the universes that exist."""
    found = UNIVERSES.get(name)
    if found is None:
        raise InvalidRequestError(
            [FieldProblem("universe", name, f"there is no such universe; choose one of {', '.join(UNIVERSES)}")]
        )
    return found.members()
