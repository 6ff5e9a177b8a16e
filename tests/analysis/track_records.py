"""Verdicts, bars and follow-ups of tests, and a record in the shape of the slow implementation."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from math import isclose
from typing import Any

import numpy as np

from include.analysis.follow_up import follow_up
from include.analysis.track_record import track_record
from include.model.analysis import Verdict
from include.model.bars import Bars, DataSource
from include.model.track_record import HORIZONS, FollowUp, FollowUps, FollowUpState, PastVerdict, Touch, TrackRecord
from tests.analysis.slow_track_record import Case

NOW = datetime(2026, 11, 22, tzinfo=UTC)
OPEN = (FollowUpState.WAITING, FollowUpState.PENDING)


def past_verdict(case: Case, result_id: int = 1) -> PastVerdict:
    return PastVerdict(
        result_id=result_id,
        ticker=case.ticker,
        session=case.session,
        close=case.close,
        stop_loss=case.stop_loss,
        target=case.target,
        written_at=NOW,
    )


def columns(cases: Sequence[Case], found: Sequence[FollowUp]) -> FollowUps:
    """Follow-ups as they are read."""
    tickers = sorted({case.ticker for case in cases})
    return FollowUps(
        tickers=np.array([tickers.index(case.ticker) for case in cases]),
        days=np.array([case.session for case in cases], dtype="M8[D]"),
        verdicts=np.array([list(Verdict).index(case.verdict) for case in cases]),
        scores=np.array([case.score for case in cases], dtype=np.float64),
        returns=np.array([one.returns for one in found], dtype=np.float64).reshape(-1, len(HORIZONS)),
        sessions=np.array([one.sessions for one in found], dtype="M8[D]").reshape(-1, len(HORIZONS)),
        touches=np.array([list(Touch).index(one.first_touch) if one.first_touch else -1 for one in found]),
        is_open=np.array([one.state in OPEN for one in found]),
    )


def record_of(cases: Sequence[Case], bars: Mapping[str, Bars]) -> TrackRecord:
    found = [follow_up(past_verdict(case), bars[case.ticker]) for case in cases]
    return track_record("balanced", DataSource.SAMPLE, columns(cases, found), NOW)


def shape(record: TrackRecord) -> dict[str, dict[object, Any]]:
    """A record as the slow implementation gives it."""
    groups = (record.all, *record.by_verdict, *record.by_score)
    figures = ("count", "counted", "days", "hit_rate", "mean", "median", "base_mean")
    shares = ("counted", "stop", "target", "neither")
    return {
        group.group: {
            **{one.sessions: {name: getattr(one, name) for name in figures} for one in group.horizons},
            "levels": group.levels and {name: getattr(group.levels, name) for name in shares},
        }
        for group in groups
    }


def agree(found: Mapping[str, Mapping[object, Any]], slow: Mapping[str, Mapping[object, Any]]) -> None:
    """Each figure of each group is the same, but for the last digits of a mean."""
    assert set(found) == set(slow)
    for name, parts in slow.items():
        for part, figures in parts.items():
            assert _same(found[name][part], figures), (name, part, found[name][part], figures)


def _same(found: Mapping[str, float | None] | None, slow: Mapping[str, float | None] | None) -> bool:
    if found is None or slow is None:
        return found is slow
    return set(found) == set(slow) and all(_equal(found[name], value) for name, value in slow.items())


def _equal(found: float | None, slow: float | None) -> bool:
    if found is None or slow is None:
        return found is slow
    return isclose(found, slow, rel_tol=1e-9, abs_tol=1e-12)


def line(*closes: float, start: str = "2026-01-05", ticker: str = "IBM", **columns: list[float]) -> Bars:
    """Bars of consecutive weekdays; high and low are the close where nothing else is said."""
    days = np.busday_offset(np.datetime64(start, "D"), np.arange(len(closes)))
    close = np.array(closes, dtype=np.float64)
    bars = Bars(
        ticker=ticker,
        source=DataSource.SAMPLE,
        currency="USD",
        sessions=days,
        open=close,
        high=close,
        low=close,
        close=close,
        volume=np.ones(len(close)),
    )
    return replace(bars, **{name: np.array(column, dtype=np.float64) for name, column in columns.items()})  # type: ignore[arg-type]


def first_day(bars: Bars) -> date:
    day: date = bars.sessions[0].astype(object)
    return day
