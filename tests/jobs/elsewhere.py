"""What this host makes of some requests, as JSON: run by a test under several time zones."""

import json
import sys
import time
from datetime import UTC, datetime

from include.analysis import load_strategies, outcome_of
from include.jobs.canonical import Requester, canonicalise
from include.jobs.claims import claim_key
from include.market.sessions import resolve_sessions
from include.market.sources import open_source
from include.model.bars import Bars, DataSource
from include.model.request import Trigger

MOMENTS = (
    datetime(2026, 3, 6, 21, 5, tzinfo=UTC),  # New York has just closed, Mumbai is in the next day
    datetime(2026, 3, 8, 1, 30, tzinfo=UTC),
    datetime(2026, 11, 1, 5, 59, tzinfo=UTC),  # the clocks of New York go back
    datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC),
)
LISTINGS = ["AAPL", "TCS.NS", "7203.T", "SAP.DE", "BHP.AX", "EURUSD=X"]
REQUESTS = (
    {"tickers": LISTINGS, "data_source": "yahoo"},
    {"tickers": ["IBM", "KO"], "data_source": "sample"},
    {"tickers": ["IBM", "KO"], "data_source": "sample", "as_of": "2010-03-14"},
    {"tickers": ["ANY.NS", "THING"], "data_source": "demo"},
)


def outcome_everywhere() -> dict[str, object]:
    requester = Requester(name="ann", trigger=Trigger.API, watchlist=tuple)
    said: dict[str, object] = {}
    for number, raw in enumerate(REQUESTS):
        request = canonicalise(raw, requester).request
        said[f"{number} key"] = claim_key(request)
        for moment in MOMENTS:
            sessions = resolve_sessions(request.tickers, request.data_source, request.as_of, moment)
            said[f"{number} {moment}"] = {ticker: session.isoformat() for ticker, session in sessions.items()}
            if request.data_source is DataSource.YAHOO:
                continue
            strategy = load_strategies()[request.strategy]
            fetched = open_source(request.data_source, lambda now=moment: now).fetch(sessions, 750)  # type: ignore[misc]
            for ticker, bars in fetched.items():
                assert isinstance(bars, Bars)
                outcome = outcome_of(bars, strategy, request.risk, sessions[ticker], 750)
                said[f"{number} {moment} {ticker}"] = repr(outcome)
    return said


if __name__ == "__main__":
    json.dump({"offset": time.timezone, "said": outcome_everywhere()}, sys.stdout)
