"""The real client in a process of its own: `python -m benchmarks.live_client`, a question on stdin, seconds on stdout.

Our batches go through the price cache, at a pace that is no limit; yfinance's own `download` fetches as many.
"""

import json
import os
import sys
import time
import warnings
from datetime import date, timedelta

from include.market.cache import CachedPrices
from include.market.sources import utc_now
from include.market.sources.yahoo_source import YahooSource
from include.model.bars import Bars
from include.settings import Settings
from include.storage.connection import connect
from include.storage.database import Database

BARS = 500


def main() -> None:
    """Fetch the batches of the question in turns, ours and theirs, and print how long each took."""
    question = json.load(sys.stdin)
    chosen = Settings(requests_per_minute=100_000)
    session = date.fromisoformat(question["session"])
    import yfinance

    warnings.simplefilter("ignore")  # yfinance uses what pandas has deprecated
    yfinance.set_tz_cache_location(question["cache"])
    url = question["url"]
    with Database(lambda: connect(url), 10) as database, Database(lambda: connect(url), 10) as beside:
        prices = CachedPrices(YahooSource(chosen, utc_now), database, beside, chosen)
        seconds: dict[str, list[float]] = {"ours": [], "theirs": []}
        for ours, theirs in question["batches"]:
            start = time.perf_counter()
            found = prices.fetch(dict.fromkeys(ours, session), BARS)
            seconds["ours"].append(time.perf_counter() - start)
            assert all(isinstance(answer, Bars) for answer in found.values()), found
            start = time.perf_counter()
            yfinance.download(theirs, start=session - timedelta(days=800), progress=False, auto_adjust=True)
            seconds["theirs"].append(time.perf_counter() - start)
    print(json.dumps(seconds), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
