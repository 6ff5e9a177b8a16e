"""One batch of a job, from prices to stored outcomes. Knows no Airflow: a task calls it, and so does a test."""

import logging
from datetime import date

from include.analysis import Strategy, load_strategies, outcome_of
from include.market.sources import PriceSource
from include.model.bars import Bars
from include.model.errors import ErrorCode, Refusal, SourceUnavailableError
from include.model.job import Batch, BatchWork, Outcome
from include.model.request import AnalysisRequest
from include.settings import settings
from include.storage.connection import Connection
from include.storage.jobs import note_batch_error
from include.storage.results import store_outcomes

log = logging.getLogger(__name__)


def run_batch(connection: Connection, batch: Batch, work: BatchWork, source: PriceSource) -> dict[str, int]:
    """Fetch, analyse and store what is left of a batch; returns the counts {"completed", "failed"}.

    Raises SourceUnavailableError, after noting it on the tickers, when a later try may succeed.
    Raises StaleAttemptError when the job was ended meanwhile; nothing is written then.
    """
    if not work.sessions:
        return {"completed": 0, "failed": 0}
    try:
        fetched = source.fetch(work.sessions, settings().lookback_bars)
    except SourceUnavailableError as error:
        note_batch_error(connection, batch, error.code, str(error))
        raise
    strategy = load_strategies(settings().strategies_file)[work.request.strategy]
    outcomes = [_outcome(fetched[ticker], session, strategy, work.request) for ticker, session in work.sessions.items()]
    store_outcomes(connection, batch, outcomes)
    failed = sum(isinstance(outcome, Refusal) for outcome in outcomes)
    return {"completed": len(outcomes) - failed, "failed": failed}


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
