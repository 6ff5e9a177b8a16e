"""Stored verdicts of tests: what was said of a ticker on a session, without a word of how it was found."""

import itertools
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from include.model.analysis import Side, TradePlan, Verdict
from include.model.bars import DataSource
from include.model.job import Outcome
from include.storage.connection import Connection
from include.storage.results import store_outcomes
from tests.analysis.slow_track_record import Case
from tests.storage.demands import begun, demand, outcome

_numbers = itertools.count(1)


def said(connection: Connection, cases: Iterable[Case], source: DataSource = DataSource.YAHOO, **request: Any) -> str:
    """Store what was said of some tickers, once each; returns the job that said it."""
    cases = list(cases)
    job_id = f"said-{next(_numbers)}"
    asked = demand(*(case.ticker for case in cases), data_source=source, **{"force": True, **request})
    store_outcomes(connection, begun(connection, job_id, asked), [_outcome(case) for case in cases])
    return job_id


def _outcome(case: Case) -> Outcome:
    return outcome(case.ticker, case.score, case.verdict, session=case.session, close=case.close, plan=_plan(case))


def _plan(case: Case) -> TradePlan | None:
    if case.verdict is Verdict.HOLD or case.stop_loss is None or case.target is None:
        return None
    return TradePlan(
        side=Side.LONG if case.stop_loss < case.target else Side.SHORT,
        entry=Decimal(str(round(case.close, 2))),
        stop_loss=Decimal(str(case.stop_loss)),
        target=Decimal(str(case.target)),
    )
