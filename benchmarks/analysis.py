"""The analysis alone: processor time and memory, beside TA-Lib's bare C calls and the library `ta`, in one run."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import partial

import psutil

from benchmarks.figures import Figure, middle, ratio_figure, spread
from benchmarks.other_libraries import bare_talib, library_ta
from include.analysis import Strategy, load_strategies, outcome_of
from include.analysis.history import STEADY, probe
from include.market.sources.demo import demo_bars
from include.model.analysis import RiskProfile
from include.model.bars import Bars
from include.model.job import Outcome
from include.settings import settings

BARS = 500
ROUNDS = 31
BATCH = 50
FEW, MANY = 200, 2000
TICKERS_OF_TA = 3
UNTIL = date(2026, 6, 30)
GOALS = {"balanced": 0.5, "technical_rating": 1.0}


def measure() -> list[Figure]:
    """What one ticker of 500 bars costs, all in: indicators, votes, explanation, plan, position."""
    strategies = load_strategies()
    batch = [_bars(number) for number in range(BATCH)]
    work = {name: partial(_analyse, strategies[name]) for name in GOALS} | {"bare": bare_talib}
    times: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(ROUNDS):  # in turns: what disturbs the machine disturbs all alike
        for name, one in work.items():
            times[name].append(_milliseconds(batch, one))
    return [
        *(_figure(f"analysis, {name}, in {BATCH} tickers", times[name], goal) for name, goal in GOALS.items()),
        _figure(
            "analysis, balanced, alone", [_milliseconds(batch[:1], work["balanced"]) for _ in range(3 * ROUNDS)], 0.5
        ),
        _many(strategies["balanced"]),
        _figure("bare TA-Lib calls, the same indicators", times["bare"]),
        ratio_figure("analysis : bare TA-Lib calls", times["balanced"], times["bare"], 2.5),
        _beside_ta(batch, times["balanced"]),
        _memory(),
        _warm_up(strategies.values()),
    ]


def _bars(number: int) -> Bars:
    return demo_bars(f"BENCH{number}", UNTIL, BARS)


def _analyse(strategy: Strategy, bars: Bars) -> None:
    outcome = outcome_of(bars, strategy, RiskProfile(), None, BARS)
    if not isinstance(outcome, Outcome):
        raise TypeError(f"the benchmark's bars were refused: {outcome}")


def _milliseconds(series: Sequence[Bars], work: Callable[[Bars], object]) -> float:
    """Processor time of `work` for one series, in milliseconds."""
    start = time.process_time()
    for bars in series:
        work(bars)
    return (time.process_time() - start) * 1000 / len(series)


def _figure(name: str, values: Sequence[float], goal: float | None = None) -> Figure:
    return Figure(name=name, value=middle(values), unit="ms", goal=goal, detail=spread(values))


def _many(strategy: Strategy) -> Figure:
    """All analyses of a large job, batch by batch as its tasks do; reading the prices is not measured."""
    work, spent = partial(_analyse, strategy), 0.0
    for start in range(0, MANY, BATCH):
        spent += BATCH * _milliseconds([_bars(number) for number in range(start, start + BATCH)], work)
    return Figure(name=f"analysis, balanced, {MANY:,} tickers", value=spent / 1000, unit="s", goal=MANY * 0.5 / 1000)


def _beside_ta(batch: Sequence[Bars], ours: Sequence[float]) -> Figure:
    theirs = [_milliseconds([bars], library_ta) for bars in batch[:TICKERS_OF_TA]]
    detail = f"{middle(theirs):.0f} ms a ticker; {spread(theirs)}"
    return Figure(name="library `ta` : analysis", value=middle(theirs) / middle(ours), unit="x", detail=detail)


def _memory() -> Figure:
    """What 2,000 tickers need beyond 200, each in a new process that analyses them batch by batch."""
    few, many = (_peak_megabytes(count) for count in (FEW, MANY))
    detail = f"peak {many:.0f} MB with {MANY:,} tickers, {few:.0f} MB with {FEW}"
    return Figure(name=f"memory, {MANY:,} beyond {FEW} tickers", value=many - few, unit="MB", goal=5, detail=detail)


def _warm_up(strategies: Iterable[Strategy]) -> Figure:
    """How many scores of long series 300 bars more than the usual look-back move by 0.5 or more."""
    lookback, moves = settings().lookback_bars, []
    series = [demo_bars(f"LONG{number}", UNTIL, lookback + 300 + 250) for number in range(BATCH)]
    for strategy in strategies:
        for bars in series:
            for session in bars.sessions[-1:-250:-50]:
                found = probe(bars, strategy, session.astype(object), lookback, 300)
                moves.append(found.moved if found and found.moved is not None else STEADY)
    share, detail = sum(move >= STEADY for move in moves) / len(moves), f"{len(moves)} scores, most {max(moves):.1f}"
    return Figure(name="scores moved by 300 older bars", value=100 * share, unit="%", goal=1, detail=detail)


def _peak_megabytes(tickers: int) -> float:
    command = [sys.executable, "-m", "benchmarks.analysis", str(tickers)]
    ended = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return float(ended.stdout)


def _run_alone(tickers: int) -> None:
    """Analyse so many tickers in batches and print the most memory that this process had after one, in MB.

    The system's own record of the peak would be the parent's, where that is larger.
    """
    strategy, process, peak = load_strategies()["balanced"], psutil.Process(), 0
    for start in range(0, tickers, BATCH):
        batch = [_bars(number) for number in range(start, start + BATCH)]
        outcomes = [outcome_of(bars, strategy, RiskProfile(), None, BARS) for bars in batch]
        assert all(isinstance(outcome, Outcome) for outcome in outcomes)
        peak = max(peak, process.memory_info().rss)
    print(peak / 2**20)


if __name__ == "__main__":
    _run_alone(int(sys.argv[1]))
