"""One batch of a job, from prices to stored outcomes. Knows no Airflow: a task calls it, and so does a test."""

import logging
from collections.abc import Callable
from datetime import date

from include.analysis import Strategy, load_strategies, outcome_of
from include.market.sources import PriceSource
from include.model.bars import Bars, DataSource
from include.model.errors import ErrorCode, Refusal, SourceUnavailableError
from include.model.job import Batch, BatchWork, Outcome
from include.model.request import AnalysisRequest
from include.settings import settings
from include.storage.connection import DatabaseError
from include.storage.database import Database
from include.storage.jobs import begin_batch, note_batch_error
from include.storage.results import store_outcomes

log = logging.getLogger(__name__)


def run_batch(database: Database, batch: Batch, open_source: Callable[[DataSource], PriceSource]) -> dict[str, int]:
    """Fetch, analyse and store what is left of a batch; returns the counts {"completed", "failed"}.

    Raises SourceUnavailableError or DatabaseError, after noting it on the tickers where that can be, when a later try
    may succeed. Raises StaleAttemptError when the job was ended meanwhile; nothing is written then.
    """
    work = database.run(lambda connection: begin_batch(connection, batch))
    if not work.sessions:
        return {"completed": 0, "failed": 0}
    try:
        outcomes = _analyse(work, open_source(work.request.data_source))
        database.run(lambda connection: store_outcomes(connection, batch, outcomes))
    except SourceUnavailableError as error:
        _note(database, batch, error.code, str(error))
        raise
    except DatabaseError as error:
        _note(database, batch, ErrorCode.DATABASE_ERROR, f"its outcome could not be stored: {error}")
        raise
    failed = sum(isinstance(outcome, Refusal) for outcome in outcomes)
    return {"completed": len(outcomes) - failed, "failed": failed}


def _analyse(work: BatchWork, source: PriceSource) -> list[Outcome | Refusal]:
    fetched = source.fetch(work.sessions, settings().lookback_bars)
    strategy = load_strategies(settings().strategies_file)[work.request.strategy]
    return [_outcome(fetched[ticker], session, strategy, work.request) for ticker, session in work.sessions.items()]


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
