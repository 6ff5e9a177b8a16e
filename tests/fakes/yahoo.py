"""The local Yahoo with a test's own stocks, for the real client: see local/yahoo/server.py.

with FakeYahoo({"AAPL": Stock(rows=weekday_rows(...)), "GONE": Fault.NOT_FOUND}, folder) as yahoo:
    subprocess.run([...], env=yahoo.environment)
"""

from collections.abc import Mapping
from pathlib import Path

from local.yahoo.faults import Fault
from local.yahoo.market import FixedMarket
from local.yahoo.server import LocalYahoo
from local.yahoo.stock import Row, Stock

__all__ = ["FakeYahoo", "Fault", "Row", "Stock"]


class FakeYahoo(LocalYahoo):
    """Answers for `stocks`, each with its history or its fault; every other symbol is unknown.

    A `mute` server takes every connection, also those for cookies, and never answers.
    """

    def __init__(self, stocks: Mapping[str, Stock | Fault], folder: Path, *, mute: bool = False) -> None:
        self.stocks = stocks
        histories = {ticker: stock for ticker, stock in stocks.items() if isinstance(stock, Stock)}
        faults = {ticker: fault for ticker, fault in stocks.items() if isinstance(fault, Fault)}
        super().__init__(folder, market=FixedMarket(histories), faults=faults)
        if mute:
            self.faults.put(Fault.HANG)

    @property
    def asked(self) -> dict[str, int]:
        """How many chart requests there were for each ticker."""
        return self.counters.now().by_ticker
