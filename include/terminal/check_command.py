"""`python -m include.analysis check`: does any analysis look ahead, and is the look-back long enough?"""

import argparse
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import numpy as np
from rich.table import Table

from include.analysis import Strategy, load_strategies
from include.analysis.history import STEADY, Probe, probe
from include.market.sessions import resolve_sessions
from include.market.sources import open_source
from include.market.symbols import normalize_ticker
from include.market.universes import universe
from include.model.bars import Bars, DataSource
from include.model.errors import FieldProblem, InvalidRequestError, StrategyError
from include.settings import settings
from include.terminal.console import console

LEAST_STEADY = 0.99
GAP = 11  # sessions between two that are probed: no weekday is met more often than another


def run(arguments: Sequence[str]) -> int:
    """Probe and print; 1 when something looks ahead, or older bars move too many scores."""
    options = _parser().parse_args(arguments)
    strategies = _strategies(options.strategy)
    reach = options.lookback + options.older + GAP * options.sessions
    series = _fetch(options.tickers, DataSource(options.source), reach)
    found = {
        name: [
            p
            for bars in series
            for session in _sessions(bars, options.sessions)
            if (p := probe(bars, strategy, session, options.lookback, options.older))
        ]
        for name, strategy in strategies.items()
    }
    terminal = console()
    terminal.print(f"{len(series)} tickers, {options.sessions} sessions each, prices: {options.source}")
    terminal.print(_table(found, options.lookback, options.older))
    return 0 if all(_holds(probes) for probes in found.values()) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.analysis check",
        description="Analyse sessions of the past twice: with the bars up to them alone, and with later ones; and "
        "with more history. Exit status 1 when later bars change anything, or older ones too much.",
    )
    parser.add_argument("tickers", nargs="*", metavar="TICKER", help="default: the leading stocks of the sample")
    parser.add_argument("--source", choices=[str(name) for name in DataSource], default="demo")
    parser.add_argument("--strategy", metavar="ID", help="default: all")
    parser.add_argument("--sessions", type=_count, default=5, metavar="N", help="of each ticker (default 5)")
    lookback = settings().lookback_bars
    parser.add_argument("--lookback", type=_count, default=lookback, metavar="N", help=f"bars (default {lookback})")
    parser.add_argument("--older", type=_count, default=300, metavar="N", help="bars more (default 300)")
    return parser


def _count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 20_000:
        raise argparse.ArgumentTypeError(f"give a whole number from 1 to 20,000, not {text!r}")
    return int(text)


def _strategies(name: str | None) -> Mapping[str, Strategy]:
    strategies = load_strategies(settings().strategies_file)
    if name is None:
        return strategies
    if name not in strategies:
        raise StrategyError(f"there is no strategy {name!r}; there are {', '.join(strategies)}")
    return {name: strategies[name]}


def _fetch(tickers: Sequence[str], source: DataSource, reach: int) -> list[Bars]:
    """Prices that reach so far back; raises InvalidRequestError unless every ticker has some."""
    try:
        wanted = [normalize_ticker(ticker) for ticker in tickers] or universe("sample_leaders")
    except ValueError as error:
        raise InvalidRequestError([FieldProblem("tickers", list(tickers), str(error))]) from None
    fetched = open_source(source).fetch(resolve_sessions(wanted, source, None, datetime.now(UTC)), reach)
    refused = [bars for bars in fetched.values() if not isinstance(bars, Bars)]
    if refused:
        raise InvalidRequestError([FieldProblem("tickers", refusal.ticker, refusal.message) for refusal in refused])
    return [bars for bars in fetched.values() if isinstance(bars, Bars)]


def _sessions(bars: Bars, count: int) -> list[date]:
    """So many sessions before the newest, `GAP` apart."""
    indices = np.arange(len(bars) - 1 - GAP, -1, -GAP)[:count]
    return [bars.sessions[index].astype(object) for index in indices]


def _holds(probes: Sequence[Probe]) -> bool:
    moves = [p.moved for p in probes if p.moved is not None]
    steady = not moves or sum(move < STEADY for move in moves) / len(moves) >= LEAST_STEADY
    return steady and not any(p.ahead for p in probes)


def _table(found: Mapping[str, Sequence[Probe]], lookback: int, older: int) -> Table:
    table = Table("Strategy", "Sessions", "Later bars change", f"{older} bars more than {lookback}", "Largest move")
    for name, probes in found.items():
        ahead = sorted({name for p in probes for name in p.ahead})
        table.add_row(name, str(len(probes)), ", ".join(ahead) or "nothing", *_warm_up(probes))
    return table


def _warm_up(probes: Sequence[Probe]) -> tuple[str, str]:
    moved = [(p.moved, p) for p in probes if p.moved is not None]
    if not moved:
        return "not measured: the series are shorter", ""
    share = sum(move < STEADY for move, _ in moved) / len(moved)
    largest, where = max(moved, key=lambda pair: pair[0])
    shown = f"{largest:.1f} ({where.ticker}, {where.session})" if largest else "0.0"
    return f"{share:.1%} of the scores move by less than {STEADY:g}", shown
