"""Fetches what the price cache lacks: each ticker by one fetcher at a time, at the pace that all keep together."""

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Protocol
from uuid import uuid4

from include.market.changes import change_of, unfit, without_noise
from include.market.freshness import Gap, Patience, gap, whole
from include.market.limits import SharedPace, pauses
from include.market.pace import Pace, spacing
from include.market.sources.question import Question
from include.model.bars import DataSource
from include.model.errors import ErrorCode, Refusal
from include.model.prices import CachedSeries, Delay, PriceHistory
from include.settings import Settings
from include.storage.connection import DatabaseError
from include.storage.database import Database
from include.storage.limits import note_failure, note_success, waiting_tickers
from include.storage.prices import (
    Answer,
    LeaseLostError,
    Span,
    UnstorableError,
    end_leases,
    lease,
    read_series,
    renew_leases,
    store_answer,
    store_failure,
)

log = logging.getLogger(__name__)

BEAT_EVERY, RENEW_EVERY = 2.0, 15.0
LOOK_EVERY = 0.5  # for tickers that others are fetching
SOONEST, LATEST = 5.0, 600.0  # seconds after which a task comes back for what it had no turn for
WORDS_OF_THE_SOURCE = (ErrorCode.UNKNOWN_TICKER, ErrorCode.NO_DATA)
FIRST_DAY = date(1900, 1, 1)

Found = PriceHistory | Refusal | Delay
Instead = dict[str, Refusal | Delay]


class RemoteSource(Protocol):
    """A source worth caching."""

    @property
    def name(self) -> DataSource:
        """Which source this is."""

    def refuse(self, ticker: str) -> Refusal | None:
        """Why it makes no sense to ask for a ticker."""

    def ask(self, questions: Sequence[Question], pace: Pace, beat: Callable[[], None]) -> Iterator[Found]:
        """An answer for every question, as they come; `beat` is called about every second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which bars of a ticker are wanted: from `since` on, up to `session` (None: the newest)."""

    session: date | None
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A ticker that is being asked for: what is missing, what the cache had, and why it is fetched anew."""

    wanted: Wanted
    gap: Gap
    series: CachedSeries
    replaced: str | None = None


class Fetcher:
    """Fetches for one caller; see CachedPrices."""

    def __init__(
        self,
        source: RemoteSource,
        database: Database,
        pace_database: Database,
        settings: Settings,
        beat: Callable[[], None],
    ) -> None:
        self._source, self._database, self._pace_database = source, database, pace_database
        self._settings = settings
        self._holder = uuid4().hex
        self._beat = Regularly(beat, BEAT_EVERY)
        self._renew = Regularly(self._renew_leases, RENEW_EVERY)

    def fetch(self, missing: Mapping[str, Wanted], patience: Patience) -> Instead:
        """Bring the cache up to what is wanted; returns what there is to say of tickers that it has no word on."""
        refused = {ticker: self._source.refuse(ticker) for ticker in missing}
        instead: Instead = {ticker: refusal for ticker, refusal in refused.items() if refusal}
        pending = {ticker: wanted for ticker, wanted in missing.items() if ticker not in instead}
        deadline = time.monotonic() + self._settings.fetch_wait_seconds
        pace = SharedPace(self._pace_database, self._source.name, self._settings, self._holder)
        try:
            while pending:
                mine = self._lease(pending)
                if mine is None:
                    return instead | self._come_back(pending)
                instead |= self._fetch_mine({ticker: pending.pop(ticker) for ticker in mine}, patience, pace)
                if pending and time.monotonic() > deadline:
                    return instead | self._come_back(pending)
                if pending:
                    self._on_the_way()
                    time.sleep(LOOK_EVERY)
            return instead
        finally:
            pace.stop()
            self._end_leases()

    def _lease(self, pending: Mapping[str, Wanted]) -> set[str] | None:
        # A task with few tickers needs none of the seats: it is soon done, and somebody may be waiting for it.
        most = self._settings.fetch_tasks if len(pending) > self._settings.fetch_threads else None
        return self._database.run(lambda connection: lease(connection, self._source.name, pending, self._holder, most))

    def _fetch_mine(self, mine: Mapping[str, Wanted], patience: Patience, pace: Pace) -> Instead:
        """Fetch what is leased; what another fetcher has stored meanwhile is not asked for again."""
        if not mine:
            return {}
        spans = {ticker: Span(since=FIRST_DAY) for ticker in mine}
        cached = self._database.run(lambda connection: read_series(connection, self._source.name, spans))
        asked = {}
        for ticker, wanted in mine.items():
            lacks = gap(cached[ticker].state, wanted.session, wanted.since, patience)
            if lacks:
                asked[ticker] = Asked(wanted=wanted, gap=lacks, series=cached[ticker])
        round_ = Round(asked)
        while round_.open:
            questions = [_question(ticker, one) for ticker, one in round_.open.items()]
            for found in self._source.ask(questions, pace, self._on_the_way):
                self._keep(round_, found)
            round_.open, round_.anew = round_.anew, {}
        self._end_leases()  # also of what was there already: two who wait for each other would wait for nothing
        return round_.instead

    def _on_the_way(self) -> None:
        self._beat()
        self._renew()

    def _keep(self, round_: "Round", found: Found) -> None:
        """Store what was found; a history that was changed is asked for once more, as a whole."""
        asked = round_.open[found.ticker]
        if isinstance(found, Delay):
            self._keep_delay(found)
            round_.instead[found.ticker] = self._bounded(found)
        elif isinstance(found, Refusal):
            self._keep_refusal(round_, asked, found)
        else:
            self._keep_history(round_, asked, found)

    def _keep_delay(self, delay: Delay) -> None:
        """Nobody was asked, or it was no usable answer."""
        if delay.seconds is not None:
            return
        source, refusal = self._source.name, Refusal(delay.ticker, delay.code, delay.message)
        limits = pauses(self._settings)
        self._database.run(
            lambda connection: note_failure(connection, source, delay.ticker, delay.code, delay.message, limits)
        )
        self._database.run(lambda connection: store_failure(connection, source, refusal, self._holder))

    def _keep_refusal(self, round_: "Round", asked: Asked, refusal: Refusal) -> None:
        """The source's own word is remembered; it has no new bars of a ticker whose old ones we have, is no refusal."""
        if refusal.code not in WORDS_OF_THE_SOURCE:
            round_.instead[refusal.ticker] = refusal
            return
        self._database.run(lambda connection: note_success(connection, self._source.name))
        nothing_new = refusal.code is ErrorCode.NO_DATA and asked.series.state.last_session is not None
        session = asked.wanted.session
        self._store(
            round_,
            Answer(
                ticker=refusal.ticker,
                asked_for=session,
                missed=session is not None,
                refusal=None if nothing_new else refusal,
            ),
        )

    def _keep_history(self, round_: "Round", asked: Asked, found: PriceHistory) -> None:
        self._database.run(lambda connection: note_success(connection, self._source.name))
        stored, lacks, session = asked.series.history, asked.gap, asked.wanted.session
        change = None if stored is None else change_of(stored, found)
        if change and not lacks.whole:
            log.info("%s: the source has changed its history (%s): all is fetched anew", found.ticker, change)
            round_.anew[found.ticker] = Asked(
                wanted=asked.wanted,
                gap=whole(asked.series.state, asked.wanted.since),
                series=asked.series,
                replaced=change,
            )
            return
        impossible = unfit(found)
        if impossible:
            refusal = Refusal(found.ticker, ErrorCode.BAD_PRICES, f"{found.ticker}: {impossible}")
            self._store(round_, Answer(ticker=found.ticker, asked_for=session, missed=False, refusal=refusal))
            return
        bars = found if stored is None or change else without_noise(stored, found)
        last = max(day for day in (bars.last_session, asked.series.state.last_session) if day)
        self._store(
            round_,
            Answer(
                ticker=found.ticker,
                asked_for=session,
                missed=session is not None and last < session,
                bars=bars,
                whole=lacks.whole,
                known_from=_known_from(found, lacks),
                replaced=asked.replaced or change,
            ),
        )

    def _store(self, round_: "Round", answer: Answer) -> None:
        source, dead_after = self._source.name, self._settings.dead_after_sessions
        try:
            self._database.run(lambda connection: store_answer(connection, source, answer, self._holder, dead_after))
        except LeaseLostError:
            message = f"another task fetches {answer.ticker} by now"
            round_.instead[answer.ticker] = Delay(answer.ticker, ErrorCode.SOURCE_UNAVAILABLE, message, SOONEST)
        except UnstorableError as error:
            round_.instead[answer.ticker] = Refusal(answer.ticker, ErrorCode.BAD_PRICES, str(error))

    def _come_back(self, pending: Mapping[str, Wanted]) -> Instead:
        """When to come back: the later, the more others are waiting, and not all at once."""
        waiting = self._database.run(lambda connection: waiting_tickers(connection, self._source.name))
        between, _ = spacing(self._settings.requests_per_minute)
        # Drawn from half of the time that all of it takes, so that more come than are served and the seats stay taken.
        seconds = random.uniform(SOONEST, max(2 * SOONEST, waiting * between / 2))  # noqa: S311
        message = f"waits for its turn: {waiting} tickers are to be fetched by all jobs"
        return {ticker: self._bounded(Delay(ticker, ErrorCode.RATE_LIMITED, message, seconds)) for ticker in pending}

    def _bounded(self, delay: Delay) -> Delay:
        """Not at once, and well before the job could be taken for dead."""
        if delay.seconds is None:
            return delay
        latest = min(LATEST, self._settings.silent_job_minutes * 20)
        return replace(delay, seconds=min(latest, max(SOONEST, delay.seconds)))

    def _renew_leases(self) -> None:
        self._database.run(lambda connection: renew_leases(connection, self._source.name, self._holder))

    def _end_leases(self) -> None:
        """What is left ends with its time, when the database is away now."""
        try:
            self._database.run(lambda connection: end_leases(connection, self._source.name, self._holder))
        except DatabaseError:
            log.exception("leases could not be ended; they end by themselves")


@dataclass(slots=True)
class Round:
    """The tickers that are being asked for now, those to be asked for anew, and those without a word in the cache."""

    open: dict[str, Asked]
    anew: dict[str, Asked] = field(default_factory=dict)
    instead: Instead = field(default_factory=dict)


class Regularly:
    """Calls something, but not more often than every so many seconds."""

    def __init__(self, call: Callable[[], None], seconds: float) -> None:
        self._call, self._seconds = call, seconds
        self._last = time.monotonic()

    def __call__(self) -> None:
        """Call it, if it is time to."""
        now = time.monotonic()
        if now - self._last >= self._seconds:
            self._last = now
            self._call()


def _question(ticker: str, asked: Asked) -> Question:
    return Question(ticker=ticker, since=asked.gap.since, timezone=asked.series.state.timezone)


def _known_from(found: PriceHistory, lacks: Gap) -> date | None:
    """From which day on the cache has all bars by this answer; for ever, when the first trade of all is among them."""
    if not lacks.whole:
        return None
    return FIRST_DAY if found.begins and found.begins >= lacks.since else lacks.since
