"""The price cache before the real client, in a process of its own: a question on stdin, the answers on stdout.

It asks until every ticker has an answer that stands, as a task that comes back does.
"""

import json
import os
import sys
import time
from datetime import date
from typing import Any

from include.analysis.analyze import hash_bars
from include.market.cache import CachedPrices
from include.market.sources import utc_now
from include.market.sources.yahoo_source import YahooSource
from include.model.bars import Bars
from include.model.prices import Delay
from include.settings import Settings
from include.storage.connection import connect
from include.storage.database import Database


def main() -> None:
    question = json.load(sys.stdin)
    chosen = Settings(**question["settings"])
    wanted = {ticker: date.fromisoformat(day) for ticker, day in question["wanted"].items()}
    answers: dict[str, Any] = {}
    url = question["url"]
    with Database(lambda: connect(url), 10) as database, Database(lambda: connect(url), 10) as pace:
        prices = CachedPrices(YahooSource(chosen, utc_now), database, pace, chosen)
        while wanted:
            found = prices.fetch(wanted, question["bars"])
            delays = [answer for answer in found.values() if isinstance(answer, Delay)]
            for ticker, answer in found.items():
                if not isinstance(answer, Delay):
                    answers[ticker] = plain(answer)
                    del wanted[ticker]
            if delays:
                time.sleep(min(delay.seconds or 0.1 for delay in delays))
    print(json.dumps(answers), flush=True)
    os._exit(0)  # as Airflow's tasks do: threads whose request hangs are not waited for


def plain(answer: Any) -> Any:
    if isinstance(answer, Bars):
        return {"hash": hash_bars(answer), "last": str(answer.last_session), "notes": answer.notes}
    return {"code": answer.code, "message": answer.message}


if __name__ == "__main__":
    main()
