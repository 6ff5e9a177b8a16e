"""Answers tickers from stored results: what was found for a session is the same for everybody who asks again."""

from collections.abc import Mapping
from datetime import date

from include.analysis import load_strategies, size_position
from include.model.job import ReusedResult
from include.model.request import AnalysisRequest
from include.settings import settings
from include.storage.connection import Connection
from include.storage.results import fresh_results


def reusable(connection: Connection, request: AnalysisRequest, sessions: Mapping[str, date]) -> list[ReusedResult]:
    """The results for these tickers and sessions that need not be computed again, each sized for this request.

    A result is good for the same session, strategy version and source, whoever asked for it with whatever capital.
    """
    strategy = load_strategies(settings().strategies_file)[request.strategy]
    return [
        ReusedResult(
            result=result,
            position=None if result.plan is None else size_position(result.plan, request.risk, strategy, result.tick),
        )
        for result in fresh_results(connection, request, sessions)
    ]
