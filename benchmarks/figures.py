"""A measured figure, how it is shown, and how it compares with the last run."""

import json
import os
import platform
from collections.abc import Sequence
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


def spread(values: Sequence[float]) -> str:
    """How far the values lie apart, for the detail of a figure."""
    p95 = quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
    return f"n={len(values)}, min {min(values):.2f}, p95 {p95:.2f}"


def machine() -> str:
    """The machine in one line."""
    return f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def show(figures: Sequence[Figure], before: dict[str, float]) -> None:
    """Print the figures as a table, beside those of the last run."""
    table = Table("figure", "value", "goal", "last run", "from", title=machine(), title_justify="left")
    for f in figures:
        last = f"{before[f.name]:.2f}" if f.name in before else ""
        goal = "" if f.goal is None else f"<= {f.goal:g} {'ok' if f.value <= f.goal else 'MISSED'}"
        table.add_row(f.name, f"{f.value:.2f} {f.unit}", goal, last, f.detail)
    Console(width=140).print(table)


def load_last(folder: Path) -> dict[str, float]:
    """The values of the last saved run, by name."""
    saved = sorted(folder.glob("*.json"))
    return {f["name"]: f["value"] for f in json.loads(saved[-1].read_text())["figures"]} if saved else {}


def save(figures: Sequence[Figure], folder: Path) -> Path:
    """Save the figures as JSON; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now(UTC)
    file = folder / f"{now:%Y%m%dT%H%M%SZ}.json"
    content = {"machine": machine(), "at": now.isoformat(), "figures": [asdict(f) for f in figures]}
    file.write_text(json.dumps(content, indent=1))
    return file
