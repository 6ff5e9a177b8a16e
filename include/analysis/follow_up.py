"""What came of a verdict: its returns, and which of its levels the price reached first. Pure: bars in, FollowUp out."""

from datetime import date

import numpy as np

from include.model.bars import Bars
from include.model.track_record import HORIZONS, LONGEST, FollowUp, FollowUpState, PastVerdict, Touch

MOST_DAYS_BETWEEN = 14
"""The longest holidays of an exchange are shorter: a longer hole in the bars is a halt."""

SAME = 1e-9
"""The relative difference below which two prices are the same, as everywhere in the analysis."""


def follow_up(verdict: PastVerdict, bars: Bars | None, *, is_over: bool = False) -> FollowUp:
    """Follow a verdict through the bars after its session, LONGEST of them at most; later ones are not looked at.

    Sessions are the ticker's own bars, which are adjusted for splits and dividends as known now. The levels are in the
    prices of their day: they move as the close of that day has moved since, so that neither a split nor a dividend
    crosses them. `is_over`: no bar will ever follow the last one. Without bars nothing is known, and that is said.
    """
    at = None if bars is None else _place(bars, verdict.session)
    if bars is None or at is None:
        return _without_bar(verdict, bars, is_over=is_over)
    close, end = bars.close, _end(bars, at)
    reached = [at + n if at + n <= end else None for n in HORIZONS]
    first_touch, touched_after = _first_touch(verdict, bars, at, end)
    return FollowUp(
        result_id=verdict.result_id,
        written_at=verdict.written_at,
        state=_state(at, end, len(bars), is_over=is_over),
        through=_day(bars, end),
        returns=tuple(None if to is None else float(close[to] / close[at] - 1) for to in reached),
        sessions=tuple(None if to is None else _day(bars, to) for to in reached),
        first_touch=first_touch,
        touched_after=touched_after,
    )


def _place(bars: Bars, session: date) -> int | None:
    """Where a session's bar is, None when there is none."""
    at = int(np.searchsorted(bars.sessions, np.datetime64(session, "D")))
    return at if at < len(bars) and _day(bars, at) == session else None


def _day(bars: Bars, at: int) -> date:
    day: date = bars.sessions[at].astype(object)
    return day


def _without_bar(verdict: PastVerdict, bars: Bars | None, *, is_over: bool) -> FollowUp:
    """Bars that begin or go on without the session will not have it any more; those that end before it may."""
    newest = bars.last_session if bars else None
    unseen = FollowUpState.ENDED if is_over else FollowUpState.PENDING
    return FollowUp(
        result_id=verdict.result_id,
        written_at=verdict.written_at,
        state=FollowUpState.NO_BAR if newest and newest > verdict.session else unseen,
        through=verdict.session,
        returns=(None,) * len(HORIZONS),
        sessions=(None,) * len(HORIZONS),
    )


def _end(bars: Bars, at: int) -> int:
    """The last bar to look at: LONGEST sessions later, or before a halt, or the last one that there is."""
    last = min(at + LONGEST, len(bars) - 1)
    holes = np.flatnonzero(np.diff(bars.sessions[at : last + 1]) > np.timedelta64(MOST_DAYS_BETWEEN, "D"))
    return at + int(holes[0]) if len(holes) else last


def _state(at: int, end: int, bars: int, *, is_over: bool) -> FollowUpState:
    if end == at + LONGEST:
        return FollowUpState.COMPLETE
    if end < bars - 1:
        return FollowUpState.HALTED
    return FollowUpState.ENDED if is_over else FollowUpState.PENDING


def _first_touch(verdict: PastVerdict, bars: Bars, at: int, end: int) -> tuple[Touch | None, int | None]:
    """The level that a bar after the verdict's reached first, and after how many sessions; both in one is the stop."""
    if verdict.stop_loss is None or verdict.target is None:
        return None, None
    moved = float(bars.close[at]) / verdict.close
    stop, target = verdict.stop_loss * moved, verdict.target * moved
    high, low = bars.high[at + 1 : end + 1], bars.low[at + 1 : end + 1]
    if stop < target:
        stopped, reached = low <= stop * (1 + SAME), high >= target * (1 - SAME)
    else:
        stopped, reached = high >= stop * (1 - SAME), low <= target * (1 + SAME)
    touched = np.flatnonzero(stopped | reached)
    if len(touched):
        first = int(touched[0])
        return (Touch.STOP if stopped[first] else Touch.TARGET), first + 1
    return (Touch.NEITHER if end == at + LONGEST else None), None
