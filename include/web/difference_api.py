"""The route that says what changed between a result and the one of the session before."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from include.analysis import compare, describe_difference
from include.model.analysis import Category, Reading, Verdict
from include.model.difference import Compared, Move
from include.model.results import Explanation, ResultRow
from include.storage.connection import Connection
from include.storage.screening import explanation, explanation_before
from include.web.access import MayRead
from include.web.conditional import tagged
from include.web.database import stocks
from include.web.results_api import TAGGED, ResultWanted, TickerDep, series_wanted, there

router = APIRouter(prefix="/results", dependencies=[MayRead])


class Step(BaseModel):
    """One indicator that moved the score: what it says, what it said before, and by how many points."""

    id: str
    category: Category
    rule: str
    previous_rule: str
    vote: int
    previous_vote: int
    points: float
    is_turn: bool = Field(description="it votes otherwise than before, or came, or went")


class Changes(BaseModel):
    """What changed since the session before, by the same strategy and from the same source.

    The fields of the session before are null for the first one.
    """

    session: date
    score: float
    verdict: Verdict
    previous_session: date | None = None
    previous_score: float | None = None
    previous_verdict: Verdict | None = None
    words: str = Field(description="in words; also why the indicators cannot be compared")
    moves: list[Step] = Field([], description="the largest first")


_CHANGES = TypeAdapter(Changes)


@router.get("/{ticker}/difference", response_model=Changes, responses=TAGGED)
def read_difference(request: Request, ticker: TickerDep, wanted: Annotated[ResultWanted, Query()]) -> Response:
    """What changed since the session before."""

    def work(connection: Connection) -> tuple[Explanation | None, Explanation | None]:
        now = explanation(connection, series_wanted(ticker, wanted), wanted.session)
        return now, explanation_before(connection, now.result) if now else None

    with stocks() as database:
        now, before = database.run(work)
    return tagged(request, _CHANGES, changes(before, there(now, ticker)))


def changes(before: Explanation | None, now: Explanation) -> Changes:
    """The difference of two results of one series."""
    said: dict[str, Any] = _of(now.result)
    if before is None:
        return Changes(**said, words="this is the first session with a result by this strategy from this source")
    said |= {f"previous_{name}": value for name, value in _of(before.result).items()}
    if now.result.strategy_version != before.result.strategy_version:
        return Changes(**said, words="the strategy was another one then: its rules have changed since")
    if now.readings is None or before.readings is None:
        return Changes(**said, words="what the indicators said is no longer kept for both sessions")
    found = compare(_compared(before.result, before.readings), _compared(now.result, now.readings))
    return Changes(**said, words=describe_difference(found), moves=list(map(_step, found.moves)))


def _of(result: ResultRow) -> dict[str, Any]:
    return {"session": result.session_date, "score": result.score, "verdict": result.verdict}


def _compared(result: ResultRow, readings: Iterable[Reading]) -> Compared:
    return Compared(
        ticker=result.ticker,
        strategy=result.strategy,
        strategy_version=result.strategy_version,
        session=result.session_date,
        score=result.score,
        verdict=result.verdict,
        readings=tuple(readings),
    )


def _step(move: Move) -> Step:
    return Step(
        id=move.now.id,
        category=move.now.category,
        rule=move.now.rule,
        previous_rule=move.before.rule,
        vote=move.now.vote,
        previous_vote=move.before.vote,
        points=round(move.points, 6),
        is_turn=move.is_turn,
    )
