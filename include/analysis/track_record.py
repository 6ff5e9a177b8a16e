"""The record of many verdicts: returns and levels by group, no session counted twice, beside the mean of all.

Two verdicts of one ticker and group that are fewer than n sessions apart share some of their n sessions. Of such only
the first counts, and the next one that begins where its sessions end: otherwise a Buy that stands for a month would be
twenty proofs of one rise. All here are of one strategy and one source, so nothing is counted twice by these either.
"""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from include.model.analysis import Side, Verdict
from include.model.bars import DataSource
from include.model.track_record import (
    FEW,
    HORIZONS,
    SIDES,
    FollowUps,
    GroupRecord,
    HorizonRecord,
    LevelRecord,
    Touch,
    TrackRecord,
)

Mask = NDArray[np.bool_]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

BAND = 10
ALL = "all"
_SIGNS = np.array([{Side.LONG: 1.0, Side.SHORT: -1.0}.get(SIDES.get(verdict), 0.0) for verdict in Verdict])  # type: ignore[arg-type]


def track_record(strategy: str, source: DataSource, found: FollowUps, computed_at: datetime) -> TrackRecord:
    """The record of one strategy on one source's prices; of at least one verdict."""
    signs = _SIGNS[found.verdicts]
    bases = np.column_stack([_means_of_days(found.days, column) for column in found.returns.T])
    bands = np.minimum(found.scores // BAND, 100 // BAND - 1).astype(np.int64)
    every = np.zeros(len(found), dtype=np.int64)
    return TrackRecord(
        strategy=strategy,
        data_source=source,
        since=found.days.min().astype(object),
        until=found.days.max().astype(object),
        computed_at=computed_at,
        all=_Groups(found, every, found.returns * signs[:, None], bases * signs[:, None], signs != 0).record(0, ALL),
        by_verdict=list(_Groups(found, found.verdicts, found.returns, bases).records(tuple(Verdict))),
        by_score=list(_Groups(found, bands, found.returns, bases).records(_band_names())),
    )


def _band_names() -> tuple[str, ...]:
    return tuple(f"{low}-{low + BAND}" for low in range(0, 100, BAND))


def _means_of_days(days: NDArray[np.datetime64], returns: Floats) -> Floats:
    """For each verdict the mean return of all tickers of its day; NaN where none has one."""
    day = _whole(days - days.min())
    known = ~np.isnan(returns)
    sums = np.bincount(day[known], weights=returns[known], minlength=day.max() + 1)
    counts = np.bincount(day[known], minlength=day.max() + 1)
    means: Floats = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0)[day]
    return means


def without_overlap(series: Integers, days: Integers, ends: Integers) -> Mask:
    """Of each series the first verdict, the first one not before its end, and so on; all arrays have shape (n,).

    `series` are numbered from 0. `days` are those of the verdicts, as whole numbers, each once in its series; `ends`
    when their sessions are over.
    """
    if not len(series):
        return np.zeros(0, dtype=np.bool_)
    first_day = days.min()
    width = max(int(ends.max()), int(days.max())) - first_day + 1
    keys = series * width + (days - first_day)
    order = np.argsort(keys)
    following = np.searchsorted(keys[order], (series * width + (ends - first_day))[order])
    ordered = np.append(series[order], -1)  # behind the last one there is no series
    counted = np.zeros(len(order), dtype=np.bool_)
    at = np.flatnonzero(np.diff(ordered[:-1], prepend=-1))
    while len(at):
        counted[order[at]] = True
        at = following[at][ordered[following[at]] == ordered[at]]
    return counted


class _Groups:
    """Verdicts sorted into groups by number, with the returns and base means that are shown of them.

    Those that are not `within` are in no group, and keep nobody else from being counted.
    """

    def __init__(
        self, found: FollowUps, groups: Integers, returns: Floats, bases: Floats, within: Mask | None = None
    ) -> None:
        self._found, self._groups, self._returns, self._bases = found, groups, returns, bases
        self._day = _whole(found.days - found.days.min())
        self._within = np.ones(len(found), dtype=np.bool_) if within is None else within
        self._counted = [self._count(at) for at in range(len(HORIZONS))]

    def _count(self, horizon: int) -> Mask:
        """Those that count after so many sessions; after a single one, no two verdicts share any."""
        found = self._found
        counted: Mask = self._within & ~np.isnan(found.returns[:, horizon])
        if HORIZONS[horizon] > 1:
            known = np.flatnonzero(counted)
            series = found.tickers[known] * (100 // BAND) + self._groups[known]
            ends = _whole(found.sessions[known, horizon])
            counted[known] = without_overlap(series, _whole(found.days[known]), ends)
        return counted

    def records(self, names: tuple[str, ...]) -> Iterator[GroupRecord]:
        """The groups that have a verdict."""
        for number, name in enumerate(names):
            found = self.record(number, name)
            if found.verdicts:
                yield found

    def record(self, number: int, name: str) -> GroupRecord:
        """One group."""
        rows = np.flatnonzero(self._within & (self._groups == number))
        without = rows[np.isnan(self._found.returns[rows, -1])]
        pending = int(self._found.is_open[without].sum())
        return GroupRecord(
            group=str(name),
            verdicts=len(rows),
            pending=pending,
            unknown=len(without) - pending,
            horizons=[self._horizon(rows, at, sessions) for at, sessions in enumerate(HORIZONS)],
            levels=_levels(self._found.touches[rows[self._counted[-1][rows]]]),
        )

    def _horizon(self, rows: Integers, at: int, sessions: int) -> HorizonRecord:
        counted = rows[self._counted[at][rows]]
        returns, signs = self._returns[counted, at], _SIGNS[self._found.verdicts[counted]]
        hits = (self._found.returns[counted, at] * signs > 0)[signs != 0]
        return HorizonRecord(
            sessions=sessions,
            count=int((~np.isnan(self._found.returns[rows, at])).sum()),
            counted=len(returns),
            days=int(np.count_nonzero(np.bincount(self._day[counted]))),
            hit_rate=_mean(hits),
            mean=_mean(returns),
            median=float(np.median(returns)) if len(returns) else None,
            base_mean=_mean(self._bases[counted, at]),
            is_small=len(returns) < FEW,
            note=_note(len(returns)),
        )


def _levels(touches: Integers) -> LevelRecord | None:
    """Of counted verdicts; those without a plan have no level to reach."""
    known = touches[touches >= 0]
    if not len(known):
        return None
    shares = {touch: _mean(known == place) for place, touch in enumerate(Touch)}
    return LevelRecord(
        counted=len(known),
        stop=shares[Touch.STOP],
        target=shares[Touch.TARGET],
        neither=shares[Touch.NEITHER],
        is_small=len(known) < FEW,
        note=_note(len(known)),
    )


def _whole(days: NDArray[np.datetime64] | NDArray[np.timedelta64]) -> Integers:
    return days.astype(np.int64)  # all of them have the unit D


def _mean(values: Floats | Mask) -> float | None:
    return float(values.mean()) if len(values) else None


def _note(counted: int) -> str | None:
    """In words, when a record is of too few verdicts."""
    if counted >= FEW:
        return None
    return f"{counted} counted, fewer than {FEW}: too few to tell skill from luck" if counted else "none yet"
