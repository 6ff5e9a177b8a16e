"""What a look finds out: an outcome as a job would store it, and what changed since the session before."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from include.analysis import Strategy, compare, load_strategies, outcome_of
from include.market.sessions import resolve_sessions
from include.market.sources import PriceSource
from include.model.analysis import RiskProfile
from include.model.bars import Bars
from include.model.difference import Difference
from include.model.errors import Refusal
from include.model.job import Outcome
from include.model.request import AnalysisRequest
from include.settings import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One analysed ticker. `difference` is None where the session before could not be analysed."""

    bars: Bars
    strategy: Strategy
    risk: RiskProfile
    outcome: Outcome
    difference: Difference | None


def look(request: AnalysisRequest, source: PriceSource, now: datetime) -> Sequence[Look | Refusal]:
    """Look at every ticker of the request, at `now` (aware).

    Raises InvalidRequestError when the date cannot be analysed, SourceUnavailableError when no prices can be had.
    """
    sessions = resolve_sessions(request.tickers, request.data_source, request.as_of, now)
    strategy = load_strategies(settings().strategies_file)[request.strategy]
    # one bar more, so that the session before is seen with as much history
    fetched = source.fetch(sessions, settings().lookback_bars + 1)
    return [_look_at(fetched[ticker], session, strategy, request.risk) for ticker, session in sessions.items()]


def _look_at(bars: Bars | Refusal, session: date, strategy: Strategy, risk: RiskProfile) -> Look | Refusal:
    if isinstance(bars, Refusal):
        return bars
    outcome = outcome_of(bars, strategy, risk, session, settings().lookback_bars)
    if isinstance(outcome, Refusal):
        return outcome
    used = bars.until(session)
    before = outcome_of(bars, strategy, risk, used.sessions[-2].astype(object), settings().lookback_bars)
    difference = None if isinstance(before, Refusal) else compare(before.analysis, outcome.analysis)
    return Look(bars=used, strategy=strategy, risk=risk, outcome=outcome, difference=difference)
