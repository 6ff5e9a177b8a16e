"""One ticker as a picture: candles, the averages, volume, and the lines of its plan."""

from pathlib import Path
from typing import Any

import numpy as np
import talib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from include.analysis.series import Floats
from include.model.bars import Bars
from include.terminal.looks import Look

SESSIONS_SHOWN = 120
AVERAGES = {50: "tab:blue", 200: "tab:purple"}
RISE, FALL = "tab:green", "tab:red"


def draw(found: Look, file: Path) -> None:
    """Draw the newest sessions into `file`; its ending says which format."""
    figure = Figure(figsize=(11, 6.5), layout="constrained")
    prices, volume = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    bars = found.bars
    count = min(SESSIONS_SHOWN, len(bars))
    x = np.arange(count, dtype=np.float64)
    colors = np.where(bars.close[-count:] >= bars.open[-count:], RISE, FALL).tolist()
    _candles(prices, bars, x, colors)
    for period, color in AVERAGES.items():
        if len(bars) >= period:
            prices.plot(x, talib.EMA(bars.close, period)[-count:], color=color, linewidth=1.2, label=f"EMA{period}")
    _plan(prices, found, count)
    volume.bar(x, bars.volume[-count:] / 1e6, color=colors, width=0.7)
    _label(prices, volume, found, x)
    figure.savefig(file, dpi=120)


def _candles(axes: Axes, bars: Bars, x: Floats, colors: list[str]) -> None:
    open_, high, low, close = (column[-len(x) :] for column in (bars.open, bars.high, bars.low, bars.close))
    axes.vlines(x, low, high, colors=colors, linewidth=0.9)
    axes.bar(x, np.abs(close - open_), bottom=np.minimum(open_, close), color=colors, width=0.7)


def _plan(axes: Axes, found: Look, count: int) -> None:
    plan, position = found.outcome.analysis.plan, found.outcome.position
    if plan is None or position is None:
        return
    lines = {"entry": (plan.entry, "black"), "stop": (plan.stop_loss, FALL), "target": (position.target, RISE)}
    style: dict[str, Any] = {"linestyle": "--", "linewidth": 1.1}
    for name, (level, color) in lines.items():
        axes.plot([count, count + 13], [float(level)] * 2, color=color, **style)
        axes.annotate(f"{name} {level}", (count + 13, float(level)), color=color, ha="right", va="bottom")


def _label(prices: Axes, volume: Axes, found: Look, x: Floats) -> None:
    analysis, sessions = found.outcome.analysis, found.bars.sessions[-len(x) :]
    head = f"{analysis.ticker}  {analysis.verdict}, {analysis.score:.1f}  ({found.strategy.title}, {analysis.session})"
    prices.set_title(head, loc="left", fontweight="bold")
    prices.set_ylabel(analysis.currency)
    prices.grid(alpha=0.25)
    if prices.get_legend_handles_labels()[0]:
        prices.legend(loc="upper left")
    volume.set_ylabel("million shares")
    months = sessions.astype("datetime64[M]")
    first = np.flatnonzero(months[1:] != months[:-1]) + 1
    volume.set_xticks(x[first], [str(session) for session in sessions[first]])
