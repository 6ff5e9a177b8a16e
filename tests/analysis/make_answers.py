"""Writes answers/*.csv from the reference and the published rules, without any code of the analysis.

`python -m tests.analysis.make_answers`, only when the rules themselves change: answers/README.md says what they are.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from include.model.bars import Bars
from tests.analysis import reference
from tests.analysis.samples import sample_bars

FOLDER = Path(__file__).with_name("answers")
TICKERS = ("DHR", "IBM", "JPM", "KO", "XOM")
ENDS = (60, 160, 245)

TREND, MOMENTUM, VOLATILITY, VOLUME = range(4)
NAMES = {
    "macd": TREND,
    "adx": TREND,
    "ema_cross": TREND,
    "parabolic_sar": TREND,
    "rsi": MOMENTUM,
    "stochastic": MOMENTUM,
    "cci": MOMENTUM,
    "williams_r": MOMENTUM,
    "bollinger": VOLATILITY,
    "obv": VOLUME,
    "cmf": VOLUME,
}


class Rules(NamedTuple):
    """The published table: weights in the order of NAMES, of the categories; stop: k, least and most percent."""

    weights: tuple[float, ...]
    categories: tuple[float, ...]
    stop: tuple[float, float, float]
    multiple: float


RULES = {
    "balanced": Rules((1,) * 11, (1, 1, 1, 1), (1.5, 1, 4), 2),
    "trend_following": Rules((2.5, 2.5, 2, 1.5, 0.5, 0.5, 0.5, 0.5, 0.5, 1, 1), (1.5, 0.7, 0.8, 1), (2, 1.5, 5), 3),
    "mean_reversion": Rules((0.5, 0.5, 0.5, 0.5, 2.5, 2, 1.5, 1.5, 2.5, 1, 1), (0.6, 1.5, 1.3, 1), (1, 0.75, 3), 1.5),
    "momentum_breakout": Rules((1.5, 1.5, 1, 1, 2, 1.5, 1.5, 1, 1.5, 2.5, 2.5), (1, 1.3, 1.2, 1.5), (2, 1.5, 6), 2.5),
    "technical_rating": Rules((), (), (1.5, 1, 4), 2),
}


def weighted_share(bars: Bars, strategy: str) -> float:
    """s of weighted votes, -1..1."""
    rules, votes = RULES[strategy], reference.weighted_votes(bars)
    w = {
        name: votes[name][1] * weight * rules.categories[category]
        for (name, category), weight in zip(NAMES.items(), rules.weights, strict=True)
        if name in votes
    }
    return sum(votes[name][0] * part for name, part in w.items()) / sum(w.values()) if sum(w.values()) else 0.0


def technical_share(bars: Bars) -> float:
    """s of the technical rating, -1..1."""
    votes = reference.technical_votes(bars)
    averages = [v for name, v in votes.items() if name.startswith(("sma_", "ema_", "hull", "vwma", "ichimoku"))]
    oscillators = [v for name, v in votes.items() if not name.startswith(("sma_", "ema_", "hull", "vwma", "ichimoku"))]
    return (sum(averages) / len(averages) + sum(oscillators) / len(oscillators)) / 2


def verdict(score: float, strategy: str) -> str:
    """The verdict of a score that is shown."""
    plain, strong = (5.05, 25.05) if strategy == "technical_rating" else (9.999, 29.999)
    distance = abs(score - 50)
    if distance < plain:
        return "Hold"
    side = "Buy" if score > 50 else "Sell"
    return f"Strong {side}" if distance >= strong else side


def levels(bars: Bars, strategy: str, said: str) -> list[str]:
    """Entry, stop, target in cents; nothing for Hold."""
    if said == "Hold":
        return ["", "", ""]
    rules = RULES[strategy]
    k, least, most = rules.stop
    close, up = float(bars.close[-1]), 1 if said.endswith("Buy") else -1
    risk = min(max(k * float(reference.atr(bars, 14)[-1]), least / 100 * close), most / 100 * close)
    return [f"{level:.2f}" for level in (close, close - up * risk, close + up * rules.multiple * risk)]


def looks() -> Iterator[Bars]:
    for ticker in TICKERS:
        bars = sample_bars()[ticker]
        for end in ENDS:
            yield bars.until(bars.sessions[end - 1].astype(object))


def analyses() -> Iterator[list[object]]:
    yield ["ticker", "session", "bars", "strategy", "score", "verdict", "entry", "stop_loss", "target"]
    for bars in looks():
        for strategy in RULES:
            share = technical_share(bars) if strategy == "technical_rating" else weighted_share(bars, strategy)
            score = round(50 + 50 * share, 1)
            said = verdict(score, strategy)
            head = [bars.ticker, bars.last_session, len(bars), strategy]
            yield [*head, f"{score:.1f}", said, *levels(bars, strategy, said)]


def readings() -> Iterator[list[object]]:
    yield ["ticker", "session", "strategy", "indicator", "value", "vote", "confidence"]
    for bars in looks():
        head = [bars.ticker, bars.last_session]
        weighted = reference.weighted_votes(bars)
        for name, line in reference.weighted_values(bars).items():
            if name in weighted or name == "atr":
                vote, sure = weighted.get(name, (0, 0.0))
                yield [*head, "balanced", name, f"{line[-1]:.9g}", vote, f"{sure:.6f}"]
        votes = reference.technical_votes(bars)
        for name, line in reference.technical_values(bars).items():
            yield [*head, "technical_rating", name, f"{line[-1]:.9g}", votes[name], f"{1:.6f}"]


def write(name: str, rows: Iterator[list[object]]) -> None:
    with (FOLDER / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    write("analyses.csv", analyses())
    write("readings.csv", readings())
