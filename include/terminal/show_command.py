"""`python -m include.market show TCS.NS`: what the price cache has of a ticker, and what it knows beside."""

import argparse
from collections.abc import Sequence
from datetime import date, timedelta

from rich.table import Table

from include.market.adjusting import adjusted
from include.model.bars import DataSource
from include.model.prices import CachedSeries, PriceHistory
from include.storage.prices import Span, read_series
from include.terminal.console import console
from include.terminal.stocks import stocks, tickers_of

FOR_EVER = Span(since=date(1900, 1, 1))


def run(arguments: Sequence[str]) -> int:
    """Show one ticker after the other; 1 when the cache has nothing of one."""
    options = _parser().parse_args(arguments)
    tickers = tickers_of(options.tickers)
    with stocks() as database:
        found = database.run(
            lambda connection: read_series(connection, DataSource.YAHOO, dict.fromkeys(tickers, FOR_EVER))
        )
    terminal = console()
    for ticker in tickers:
        terminal.print("\n".join(_facts(found[ticker])))
        history = found[ticker].history
        if history is not None:
            terminal.print(_table(history, options.bars))
    return 0 if all(found[ticker].history for ticker in tickers) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.market show",
        description="What the price cache has of a ticker: its newest bars, as quoted and adjusted, how far back they "
        "reach, when Yahoo was asked and what it said. Yahoo is not asked.",
    )
    parser.add_argument("tickers", nargs="+", metavar="TICKER")
    parser.add_argument("--bars", type=int, default=10, metavar="N", help="how many of the newest (default 10)")
    return parser


def _facts(series: CachedSeries) -> list[str]:
    state, history = series.state, series.history
    if state.asked_seconds_ago is None and history is None and state.failure is None:
        return [f"{series.ticker}: nobody has asked for it yet"]
    facts = [f"{series.ticker}: {_bars(history)}"]
    if state.asked_seconds_ago is not None:
        asked = timedelta(seconds=round(state.asked_seconds_ago))
        facts.append(f"  asked {asked} ago for the session {state.asked_for or 'that is the newest'}")
    if state.refusal:
        facts.append(f"  then said: {state.refusal[1]} ({state.refusal[0]})")
    if state.failure:
        facts.append(f"  no usable answer since: {state.failure}")
    if state.misses:
        facts.append(f"  sessions missed in a row: {state.misses}, the newest {state.missed_session}")
    if state.dead_since:
        facts.append(f"  dead since {state.dead_since:%Y-%m-%d}: rarely asked for")
    if state.replaced:
        facts.append(f"  its history was changed, seen on {state.replaced.at:%Y-%m-%d}: {state.replaced.reason}")
    return facts


def _bars(history: PriceHistory | None) -> str:
    if history is None:
        return "no bars"
    zone = history.timezone or "an unknown time zone"
    span = f"{len(history)} bars from {history.sessions[0]} to {history.last_session}"
    return f"{span}, quoted in {history.currency}, {zone}"


def _table(history: PriceHistory, bars: int) -> Table:
    table = Table("Session")
    for title in ("Open", "High", "Low", "Close", "Volume", "Dividends", "Adjusted close"):
        table.add_column(title, justify="right")
    closes = adjusted(history).close
    for at in range(max(0, len(history) - bars), len(history)):
        prices = [f"{column[at]:.10g}" for column in (history.open, history.high, history.low, history.close)]
        volume, factor = f"{history.volume[at]:,.0f}", f"x {history.adjustment[at]:.6f}"
        table.add_row(str(history.sessions[at]), *prices, volume, factor, f"{closes[at]:.6g}")
    return table
