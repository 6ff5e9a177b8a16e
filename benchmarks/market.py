"""Prices: a batch from a Yahoo that takes its time, storing and reading the cache, the limit that all share.

Yahoo is the local one, with the latency of a far one. PostgreSQL keeps what it is told (fsync is on).
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from psycopg import sql

from benchmarks.figures import Figure, high_figure, middle, milliseconds, ratio_figure, spread
from include.market.cache import CachedPrices
from include.market.sessions import resolve_sessions
from include.market.sources import utc_now
from include.market.sources.yahoo_source import YahooSource
from include.model.bars import Bars, DataSource
from include.model.prices import PriceHistory
from include.settings import Settings
from include.storage.connection import Connection, connect
from include.storage.database import Database
from include.storage.limits import Rate, add_source, take_turn
from include.storage.migrate import migrate
from include.storage.prices import COLUMNS, Answer, lease, store_answer
from local.postgres import SUPERUSER, throwaway
from local.yahoo.market import SampleMarket
from local.yahoo.server import LocalYahoo

YAHOO = DataSource.YAHOO
LATENCY = 0.3
LIVE_BATCH, LIVE_ROUNDS = 50, 5
BARS = 500
MANY, BATCH = 2000, 25
ROUNDS = 100
TURNS = 500
FIRST = date(2024, 1, 1)
LAST = FIRST + timedelta(days=BARS - 1)

EXECUTEMANY = """
INSERT INTO bare_prices (ticker, session_date, open, high, low, close, volume, adjustment)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (ticker, session_date) DO UPDATE SET close = excluded.close
"""
BARE_TABLE = """
CREATE TABLE bare_prices (
    ticker text, session_date date, open float8, high float8, low float8, close float8, volume float8,
    adjustment float8, PRIMARY KEY (ticker, session_date)
)
"""
FILL = """
INSERT INTO prices (data_source, ticker, session_date, open, high, low, close, volume)
SELECT 'yahoo', 'M' || n, %(first)s::date + s, 100 + random(), 102, 99, 100 + random(), 1000
FROM generate_series(0, %(many)s - 1) AS n, generate_series(0, %(bars)s - 1) AS s
ORDER BY n, s -- as fetched: a ticker after the other
"""
FILL_SERIES = """
INSERT INTO price_series (data_source, ticker, currency, timezone, known_from, last_session, asked_at, asked_for)
SELECT 'yahoo', 'M' || n, 'USD', 'America/New_York', '1900-01-01', %(last)s, now(), %(last)s
FROM generate_series(0, %(many)s - 1) AS n
"""


def measure() -> list[Figure]:
    """All figures, on a database and a Yahoo that are made for it and thrown away."""
    with throwaway(durable=True) as cluster:
        url = cluster.url()
        migrate(url, SUPERUSER)
        with connect(url) as connection:
            return [*_live(url), *_storing(connection), _reading(url, connection), _turns(connection)]


def _live(url: str) -> Iterator[Figure]:
    """A batch of tickers whose time zone is known, beside yfinance's own download of as many, in turns."""
    with TemporaryDirectory() as folder, LocalYahoo(Path(folder), market=SampleMarket(lists_all=True)) as yahoo:
        yahoo.latency = LATENCY
        batches = [(_names("OURS", n), _names("THEIRS", n)) for n in range(1 + LIVE_ROUNDS)]
        session = resolve_sessions(["IBM"], YAHOO, None, datetime.now(UTC))["IBM"]
        question = {"url": url, "session": session.isoformat(), "batches": batches, "cache": folder}
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.live_client"],
            input=json.dumps(question),
            env=os.environ | yahoo.environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=600,
        )
    ours, theirs = (values[1:] for values in json.loads(done.stdout).values())  # the first batch gets the cookies
    name = f"{LIVE_BATCH} tickers fetched and stored, {LATENCY} s an answer"
    yield Figure(name=name, value=middle(ours), unit="s", goal=3, detail=spread(ours))
    yield Figure(name="yfinance.download of as many", value=middle(theirs), unit="s", detail=spread(theirs))
    yield ratio_figure("fetching a batch : yfinance.download", ours, theirs)


def _names(prefix: str, number: int) -> list[str]:
    return [f"{prefix}{number}N{at}" for at in range(LIVE_BATCH)]


def _storing(connection: Connection) -> Iterator[Figure]:
    """500 bars of one ticker with its state, beside executemany into a table without checks."""
    connection.execute(BARE_TABLE)
    turns = []
    for number in range(ROUNDS):
        bars = _bars(f"S{number}")
        lease(connection, YAHOO, [bars.ticker], "bench", None)
        answer = Answer(ticker=bars.ticker, asked_for=LAST, missed=False, bars=bars, whole=True, known_from=FIRST)
        ours = milliseconds(partial(store_answer, connection, YAHOO, answer, "bench", 5))
        turns.append((ours, milliseconds(partial(_executemany, connection, bars))))
    ours_all, bare = zip(*turns, strict=True)
    yield Figure(
        name=f"storing {BARS} bars of a ticker", value=middle(ours_all), unit="ms", goal=15, detail=spread(ours_all)
    )
    yield ratio_figure("storing bars : executemany, bare table", ours_all, bare)


def _bars(ticker: str) -> PriceHistory:
    close = 100 + np.random.default_rng(len(ticker)).random(BARS)
    return PriceHistory(
        ticker=ticker,
        source=YAHOO,
        currency="USD",
        timezone="America/New_York",
        sessions=np.datetime64(FIRST) + np.arange(BARS),
        open=close,
        high=close + 1,
        low=close - 1,
        close=close,
        volume=np.full(BARS, 1e6),
        adjustment=np.ones(BARS),
    )


def _executemany(connection: Connection, bars: PriceHistory) -> None:
    columns = [getattr(bars, name).tolist() for name in ("sessions", *COLUMNS)]
    rows = [(bars.ticker, *row) for row in zip(*columns, strict=True)]
    with connection.transaction():
        connection.cursor().executemany(EXECUTEMANY, rows)


def _reading(url: str, connection: Connection) -> Figure:
    """The prices of a job of 2,000 tickers, batch by batch as its tasks read them, without a request."""
    connection.execute(FILL, {"first": FIRST, "many": MANY, "bars": BARS})
    connection.execute(FILL_SERIES, {"last": LAST, "many": MANY})
    for table in ("prices", "price_series"):
        connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(table)))
    tickers = [f"M{number}" for number in range(MANY)]
    chosen = Settings()
    with Database(lambda: connect(url), 10) as database, Database(lambda: connect(url), 10) as beside:
        prices = CachedPrices(_NeverAsked(chosen, utc_now), database, beside, chosen)
        read = partial(_read_batch, prices)
        times = [milliseconds(partial(read, tickers[at : at + BATCH])) / 1000 for at in range(0, MANY, BATCH)]
    name = f"prices of {MANY:,} tickers from the cache, {BARS} bars"
    return Figure(name=name, value=sum(times), unit="s", goal=2, detail=f"{len(times)} batches; {spread(times)}")


class _NeverAsked(YahooSource):
    def ask(self, *questions: object) -> Iterator[PriceHistory]:
        raise AssertionError(f"a warm cache asks nobody: {questions}")


def _read_batch(prices: CachedPrices, tickers: Sequence[str]) -> None:
    found = prices.fetch(dict.fromkeys(tickers, LAST), Settings().lookback_bars)
    assert all(isinstance(bars, Bars) and len(bars) == BARS for bars in found.values())


def _turns(connection: Connection) -> Figure:
    """What one request's turn costs when nobody has to wait."""
    add_source(connection, YAHOO)
    rate = Rate(between=1e-6, burst=0)
    take = partial(take_turn, connection, YAHOO, rate, "bench", 2.0, 40.0)
    return high_figure("a turn at the shared limit", [milliseconds(take) for _ in range(TURNS)])
