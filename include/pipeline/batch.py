"""One batch of a job, from prices to stored outcomes. Knows no Airflow: a task calls it, and so does a test."""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from itertools import islice

from include.analysis import Strategy, load_strategies, outcome_of
from include.market.prices import Prices
from include.model.bars import Bars, DataSource
from include.model.errors import ErrorCode, RateLimitedError, Refusal, SourceUnavailableError
from include.model.job import Batch, BatchWork, Outcome
from include.model.prices import Delay, PricesLaterError
from include.model.request import AnalysisRequest
from include.pipeline.late import late_bar
from include.settings import settings
from include.storage.connection import DatabaseError
from include.storage.database import Database
from include.storage.jobs import begin_batch, note_batch_error
from include.storage.results import store_outcomes

log = logging.getLogger(__name__)

PORTION = 100  # tickers that a batch has in hand at a time: a larger one needs no more memory, and loses no more


def run_batch(
    database: Database,
    batch: Batch,
    open_prices: Callable[[DataSource], Prices],
    *,
    last_try: bool = False,
    wait_until: datetime | None = None,
) -> dict[str, int]:
    """Fetch, analyse and store what is left of a batch, a portion at a time; returns {"completed", "failed"}.

    What can be had is stored, whatever becomes of the rest. Raises PricesLaterError when prices come later and nothing
    is wrong; bars that are late count as such before `wait_until`. Raises SourceUnavailableError or DatabaseError,
    after noting it on the tickers where that can be, when a later try may succeed; in the `last_try` such tickers fail.
    Raises StaleAttemptError when the job was ended meanwhile; nothing is written then.
    """
    work = database.run(lambda connection: begin_batch(connection, batch))
    counts, delays = Counter(completed=0, failed=0), list[Delay]()
    if not work.sessions:
        return counts
    try:
        prices = open_prices(work.request.data_source)
        for portion in _portions(work):
            outcomes, later = _analyse(portion, prices, last_try=last_try, wait_until=wait_until)
            counts.update(_store(database, batch, outcomes))
            delays += later
        if delays:
            raise _later(delays, len(work.sessions))
    except (SourceUnavailableError, PricesLaterError) as error:
        code = error.code if isinstance(error, SourceUnavailableError) else error.ticker_code
        _note(database, batch, code, str(error))
        raise
    except DatabaseError as error:
        _note(database, batch, ErrorCode.DATABASE_ERROR, f"its outcome could not be stored: {error}")
        raise
    return counts


def _portions(work: BatchWork) -> Iterator[BatchWork]:
    sessions = iter(work.sessions.items())
    while portion := dict(islice(sessions, PORTION)):
        yield replace(work, sessions=portion)


def _store(database: Database, batch: Batch, outcomes: Sequence[Outcome | Refusal]) -> dict[str, int]:
    if outcomes:
        database.run(lambda connection: store_outcomes(connection, batch, outcomes))
    failed = sum(isinstance(outcome, Refusal) for outcome in outcomes)
    return {"completed": len(outcomes) - failed, "failed": failed}


def _analyse(
    work: BatchWork, prices: Prices, *, last_try: bool, wait_until: datetime | None
) -> tuple[list[Outcome | Refusal], list[Delay]]:
    """What became of the tickers, and those that have no prices yet."""
    fetched = prices.fetch(work.sessions, settings().lookback_bars)
    strategy = load_strategies(settings().strategies_file)[work.request.strategy]
    outcomes, delays = [], []
    for ticker, session in work.sessions.items():
        found = late_bar(fetched[ticker], session, wait_until)
        if isinstance(found, Delay) and last_try and found.seconds is None:
            found = Refusal(ticker, found.code, found.message)
        if isinstance(found, Delay):
            delays.append(found)
        else:
            outcomes.append(_outcome(found, session, strategy, work.request))
    return outcomes, delays


def _later(delays: Sequence[Delay], tickers: int) -> PricesLaterError | SourceUnavailableError:
    """The batch comes back for those that wait; without any, it is tried again for those that failed."""
    waiting = [(delay.seconds, delay.code) for delay in delays if delay.seconds is not None]
    said = f"{len(delays)} of {tickers} tickers have no prices yet, {delays[0].ticker}: {delays[0].message}"
    if waiting:
        return PricesLaterError(said, *min(waiting))
    limited = all(delay.code is ErrorCode.RATE_LIMITED for delay in delays)
    return RateLimitedError(said) if limited else SourceUnavailableError(said)


def _note(database: Database, batch: Batch, code: str, message: str) -> None:
    """Note on the tickers what stopped their batch; where the database is away, the log has to do."""
    try:
        database.run(lambda connection: note_batch_error(connection, batch, code, message))
    except DatabaseError:
        log.exception("%s could not be noted: %s", code, message)


def _outcome(
    fetched: Bars | Refusal, session: date | None, strategy: Strategy, request: AnalysisRequest
) -> Outcome | Refusal:
    """What became of one ticker, whatever happens: its trouble is recorded and the others go on."""
    ticker = fetched.ticker
    try:
        outcome = (
            fetched
            if isinstance(fetched, Refusal)
            else outcome_of(fetched, strategy, request.risk, session, settings().lookback_bars)
        )
    except Exception as error:
        log.exception("%s could not be analysed", ticker)
        outcome = Refusal(ticker, ErrorCode.INTERNAL_ERROR, f"{type(error).__name__}: {error}")
    if isinstance(outcome, Refusal):
        log.warning("%s  %s: %s", ticker, outcome.code, outcome.message)
    else:
        log.info("%s  %s", ticker, outcome.analysis.summary)
    return outcome
