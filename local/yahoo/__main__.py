"""The local Yahoo as a process: `python -m local.yahoo --folder .. --port .. --control-port ..`."""

import argparse
import signal
import threading
from pathlib import Path

from local.yahoo.market import SampleMarket
from local.yahoo.server import LocalYahoo


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="python -m local.yahoo", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the certificates are written")
    parser.add_argument("--port", type=int, default=0, help="of the proxy that the client is sent to")
    parser.add_argument("--control-port", type=int, default=0, help="of the counters and orders over plain HTTP")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that every answer takes")
    parser.add_argument("--limit", type=int, help="chart requests a minute; more are answered 429")
    parser.add_argument("--lists-all", action="store_true", help="know every well-formed ticker")
    chosen = parser.parse_args()
    ended = threading.Event()
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, lambda *_: ended.set())
    yahoo = LocalYahoo(
        chosen.folder,
        market=SampleMarket(lists_all=chosen.lists_all),
        latency=chosen.latency,
        limit=chosen.limit,
        port=chosen.port,
        control_port=chosen.control_port,
    )
    for ticker in ("IBM", "TCS.NS", "VOD.L"):  # reads the sample and makes the calendars, which takes a second
        yahoo.stock(ticker)
    with yahoo:
        print(f"The local Yahoo is up. Counters and orders: {yahoo.control_url}. A client needs:", flush=True)
        for name, value in yahoo.environment.items():
            print(f"  {name}={value}", flush=True)
        ended.wait()


if __name__ == "__main__":
    main()
