"""Who is in an index, as the package `pytickersymbols` (MIT) has it, which takes it from Wikipedia.

Its CAC Mid 60 and SDAX are left out: a third of their stocks have no symbol there, and the others one without suffix.
"""

from dataclasses import dataclass
from functools import lru_cache, partial
from importlib import import_module
from typing import Any

from include.market.exchanges import WEEKDAYS, exchange_of
from include.market.universes.universe import Members, Universe, well_formed

PACKAGE, VERSION, RELEASED = "pytickersymbols", "1.17.10", "2026-03-09"


@dataclass(frozen=True, slots=True)
class _Index:
    name: str
    title: str
    stocks: int
    key: str  # in the package


_INDICES = (
    _Index("sp500", "S&P 500", 503, "S&P 500"),
    _Index("sp100", "S&P 100", 101, "S&P 100"),
    _Index("sp600", "S&P SmallCap 600", 603, "S&P 600"),
    _Index("nasdaq100", "Nasdaq-100", 101, "NASDAQ 100"),
    _Index("dow", "Dow Jones Industrial Average", 30, "DOW JONES"),
    _Index("ftse100", "FTSE 100", 100, "FTSE 100"),
    _Index("eurostoxx50", "EURO STOXX 50", 50, "EURO STOXX 50"),
    _Index("dax", "DAX", 40, "DAX"),
    _Index("mdax", "MDAX", 50, "MDAX"),
    _Index("tecdax", "TecDAX", 30, "TecDAX"),
    _Index("cac40", "CAC 40", 40, "CAC_40"),
    _Index("aex", "AEX", 25, "AEX"),
    _Index("bel20", "BEL 20", 20, "BEL 20"),
    _Index("ibex35", "IBEX 35", 35, "IBEX 35"),
    _Index("smi", "Swiss Market Index", 20, "Switzerland 20"),
    _Index("omxs30", "OMX Stockholm 30", 30, "OMX Stockholm 30"),
    _Index("omxh25", "OMX Helsinki 25", 25, "OMX Helsinki 25"),
    _Index("nikkei225", "Nikkei 225", 226, "NIKKEI 225"),
)


@lru_cache(maxsize=len(_INDICES))
def _members(key: str) -> Members:
    """A stock's own `symbol` is that of the index' exchange; its list of further symbols has other listings."""
    companies: list[dict[str, Any]] = import_module("pytickersymbols.indices_data").INDICES[key]["companies"]
    return well_formed(_as_yahoo_writes(company["symbol"]) for company in companies)


def _as_yahoo_writes(symbol: str) -> str:
    """A class of shares after a dash (BRK.B there), and one suffix (AIR.PA.DE there, which is Airbus on Xetra)."""
    stock, *_, suffix = symbol.split(".") if "." in symbol else (symbol, "")
    ticker = f"{stock}.{suffix}" if suffix else stock
    return ticker.replace(".", "-") if exchange_of(ticker) is WEEKDAYS else ticker


INDICES = tuple(
    Universe(
        name=index.name,
        title=f"{index.title}, {index.stocks} stocks",
        dated=RELEASED,
        description=f"who is in it, from {PACKAGE} {VERSION}, released on {RELEASED}",
        read=partial(_members, index.key),
    )
    for index in _INDICES
)
