"""Jobs of one session after the other, for tests of what changed between them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from include.jobs.claims import claim_key
from include.model.analysis import Side, TradePlan, Verdict
from include.model.errors import Refusal
from include.model.job import Batch, Outcome, PlannedTicker, Run
from include.model.request import Demand, Trigger
from include.storage.connection import Connection
from include.storage.jobs import begin_batch, claim_job, finalize_job, write_details
from include.storage.results import store_outcomes
from tests.storage.demands import DAG_ID, demand, outcome

MON, TUE, WED, THU, FRI = (date(2010, 8, day) for day in range(16, 21))
Outcomes = Sequence[Outcome | Refusal]


def said(ticker: str, verdict: Verdict, close: float = 100.0, stop: str = "", target: str = "", **more: Any) -> Outcome:
    """An analysis with a plan from `close`, of which stop and target may be given."""
    if verdict is Verdict.HOLD:
        return outcome(ticker, 50.0, verdict, close=close, **more)
    is_long = verdict in (Verdict.BUY, Verdict.STRONG_BUY)
    away = Decimal(5 if is_long else -5)
    entry = Decimal(str(close))
    plan = TradePlan(
        side=Side.LONG if is_long else Side.SHORT,
        entry=entry,
        stop_loss=Decimal(stop) if stop else entry - away,
        target=Decimal(target) if target else entry + 2 * away,
    )
    return outcome(ticker, 70.0 if is_long else 30.0, verdict, close=close, plan=plan, **more)


def begin(
    connection: Connection, job_id: str, day: date | None, outcomes: Outcomes, clear_number: int = 0, **request: Any
) -> Batch:
    """A job of one session that has stored these outcomes and goes on."""
    wanted = _demand(outcomes, **request)
    run = Run(dag_id=DAG_ID, job_id=job_id, clear_number=clear_number)
    with connection.transaction():
        claim = claim_job(connection, run, claim_key(wanted.request), wanted)
        write_details(
            connection, job_id, [PlannedTicker(ticker=t, session=day, batch=0) for t in wanted.request.tickers]
        )
    batch = Batch(job_id=job_id, attempt=claim.attempt, number=0, label="all")
    begin_batch(connection, batch)
    store_outcomes(connection, batch, [_on(day, one) for one in outcomes])
    return batch


def _demand(outcomes: Outcomes, trigger: Trigger = Trigger.MANUAL, **request: Any) -> Demand:
    tickers = [one.ticker if isinstance(one, Refusal) else one.analysis.ticker for one in outcomes]
    return replace(demand(*tickers, **request), trigger=trigger)


def _on(day: date | None, one: Outcome | Refusal) -> Outcome | Refusal:
    if isinstance(one, Refusal) or day is None:
        return one
    return replace(one, analysis=replace(one.analysis, session=day))


def analyse(
    connection: Connection, job_id: str, day: date | None, *outcomes: Outcome | Refusal, **request: Any
) -> None:
    """A job of one session from its beginning to its end."""
    begin(connection, job_id, day, outcomes, **request)
    finalize_job(connection, job_id)
