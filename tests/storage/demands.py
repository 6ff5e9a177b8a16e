"""Demands and outcomes for tests of the database: valid, small, and different where a test says so."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from include.jobs.claims import claim_key
from include.jobs.opening import AskingRun
from include.model.analysis import (
    Analysis,
    Category,
    Position,
    Reading,
    RiskProfile,
    Side,
    TradePlan,
    Verdict,
)
from include.model.bars import DataSource
from include.model.job import Batch, Claim, Outcome, PlannedTicker, Run
from include.model.request import AnalysisRequest, AnalysisSource, Demand, OnDuplicate, Trigger
from include.storage.connection import Connection
from include.storage.jobs import begin_batch, claim_job, write_details
from include.storage.requests import Door

SESSION = date(2010, 8, 20)
DAG_ID = "analyze_stocks"


def demand(
    *tickers: str,
    user: str = "ann",
    force: bool = False,
    on_duplicate: OnDuplicate = OnDuplicate.USE_EXISTING,
    request_id: str | None = None,
    **request: Any,
) -> Demand:
    wanted = AnalysisRequest(
        tickers=tuple(sorted(tickers or ("IBM", "JPM"))),
        strategy="balanced",
        strategy_version="v1",
        risk=RiskProfile(),
        as_of=None,
        data_source=DataSource.SAMPLE,
        scope=f"user:{user}",
    )
    return Demand(
        request=replace(wanted, **request),
        requested_by=user,
        trigger=Trigger.MANUAL,
        analysis_source=AnalysisSource.SELECTED,
        force=force,
        on_duplicate=on_duplicate,
        request_id=request_id,
    )


def asking(
    run_id: str, user: str = "ann", door: Door = Door.CLI, clear_number: int = 0, try_number: int = 1, **raw: Any
) -> AskingRun:
    """A run that asks without a door of ours."""
    run = Run(dag_id=DAG_ID, job_id=run_id, clear_number=clear_number, try_number=try_number)
    return AskingRun(run=run, requested_by=user, door=door, raw=raw)


def opened(
    connection: Connection,
    job_id: str,
    wanted: Demand | None = None,
    clear_number: int = 0,
    try_number: int = 1,
    current_until: datetime | None = None,
) -> Claim:
    """The claim of a run that asks for `wanted`, with one batch for all tickers."""
    wanted = wanted or demand()
    plan = [PlannedTicker(ticker=t, session=SESSION, batch=0) for t in wanted.request.tickers]
    with connection.transaction():
        run = Run(dag_id=DAG_ID, job_id=job_id, clear_number=clear_number, try_number=try_number)
        claim = claim_job(connection, run, claim_key(wanted.request), wanted, current_until)
        if not claim.joined:
            write_details(connection, job_id, plan)
    return claim


def begun(connection: Connection, job_id: str, wanted: Demand | None = None, clear_number: int = 0) -> Batch:
    """The only batch of a job that is being processed."""
    claim = opened(connection, job_id, wanted, clear_number)
    batch = Batch(job_id=job_id, attempt=claim.attempt, number=0, label="all")
    begin_batch(connection, batch)
    return batch


def nobody_waits(run: Run) -> bool:
    """No run has tasks that wait for a slot."""
    return False


def outcome(ticker: str, score: float = 67.4, verdict: Verdict = Verdict.BUY, **analysis: Any) -> Outcome:
    hold = verdict is Verdict.HOLD
    plan = TradePlan(
        side=Side.LONG,
        entry=Decimal("100.00"),
        stop_loss=Decimal("95.00"),
        target=Decimal("110.00"),
    )
    position = Position(shares=40, cost=Decimal("4000.00"), target=Decimal("112.50"), risk_reward=Decimal("2.50"))
    reading = Reading(
        id="rsi",
        category=Category.MOMENTUM,
        value=28.0,
        rule="RSI 28.0 < 30",
        vote=1,
        confidence=0.1,
        weight=1.0,
        contribution=17.4,
    )
    said = Analysis(
        ticker=ticker,
        strategy="balanced",
        strategy_version="v1",
        session=SESSION,
        close=100.0,
        currency="USD",
        bars_used=245,
        bars_hash="abc",
        score=score,
        verdict=verdict,
        plan=None if hold else plan,
        readings=(reading,),
        summary=f"{verdict}, {score}",
        warnings=(),
    )
    return Outcome(
        analysis=replace(said, **analysis), reasons=("RSI 28.0",), position=None if hold else position, tick=0.01
    )
