"""`python -m include.market check`: looks the price cache over for gaps, jumps, and tickers that are stale or dead."""

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np
from rich.table import Table

from include.market.adjusting import adjusted
from include.market.calendars import session_ends
from include.market.exchanges import Exchange, exchange_of
from include.market.sessions import resolve_sessions
from include.model.bars import DataSource
from include.model.calendar import CalendarOverrides
from include.model.prices import CachedSeries, PriceHistory
from include.storage.calendars import calendar_overrides
from include.storage.database import Database
from include.storage.prices import Span, cached_tickers, read_series
from include.terminal.console import console
from include.terminal.stocks import stocks, tickers_of

PORTION = 200
JUMP = 0.4
NAMED = 3  # days of a gap that are named


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a ticker that somebody may want to look at."""

    ticker: str
    kind: str
    says: str


def run(arguments: Sequence[str]) -> int:
    """Print what was found; 1 when there is something."""
    options = _parser().parse_args(arguments)
    with stocks() as database:
        known = database.run(lambda connection: cached_tickers(connection, DataSource.YAHOO))
        tickers = tickers_of(options.tickers) if options.tickers else known
        findings = list(_findings(database, tickers, datetime.now(UTC), options.days))
    _show(findings, len(tickers))
    return 1 if findings else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.market check",
        description="Look the price cache over: sessions of the calendar without a bar, closes that jump by more than "
        f"{JUMP:.0%}, tickers that are stale, dead or without a usable answer, and histories that were changed. Yahoo "
        "is not asked. Exit status 1 when something is found.",
    )
    parser.add_argument("tickers", nargs="*", metavar="UNIVERSE|TICKER", help="else all that are cached")
    parser.add_argument("--days", type=int, default=365, metavar="N", help="how far back to look (default 365)")
    return parser


def _findings(database: Database, tickers: Sequence[str], now: datetime, days: int) -> Iterator[Finding]:
    overrides = database.run(calendar_overrides)
    sessions = resolve_sessions(tickers, DataSource.YAHOO, None, now, overrides=overrides)
    span = Span(since=now.date() - timedelta(days=days))
    ends: dict[Exchange, list[date]] = {}
    for start in range(0, len(tickers), PORTION):
        spans = dict.fromkeys(tickers[start : start + PORTION], span)
        found = database.run(lambda connection, spans=spans: read_series(connection, DataSource.YAHOO, spans))  # type: ignore[misc]
        for ticker, series in found.items():
            exchange = exchange_of(ticker)
            if exchange not in ends:
                ends[exchange] = _sessions(exchange, span.since, now, overrides)
            yield from _of_state(series, sessions[ticker])
            if series.history is not None:
                yield from _of_bars(series.history, ends[exchange])


def _sessions(exchange: Exchange, since: date, now: datetime, overrides: CalendarOverrides) -> list[date]:
    return [day for day, end in session_ends(exchange, since, now.date(), overrides).items() if end <= now]


def _of_state(series: CachedSeries, newest: date) -> Iterator[Finding]:
    state, ticker = series.state, series.ticker
    if state.dead_since:
        yield Finding(ticker, "dead", f"since {state.dead_since:%Y-%m-%d}, {state.misses} sessions missed")
    if state.refusal:
        yield Finding(ticker, state.refusal[0], state.refusal[1])
    elif state.last_session is None:
        yield Finding(ticker, "missing", "never fetched")
    elif state.last_session < newest:
        yield Finding(ticker, "stale", f"its last bar is of {state.last_session}, the last session is {newest}")
    if state.failure:
        yield Finding(ticker, "failed", state.failure)
    if state.replaced:
        yield Finding(ticker, "changed", f"seen on {state.replaced.at:%Y-%m-%d}: {state.replaced.reason}")


def _of_bars(history: PriceHistory, sessions: Sequence[date]) -> Iterator[Finding]:
    first, last = history.sessions[0].astype(object), history.last_session
    present = set(history.sessions.astype(object))
    lacks = [day for day in sessions if first <= day <= (last or first) and day not in present]
    if lacks:
        more = f" and {len(lacks) - NAMED} more" if len(lacks) > NAMED else ""
        yield Finding(history.ticker, "gap", f"no bar on {', '.join(map(str, lacks[:NAMED]))}{more}")
    closes = adjusted(history).close
    moves = closes[1:] / closes[:-1] - 1
    for at in np.flatnonzero((moves > JUMP / (1 - JUMP)) | (moves < -JUMP)):
        yield Finding(history.ticker, "jump", f"{moves[at]:+.0%} on {history.sessions[at + 1]}")


def _show(findings: Sequence[Finding], tickers: int) -> None:
    terminal = console()
    if findings:
        table = Table("Ticker", "Finding", "")
        for finding in findings:
            table.add_row(finding.ticker, str(finding.kind), finding.says)
        terminal.print(table)
    kinds: Mapping[str, int] = Counter(str(finding.kind) for finding in findings)
    said = ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "nothing to say"
    terminal.print(f"{tickers} tickers looked over: {said}")
