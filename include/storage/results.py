"""Writes and reads of results: what a batch found out, and what a job says."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from include.model.analysis import Position, Reading, Side, TradePlan, Verdict
from include.model.bars import DataSource
from include.model.errors import ErrorCode, Refusal, StaleAttemptError
from include.model.job import Batch, Outcome, ReusedResult, StoredResult, VerdictRow
from include.model.rebuild import StoredOutcome
from include.model.request import AnalysisRequest
from include.storage.connection import Connection, queries

log = logging.getLogger(__name__)

_READINGS = TypeAdapter(tuple[Reading, ...])
_REQUEST = TypeAdapter(AnalysisRequest)
_VERDICTS = TypeAdapter(list[VerdictRow])


def store_outcomes(connection: Connection, batch: Batch, outcomes: Sequence[Outcome | Refusal]) -> int:
    """Store what became of a batch's tickers, all or nothing; returns how many details it ended.

    When PostgreSQL refuses a row, the tickers are stored one by one, and the refused one as an internal error.
    Raises StaleAttemptError, and writes nothing, when the job has ended or was restarted.
    """
    try:
        return _store(connection, batch, [_row(o) for o in outcomes])
    except (psycopg.DataError, psycopg.IntegrityError):
        return sum(_store_one(connection, batch, outcome) for outcome in outcomes)


def _store_one(connection: Connection, batch: Batch, outcome: Outcome | Refusal) -> int:
    try:
        return _store(connection, batch, [_row(outcome)])
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        ticker = outcome.ticker if isinstance(outcome, Refusal) else outcome.analysis.ticker
        log.exception("the outcome of %s could not be stored", ticker)
        why = f"its outcome could not be stored: {str(error).splitlines()[0]}"
        return _store(connection, batch, [_row(Refusal(ticker, ErrorCode.INTERNAL_ERROR, why))])


def _store(connection: Connection, batch: Batch, rows: list[dict[str, Any]]) -> int:
    with connection.transaction():
        stored = queries().store_outcomes(
            connection, job_id=batch.job_id, attempt=batch.attempt, batch=batch.number, outcomes=Jsonb(rows)
        )
        if stored["ended"] is None:
            raise StaleAttemptError(batch.job_id, batch.attempt)
        if stored["unlinked"]:
            queries().link_newer_results(connection, job_id=batch.job_id)
    ended: int = stored["ended"]
    return ended


def _row(outcome: Outcome | Refusal) -> dict[str, Any]:
    if isinstance(outcome, Refusal):
        return {"ticker": outcome.ticker, "error_code": outcome.code, "error_message": outcome.message}
    return outcome_columns(outcome)


def outcome_columns(outcome: Outcome) -> dict[str, Any]:
    """What is written of an outcome, by column; without a plan there are no columns for one."""
    return {**_analysis_columns(outcome), **_plan_columns(outcome)}


def _analysis_columns(outcome: Outcome) -> dict[str, Any]:
    analysis = outcome.analysis
    return {
        "ticker": analysis.ticker,
        "session_date": analysis.session.isoformat(),
        "strategy": analysis.strategy,
        "strategy_version": analysis.strategy_version,
        "verdict": analysis.verdict,
        "score": analysis.score,
        "close": analysis.close,
        "tick": outcome.tick,
        "currency": analysis.currency,
        "bars_used": analysis.bars_used,
        "bars_hash": analysis.bars_hash,
        "summary": analysis.summary,
        "reasons": outcome.reasons,
        "warnings": analysis.warnings,
        "readings": _READINGS.dump_python(analysis.readings, mode="json"),
    }


def _plan_columns(outcome: Outcome) -> dict[str, Any]:
    plan, position = outcome.analysis.plan, outcome.position
    if plan is None or position is None:
        return {}
    return {
        "entry": str(plan.entry),
        "stop_loss": str(plan.stop_loss),
        "target": str(plan.target),
        "sized_target": str(position.target),
        **_position_columns(position),
    }


def _position_columns(position: Position) -> dict[str, Any]:
    return {
        "position_size": position.shares,
        "cost": str(position.cost),
        "risk_reward": str(position.risk_reward),
        "notes": position.notes,
    }


def fresh_results(connection: Connection, request: AnalysisRequest, sessions: Mapping[str, date]) -> list[StoredResult]:
    """The stored results that answer tickers of a request: same session, strategy version and source."""
    rows = queries().fresh_results(
        connection,
        tickers=list(sessions),
        sessions=list(sessions.values()),
        strategy=request.strategy,
        strategy_version=request.strategy_version,
        data_source=request.data_source,
    )
    return [_stored(row) for row in rows]


def _stored(row: Mapping[str, Any]) -> StoredResult:
    return StoredResult(
        id=row["id"],
        ticker=row["ticker"],
        session=row["session_date"],
        verdict=Verdict(row["verdict"]),
        score=row["score"],
        plan=_plan(row),
        tick=row["tick"],
    )


def _plan(row: Mapping[str, Any]) -> TradePlan | None:
    entry, stop_loss, target = row["entry"], row["stop_loss"], row["target"]
    if entry is None:
        return None
    side = Side.LONG if stop_loss < entry else Side.SHORT
    return TradePlan(side=side, entry=entry, stop_loss=stop_loss, target=target)


def store_reused(connection: Connection, job_id: str, reused: Sequence[ReusedResult]) -> None:
    """Write the details of a job that stored results answer."""
    queries().insert_reused(connection, job_id=job_id, reused=Jsonb([_reused_row(r) for r in reused]))


def _reused_row(reused: ReusedResult) -> dict[str, Any]:
    result, position = reused.result, reused.position
    row = {
        "ticker": result.ticker,
        "session_date": result.session.isoformat(),
        "verdict": result.verdict,
        "score": str(result.score),
        "result_id": result.id,
    }
    if result.plan is None or position is None:
        return row
    levels = {"entry": str(result.plan.entry), "stop_loss": str(result.plan.stop_loss), "target": str(position.target)}
    return {**row, **levels, **_position_columns(position)}


def stored_outcomes(connection: Connection, job_id: str | None, ticker: str | None) -> list[StoredOutcome]:
    """What is stored of a job (all its tickers, or one); without a job, all results of the ticker."""
    rows: list[dict[str, Any]] = [
        dict(row) for row in queries().stored_outcomes(connection, job_id=job_id, ticker=ticker)
    ]
    return [
        StoredOutcome(
            job_id=row.pop("job_id"),
            request=_REQUEST.validate_python(row.pop("request")),
            data_source=DataSource(row.pop("data_source")),
            columns=row,
        )
        for row in rows
    ]


def verdicts(connection: Connection, job_id: str) -> list[VerdictRow]:
    """What a job says, a row a ticker, the best score first and failed tickers last."""
    return _VERDICTS.validate_python(list(queries().verdicts(connection, job_id=job_id)))
