"""One ticker of a request, from its prices to what is stored."""

from datetime import date

from include.analysis.analyze import analyze
from include.analysis.explain import strongest_reasons
from include.analysis.plan import size_position
from include.analysis.strategy import Strategy
from include.model.analysis import RiskProfile
from include.model.bars import Bars
from include.model.errors import Refusal
from include.model.job import Outcome


def outcome_of(
    bars: Bars, strategy: Strategy, risk: RiskProfile, session: date | None, lookback: int
) -> Outcome | Refusal:
    """Analyse the newest `lookback` bars up to `session` (None: all bars, to the newest), and size the plan."""
    recent = bars.until(session, lookback) if session else bars
    analysis = analyze(recent, strategy, session)
    if isinstance(analysis, Refusal):
        return analysis
    plan = analysis.plan
    position = None if plan is None else size_position(plan, risk, strategy, recent.tick)
    reasons = tuple(strongest_reasons(analysis))
    return Outcome(analysis=analysis, reasons=reasons, position=position, tick=recent.tick)
