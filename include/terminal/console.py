"""The terminal, and the colours of what is said there."""

from rich.console import Console
from rich.text import Text

from include.model.analysis import Verdict

WIDTH_WITHOUT_TERMINAL = 140
STYLES = {
    Verdict.STRONG_BUY: "bold green",
    Verdict.BUY: "green",
    Verdict.HOLD: "yellow",
    Verdict.SELL: "red",
    Verdict.STRONG_SELL: "bold red",
}


def console() -> Console:
    """The terminal; wide enough for our tables when the output goes to a file."""
    found = Console(highlight=False, markup=False)
    return found if found.is_terminal else Console(width=WIDTH_WITHOUT_TERMINAL, highlight=False, markup=False)


def signed(points: float) -> Text:
    """Score points with their sign, green for what buys and red for what sells."""
    style = "green" if points >= 0.05 else "red" if points <= -0.05 else "dim"
    return Text(f"{points:+.1f}" if style != "dim" else "0.0", style=style)
