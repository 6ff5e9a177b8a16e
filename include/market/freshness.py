"""Whether the cache answers for a ticker, or its source has to be asked, and for which days. Pure."""

from dataclasses import dataclass
from datetime import date, timedelta

from include.model.prices import SeriesState

OVERLAP = timedelta(days=10)
"""How far back from the newest bar the source is asked again, to see whether it has changed the past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds until the source is asked again for what it did not have, and for a dead ticker."""

    recheck: float
    dead: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """What is missing: all from `since` on. `whole`: nothing older is in the cache, or it is to be replaced."""

    since: date
    whole: bool


def gap(state: SeriesState, session: date | None, since: date, patience: Patience) -> Gap | None:
    """What the source has to be asked for, so that there are bars from `since` up to `session` (None: the newest).

    None when the cache has them, or the source was asked a short while ago.
    """
    reaches_back = state.known_from is not None and state.known_from <= since
    if reaches_back and (has(state, session) or _is_settled(state, session, patience)):
        return None
    if state.refusal and _is_settled(state, session, patience):
        return None
    if reaches_back and state.last_session is not None:
        return Gap(since=state.last_session - OVERLAP, whole=False)
    return whole(state, since)


def whole(state: SeriesState, since: date) -> Gap:
    """The whole history: as far back as the cache goes, and as is wanted."""
    return Gap(since=min(since, state.known_from or since), whole=True)


def has(state: SeriesState, session: date | None) -> bool:
    """Whether there is a bar of the session or a later one."""
    return session is not None and state.last_session is not None and state.last_session >= session


def _is_settled(state: SeriesState, session: date | None, patience: Patience) -> bool:
    """Whether asking again makes no sense yet."""
    if state.asked_seconds_ago is None:
        return False
    if state.dead_since is not None:
        return state.asked_seconds_ago < patience.dead
    was_wanted = session is None or (state.asked_for is not None and state.asked_for >= session)
    return was_wanted and state.asked_seconds_ago < patience.recheck
