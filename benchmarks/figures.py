"""A measured figure, how it is shown, and how it compares with the last run."""

import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure: `value` in `unit`, the `goal` that it should not exceed, and what it was taken from."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    detail: str = ""


def middle(values: Sequence[float]) -> float:
    """The median."""
    return median(values)


def high(values: Sequence[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    return quantiles(values, n=20)[-1] if len(values) > 1 else values[0]


def spread(values: Sequence[float]) -> str:
    """How far the values lie apart, for the detail of a median."""
    return f"n={len(values)}, min {min(values):.2f}, p95 {high(values):.2f}"


def high_figure(name: str, values: Sequence[float], goal: float | None = None) -> Figure:
    """The p95 of times in milliseconds."""
    detail = f"n={len(values)}, min {min(values):.2f}, median {middle(values):.2f}"
    return Figure(name=f"{name}, p95", value=high(values), unit="ms", goal=goal, detail=detail)


def ratio_figure(name: str, ours: Sequence[float], theirs: Sequence[float], goal: float | None = None) -> Figure:
    """How many times `theirs` each of `ours` took that was measured in the same turn; the median."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return Figure(name=name, value=middle(ratios), unit="x", goal=goal, detail=spread(ratios))


def milliseconds(work: Callable[[], object]) -> float:
    """How long `work` takes by the clock."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def machine() -> str:
    """The machine in one line, and how busy it is: what others do on it shows in every p95."""
    load = f"load {os.getloadavg()[0]:.1f}"
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}, {load}"
    )


def show(figures: Sequence[Figure], before: dict[str, float]) -> None:
    """Print the figures as a table, beside those of the last time."""
    table = Table("figure", "value", "goal", "last time", "from", title=machine(), title_justify="left")
    for f in figures:
        last = f"{before[f.name]:.2f}" if f.name in before else ""
        goal = "" if f.goal is None else f"<= {f.goal:g} {'ok' if f.value <= f.goal else 'MISSED'}"
        table.add_row(f.name, f"{f.value:.2f} {f.unit}", goal, last, f.detail)
    Console(width=140).print(table)


def load_last(folder: Path) -> dict[str, float]:
    """The newest saved value of every figure, by name; a run may have measured a part of them."""
    runs = (json.loads(saved.read_text()) for saved in sorted(folder.glob("*.json")))
    return {figure["name"]: figure["value"] for run in runs for figure in run["figures"]}


def save(figures: Sequence[Figure], folder: Path) -> Path:
    """Save the figures as JSON; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    file = folder / f"{now:%Y%m%dT%H%M%SZ}.json"
    content = {"machine": machine(), "at": now.isoformat(), "figures": [asdict(f) for f in figures]}
    file.write_text(json.dumps(content, indent=1))
    return file
