"""Follows the verdicts of the past through the prices that are at hand, and keeps the record of them."""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, groupby

from include.analysis.follow_up import follow_up
from include.analysis.track_record import track_record
from include.market.at_hand import bars_at_hand, newest_demo_session
from include.market.sources.source import Clock
from include.model.bars import DataSource
from include.model.track_record import FollowUp
from include.storage.connection import Connection
from include.storage.database import Database
from include.storage.track_record import (
    FollowedSeries,
    TickerToFollow,
    followed_series,
    forget_records,
    keep_record,
    read_follow_ups,
    store_follow_ups,
    tickers_to_follow,
    verdicts_to_follow,
)

log = logging.getLogger(__name__)

BUDGET_SECONDS = 180.0  # what is left then is for the next run
MOST_TICKERS = 200  # of one portion, which is one transaction
MOST_VERDICTS = 5_000

Place = tuple[str, str]
START: Place = ("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What one run did: how many follow-ups it wrote, how many records anew, and whether work is left."""

    followed: int
    records: int
    more: bool

    @property
    def summary(self) -> str:
        """In one line; empty when nothing was to be done."""
        if not self.followed and not self.records:
            return ""
        left = " (there are more)" if self.more else ""
        return f"verdicts followed: {self.followed}{left}; records renewed: {self.records}"


def update_track_record(
    database: Database, clock: Clock, time_passed: Callable[[], float] = time.monotonic
) -> Progress:
    """Follow every verdict of which more can be known, portion by portion, until none or no time is left.

    Each portion is stored when it is done, so a run that is killed loses one at most, and the next one goes on.
    """
    end, followed, place = time_passed() + BUDGET_SECONDS, 0, START
    more = True
    while more and time_passed() < end:
        stored, behind = database.run(partial(_follow_portion, clock=clock, after=place))
        followed, more, place = followed + stored, behind is not None, behind or place
    return Progress(followed=followed, records=database.run(partial(_renew_records, clock=clock)), more=more)


def _follow_portion(connection: Connection, clock: Clock, after: Place) -> tuple[int, Place | None]:
    """Follow verdicts of the next tickers; returns how many rows that wrote, and the last ticker, None at the end."""
    chosen = _choose(tickers_to_follow(connection, newest_demo_session(clock), after, MOST_TICKERS))
    if not chosen:
        return 0, None
    with connection.transaction():
        found = [
            one
            for source, tickers in groupby(chosen, key=lambda one: one.data_source)
            for one in _follow(connection, source, list(tickers), clock)
        ]
        stored = store_follow_ups(connection, found)
    return stored, (chosen[-1].data_source, chosen[-1].ticker)


def _choose(tickers: Sequence[TickerToFollow]) -> Sequence[TickerToFollow]:
    """As many as one portion may have verdicts, one ticker at least."""
    so_far = accumulate(one.verdicts for one in tickers)
    return [one for one, verdicts in zip(tickers, so_far, strict=True) if verdicts <= MOST_VERDICTS] or tickers[:1]


def _follow(
    connection: Connection, source: DataSource, tickers: Sequence[TickerToFollow], clock: Clock
) -> list[FollowUp]:
    oldest_last = sorted(tickers, key=lambda one: one.since, reverse=True)
    sinces = {one.listed_as: one.since for one in oldest_last}  # of two names of one stock the older day
    bars = bars_at_hand(connection, source, sinces, clock)
    names = {one.ticker: one.listed_as for one in tickers}
    over = {one.ticker for one in tickers if one.is_dead or source is DataSource.SAMPLE}
    verdicts = verdicts_to_follow(connection, source, list(names))
    return [follow_up(one, bars.get(names[one.ticker]), is_over=one.ticker in over) for one in verdicts]


def _renew_records(connection: Connection, clock: Clock) -> int:
    """Compute anew the records of which a follow-up has come, changed or gone; returns how many."""
    stale = [series for series in followed_series(connection) if not series.is_kept]
    for series in stale:
        _renew(connection, series, clock)
    return len(stale) + forget_records(connection)


def _renew(connection: Connection, series: FollowedSeries, clock: Clock) -> None:
    found = read_follow_ups(connection, series.strategy, series.data_source)
    if len(found):
        record = track_record(series.strategy, series.data_source, found, clock())
        keep_record(connection, record, series)
        log.info("the record of %s on %s prices: %d verdicts", series.strategy, series.data_source, len(found))
