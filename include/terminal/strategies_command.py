"""`python -m include.analysis strategies`: list them, check a file of one's own, explain one."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from include.analysis import Strategy, describe_strategy, load_strategies
from include.model.errors import StrategyError
from include.settings import settings
from include.terminal.console import console


def run(arguments: Sequence[str]) -> int:
    """List all strategies, or explain the one that is named."""
    options = _parser().parse_args(arguments)
    strategies = load_strategies(options.file)
    if options.strategy is None:
        console().print(_overview(strategies))
        if options.file:
            console().print(f"{options.file}: {len(strategies) - len(load_strategies())} strategies, nothing wrong")
        return 0
    if options.strategy not in strategies:
        raise StrategyError(f"there is no strategy {options.strategy!r}; there are {', '.join(strategies)}")
    _explain(strategies[options.strategy])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.analysis strategies",
        description="List and check the strategies, or explain one. Exit status 2 when a file has a mistake.",
    )
    parser.add_argument("strategy", nargs="?", metavar="ID", help="explain this one in words")
    parser.add_argument(
        "--file",
        type=Path,
        default=settings().strategies_file,
        help="a file of your own strategies (default: that of BELLWETHER_STRATEGIES_FILE)",
    )
    return parser


def _overview(strategies: Mapping[str, Strategy]) -> Table:
    table = Table("Strategy", "Version", "Stop", "Target", "Position", "What it does")
    for s in strategies.values():
        stop = f"{s.stop.atr_multiple:g} ATR, {s.stop.min_percent:g} to {s.stop.max_percent:g} %"
        limit = f"<= {s.position_limit_percent:g} %"
        table.add_row(s.id, s.version, stop, f"{s.target_multiple:g} risks", limit, s.description or s.title)
    return table


def _explain(strategy: Strategy) -> None:
    terminal = console()
    terminal.print(Text.assemble((strategy.id, "bold"), f"  {strategy.title}, version {strategy.version}"))
    if strategy.description:
        terminal.print(strategy.description)
    for line in describe_strategy(strategy):
        terminal.print(line)
    table = Table("Indicator", "Category", "Weight", "Bars", "Votes")
    weights = strategy.weights(strategy.indicators)
    for i in strategy.indicators:
        table.add_row(i.id, i.category, f"{weights.get(i.id, 0):.3g}", str(i.bars), i.says)
    terminal.print(table)
