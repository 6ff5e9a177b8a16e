"""The routes of what came of verdicts, which is the same for everybody."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, TypeAdapter

from include.analysis.track_record import track_record
from include.model.bars import DataSource
from include.model.track_record import FollowUpRow, TrackRecord
from include.storage.connection import Connection
from include.storage.track_record import follow_ups_of, kept_records, kept_series, read_follow_ups
from include.web.access import MayRead
from include.web.conditional import tagged
from include.web.database import stocks
from include.web.paging import Day, Page, Wanted, page, place_of
from include.web.results_api import HISTORY_PLACE, TAGGED, HistoryWanted, Strategy, TickerDep, series_wanted

router = APIRouter(dependencies=[MayRead])


class RecordWanted(Wanted):
    """Of which verdicts."""

    strategy: Strategy = None
    data_source: DataSource | None = None
    since: Day | None = Field(None, description="verdicts of this session and later ones")
    until: Day | None = Field(None, description="verdicts of sessions up to this one")


class Records(BaseModel):
    """The record of each strategy on each source's prices, all at once."""

    items: list[TrackRecord]
    next_cursor: None = None


_RECORDS, _FOLLOW_UPS = TypeAdapter(Records), TypeAdapter(Page[FollowUpRow])


@router.get("/track-record", response_model=Records, responses=TAGGED)
def read_records(request: Request, wanted: Annotated[RecordWanted, Query()]) -> Response:
    """What came of the verdicts: hit rate, mean and median by verdict and score, beside all stocks of their days.

    Without `since` and `until` it is as the last run of the DAG found it (`computed_at`), else it is computed now.
    """
    with stocks() as database:
        found = database.run(lambda c: _computed(c, wanted) if wanted.since or wanted.until else _kept(c, wanted))
    return tagged(request, _RECORDS, Records(items=found))


def _kept(connection: Connection, wanted: RecordWanted) -> list[TrackRecord]:
    return kept_records(connection, wanted.strategy, wanted.data_source)


def _computed(connection: Connection, wanted: RecordWanted) -> list[TrackRecord]:
    records = []
    for strategy, source in kept_series(connection, wanted.strategy, wanted.data_source):
        found = read_follow_ups(connection, strategy, source, wanted.since, wanted.until)
        if len(found):
            records.append(track_record(strategy, source, found, datetime.now(UTC)))
    return records


@router.get("/results/{ticker}/follow-ups", response_model=Page[FollowUpRow], responses=TAGGED)
def read_follow_ups_of(request: Request, ticker: TickerDep, wanted: Annotated[HistoryWanted, Query()]) -> Response:
    """What came of each verdict on a ticker, the newest session first."""
    before = place_of(wanted.cursor, HISTORY_PLACE)

    def work(connection: Connection) -> list[tuple[int, FollowUpRow]]:
        return follow_ups_of(connection, series_wanted(ticker, wanted), before, wanted.limit + 1)

    with stocks() as database:
        placed = page(database.run(work), wanted.limit, lambda one: (one[1].session_date, one[0]))
    rows = Page[FollowUpRow](items=[row for _, row in placed.items], next_cursor=placed.next_cursor)
    return tagged(request, _FOLLOW_UPS, rows)
