"""The real yfinance in a process of its own: tickers on stdin, what it makes of the answers on stdout.

As the product uses it, it raises; a question may be asked twice in one process, with a pause for the test in between.
"""

import json
import sys
import warnings
from typing import Any

import yfinance

warnings.filterwarnings("ignore", category=DeprecationWarning)


def history(ticker: str, **asked: Any) -> dict[str, Any]:
    """The history of a ticker, or the name of the error that it ended with."""
    client = yfinance.Ticker(ticker)
    try:
        found = client.history(auto_adjust=False, **asked)
    except Exception as error:
        return {"error": type(error).__name__}
    meta = client.history_metadata
    return {
        "days": [str(day.date()) for day in found.index],
        "zone": str(found.index.tz),
        "currency": meta["currency"],
        "period_end": str(meta["currentTradingPeriod"]["regular"]["end"]),
        **{name: found[name].tolist() for name in ("Close", "Adj Close", "Volume", "Dividends", "Stock Splits")},
    }


def main() -> None:
    """Answer each line of stdin: {"tickers": [...], "asked": {...}}."""
    yfinance.config.debug.hide_exceptions = False
    yfinance.set_tz_cache_location(sys.argv[1])
    for line in sys.stdin:
        question = json.loads(line)
        answers = {ticker: history(ticker, **question["asked"]) for ticker in question["tickers"]}
        print(json.dumps(answers), flush=True)


if __name__ == "__main__":
    main()
