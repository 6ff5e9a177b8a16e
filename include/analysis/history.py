"""What other bars do to the analysis of one session: later ones must do nothing, older ones next to nothing."""

from dataclasses import dataclass
from datetime import date

from include.analysis.analyze import analyze
from include.analysis.strategy import Strategy
from include.model.analysis import Analysis
from include.model.bars import Bars

STEADY = 0.5
"""By how many points older bars may move a score that is warmed up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One ticker, strategy and session.

    `ahead` names what differs when later bars are there: ids of readings, or fields of the analysis. `moved` is by
    how many points older bars move the score, None where there are none.
    """

    ticker: str
    strategy: str
    session: date
    ahead: tuple[str, ...]
    moved: float | None


def probe(bars: Bars, strategy: Strategy, session: date, lookback: int, older: int) -> Probe | None:
    """Analyse the session with and without the bars after it, and with `older` bars more than `lookback`.

    None where the session cannot be analysed.
    """
    upto = bars.until(session)
    known, seen = analyze(upto, strategy), analyze(bars, strategy, session)
    if not isinstance(known, Analysis):
        return None
    ahead = _differing(known, seen) if isinstance(seen, Analysis) else (seen.code,)
    moved = _moved(upto, strategy, session, lookback, older)
    return Probe(ticker=bars.ticker, strategy=strategy.id, session=session, ahead=ahead, moved=moved)


def _differing(one: Analysis, other: Analysis) -> tuple[str, ...]:
    if one == other:
        return ()
    readings = [a.id for a, b in zip(one.readings, other.readings, strict=True) if a != b]
    names = ("score", "verdict", "plan", "bars_used", "bars_hash", "warnings")
    return (*readings, *(name for name in names if getattr(one, name) != getattr(other, name)))


def _moved(upto: Bars, strategy: Strategy, session: date, lookback: int, older: int) -> float | None:
    if len(upto) < lookback + older:
        return None
    short, long = (analyze(upto.until(session, count), strategy) for count in (lookback, lookback + older))
    if not isinstance(short, Analysis) or not isinstance(long, Analysis):
        return None
    return abs(long.score - short.score)
