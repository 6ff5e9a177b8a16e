"""Several tickers in one table, the best score first."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from include.terminal.console import STYLES, signed
from include.terminal.looks import Look

REASONS_SHOWN = 2


def overview(looks: Sequence[Look]) -> Table:
    """Verdict, score, its change since the session before, levels, shares, and the strongest reasons."""
    analysis = looks[0].outcome.analysis
    sessions = sorted({str(found.outcome.analysis.session) for found in looks})
    title = f"{analysis.strategy}, session {' to '.join(sessions[:: max(1, len(sessions) - 1)])}"
    warned = any(found.outcome.analysis.warnings for found in looks)
    table = Table(title=title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.caption = "! has warnings, which --explain shows" if warned else None
    for name in ("Ticker", "Verdict"):
        table.add_column(name, no_wrap=True)
    for name in ("Score", "Change", "Entry", "Stop", "Target", "Shares"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Strongest reasons", overflow="fold")
    for found in looks:
        table.add_row(*_row(found))
    return table


def _row(found: Look) -> list[str | Text]:
    outcome, difference = found.outcome, found.difference
    analysis, plan, position = outcome.analysis, outcome.analysis.plan, outcome.position
    change = signed(difference.score - difference.previous_score) if difference else Text("")
    levels = ["", "", "", ""]
    if plan and position:
        figures = (plan.entry, plan.stop_loss, position.target, position.shares)
        levels = [str(figure) for figure in figures]
    return [
        analysis.ticker + (" !" if analysis.warnings else ""),
        Text(analysis.verdict, style=STYLES[analysis.verdict]),
        f"{analysis.score:.1f}",
        change,
        *levels,
        "; ".join(outcome.reasons[:REASONS_SHOWN]),
    ]
