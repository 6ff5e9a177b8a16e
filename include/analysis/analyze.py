"""The steps of one analysis."""

import hashlib
from datetime import date

from include.analysis.catalog import Atr
from include.analysis.checks import check
from include.analysis.explain import summarize
from include.analysis.plan import plan_trade
from include.analysis.rating import Rating, rate
from include.analysis.series import Series
from include.analysis.strategy import Strategy
from include.model.analysis import Analysis
from include.model.bars import Bars
from include.model.errors import Refusal


def analyze(bars: Bars, strategy: Strategy, session: date | None = None) -> Analysis | Refusal:
    """Analyse one ticker for one session (None: the newest bar), from the bars up to that session alone.

    Data never raises: bars that do not allow an analysis are answered with a refusal. The same bars and strategy
    give the same answer on every machine. The caller decides how far the bars reach back; all of them are used.
    """
    checked = check(bars, session)
    if isinstance(checked, Refusal):
        return checked
    used, warnings = checked
    rating = rate(Series.of(used), strategy)
    close = float(used.close[-1])
    return Analysis(
        ticker=bars.ticker,
        strategy=strategy.id,
        strategy_version=strategy.version,
        session=used.sessions[-1].astype(object),
        close=close,
        currency=bars.currency,
        bars_used=len(used),
        bars_hash=hash_bars(bars if session is None else bars.until(session)),
        score=rating.score,
        verdict=rating.verdict,
        plan=plan_trade(rating.verdict, close, _atr(rating), strategy, used.tick),
        readings=rating.readings,
        summary=summarize(rating, {i.id: i.label for i in strategy.indicators}),
        warnings=warnings,
    )


def hash_bars(bars: Bars) -> str:
    """Identifies the bars as they were given: 32 hexadecimal digits of the SHA-256 of sessions, prices and volume.

    Little-endian int64 days since 1970, then open, high, low, close, volume as float64, array after array.
    """
    digest = hashlib.sha256(bars.sessions.astype("datetime64[D]").astype("<i8").tobytes())
    for column in (bars.open, bars.high, bars.low, bars.close, bars.volume):
        digest.update(column.astype("<f8", copy=False).tobytes())
    return digest.hexdigest()[:32]


def _atr(rating: Rating) -> float:
    """The ATR, which every strategy measures and 60 bars always allow."""
    value = next(r.value for r in rating.readings if r.id == Atr.id)
    if value is None:
        raise AssertionError("the ATR is defined for every series that passed the checks")
    return value
