"""Everything about one ticker: summary, what changed, every reading, plan, position, warnings."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from include.analysis import describe_difference, points_by_category
from include.model.analysis import Analysis, Position, Reading, RiskProfile, TradePlan
from include.terminal.console import STYLES, signed
from include.terminal.looks import Look

_VOTES = {1: Text("buy", style="green"), 0: Text("-", style="dim"), -1: Text("sell", style="red")}


def print_explanation(found: Look, terminal: Console) -> None:
    """Print it, top down: what to do, why, and how much."""
    analysis, position = found.outcome.analysis, found.outcome.position
    terminal.print(_head(analysis, found.strategy.title))
    terminal.print(Text(analysis.summary, style=STYLES[analysis.verdict]))
    if found.difference:
        terminal.print(f"Since {found.difference.previous_session}: {describe_difference(found.difference)}")
    terminal.print(_readings(analysis))
    if analysis.plan and position:
        for line in _plan(analysis.plan, position, found.risk, analysis.currency):
            terminal.print(line)
    else:
        terminal.print("No trade: Hold has no entry, stop or target.")
    for warning in analysis.warnings:
        terminal.print(Text(f"Warning: {warning}", style="yellow"))


def _head(analysis: Analysis, title: str) -> Text:
    close = f"close {analysis.close:,.2f} {analysis.currency}"
    strategy = f"{title} (version {analysis.strategy_version})"
    figures = f"session {analysis.session}, {close}, {strategy}, {analysis.bars_used} bars"
    return Text.assemble((analysis.ticker, "bold"), f"  {figures}")


def _readings(analysis: Analysis) -> Table:
    """A row an indicator below the points of its category; the last row adds them up."""
    table = Table("Indicator", "Rule, with its value", "Vote")
    for name in ("Confidence", "Weight", "Points"):
        table.add_column(name, justify="right")
    for category, points in points_by_category(analysis.readings).items():
        members = [reading for reading in analysis.readings if reading.category is category]
        if members:
            table.add_row(Text(category, style="bold"), "", "", "", "", signed(points))
            for reading in members:
                table.add_row(*_reading(reading))
            table.add_section()
    table.add_row("", f"score {analysis.score:.1f} = 50 and the points", "", "", "", signed(analysis.score - 50))
    return table


def _reading(reading: Reading) -> list[str | Text]:
    if reading.absent:
        return ["  " + reading.id, Text(f"absent: {reading.absent}", style="dim"), "", "", "", ""]
    return [
        "  " + reading.id,
        reading.rule,
        _VOTES[reading.vote],
        f"{reading.confidence:.2f}",
        f"{reading.weight:.3g}",
        signed(reading.contribution),
    ]


def _plan(plan: TradePlan, position: Position, risk: RiskProfile, currency: str) -> list[str | Text]:
    """The levels, what they mean for this capital, and what had to be changed for it."""
    per_share = abs(plan.entry - plan.stop_loss)
    loss, capital = position.shares * per_share, f"{risk.capital:,.0f} {currency}"
    levels = f"Plan: {plan.side} at {plan.entry}, stop {plan.stop_loss} ({100 * per_share / plan.entry:.1f} % away), "
    size = f"Position: {position.shares:,} shares for {position.cost:,} of {capital}; loses {loss:,} at the stop"
    notes: list[str | Text] = [Text(f"Note: {note}", style="yellow") for note in position.notes]
    return [f"{levels}target {position.target}, reward/risk {position.risk_reward}", size, *notes]
