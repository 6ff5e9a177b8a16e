"""Which ticker shows which stock of the sample, and what happened to these in their year."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache
from hashlib import sha256
from types import MappingProxyType

from include.market.exchanges import exchange_of
from include.market.sources.sample import SampleSource, sample_sessions, sample_tickers
from include.market.symbols import normalize_ticker
from include.model.bars import Bars

ANCHOR = date(2026, 11, 20)  # the session that shows the last bar of the sample
FIRST_DAY = date(2020, 1, 2)
LONG_AGO = date(2010, 1, 4)
TEN_YEARS_AND_MORE = ("IBM", "JPM", "KO", "XOM", "CAT", "TCS.NS", "RELIANCE.NS", "VOD.L")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A ticker that is traded: the stock of the sample whose bars it shows, times `scale`, since `first_day`."""

    sample: str
    scale: float = 1.0
    first_day: date = FIRST_DAY


# 20 and 100: cents of the sample then lie on the exchanges' ticks, and the prices look as they do there (London's are
# in pence).
_INDIA = {
    "TCS.NS": "IBM",
    "INFY.NS": "TXN",
    "RELIANCE.NS": "XOM",
    "HDFCBANK.NS": "JPM",
    "ICICIBANK.NS": "BAC",
    "SBIN.NS": "C",
    "ITC.NS": "KO",
    "HINDUNILVR.NS": "PG",
    "LT.NS": "CAT",
    "M&M.NS": "DE",
    "500325.BO": "XOM",
}
_LONDON = {"VOD.L": "VZ"}
_ABROAD = {
    **{ticker: Listing(sample=sample, scale=20.0) for ticker, sample in _INDIA.items()},
    **{ticker: Listing(sample=sample, scale=100.0) for ticker, sample in _LONDON.items()},
}

# By Yahoo's suffix: what it calls the exchange, when sessions begin there, and the unit of the prices where it is not
# the currency.
EXCHANGE_CODES = MappingProxyType({"NS": "NSI", "BO": "BSE", "L": "LSE"})
OPENS = MappingProxyType({"XNYS": time(9, 30), "XBOM": time(9, 15), "XLON": time(8, 0)})
USUAL_OPENING = time(9, 0)
QUOTED_IN = MappingProxyType({"L": "GBp", "JO": "ZAc", "TA": "ILA"})

# The sample is not adjusted for these.
SPLITS: Mapping[str, Mapping[date, tuple[int, int]]] = MappingProxyType(
    {
        "ESRX": {date(2010, 6, 8): (2, 1)},
        "GIS": {date(2010, 6, 9): (2, 1)},
        "DHR": {date(2010, 6, 14): (2, 1)},
    }
)
# IBM's own list has record dates and amounts; the first day without a dividend was two sessions before.
DIVIDENDS: Mapping[str, Mapping[date, float]] = MappingProxyType(
    {
        "IBM": {
            date(2009, 11, 6): 0.55,
            date(2010, 2, 8): 0.55,
            date(2010, 5, 6): 0.65,
            date(2010, 8, 6): 0.65,
        }
    }
)


def listing_of(ticker: str, *, lists_all: bool = False) -> Listing | None:
    """What a ticker shows; None when there is no such ticker.

    With `lists_all` there is every well-formed one, and its name alone decides which complete stock of the sample it
    shows.
    """
    first_day = LONG_AGO if ticker in TEN_YEARS_AND_MORE else FIRST_DAY
    if ticker in _ABROAD:
        known = _ABROAD[ticker]
        return Listing(sample=known.sample, scale=known.scale, first_day=first_day)
    if ticker in _sampled():
        return Listing(sample=ticker, first_day=first_day)
    return Listing(sample=_stand_in(ticker)) if lists_all and _is_well_formed(ticker) else None


def _is_well_formed(ticker: str) -> bool:
    try:
        return normalize_ticker(ticker) == ticker
    except ValueError:
        return False


def _stand_in(ticker: str) -> str:
    whole = _whole()
    return whole[int.from_bytes(sha256(ticker.encode()).digest()[:8], "big") % len(whole)]


@lru_cache(maxsize=1)
def _sampled() -> frozenset[str]:
    return frozenset(sample_tickers())


@lru_cache(maxsize=1)
def _whole() -> tuple[str, ...]:
    """The stocks that have every session of the sample and no split in it."""
    sessions = len(sample_sessions())
    return tuple(name for name in sample_tickers() if len(sample_bars(name)) == sessions and name not in SPLITS)


def sample_bars(sample: str) -> Bars:
    """The year of a stock of the sample."""
    bars = SampleSource().fetch({sample: None}, 0)[sample]
    if not isinstance(bars, Bars):
        raise ValueError(bars.message)
    return bars


def quoted_in(ticker: str) -> str:
    """The unit of a ticker's prices, as Yahoo names it."""
    return QUOTED_IN.get(ticker.rpartition(".")[2], exchange_of(ticker).currency)
