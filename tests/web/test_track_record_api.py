"""The track record over HTTP: as it is kept, of a time that is asked for, and verdict by verdict."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from include.jobs.track_record import update_track_record
from include.market.sources.sample import SampleSource
from include.model.analysis import Verdict
from include.model.bars import Bars, DataSource
from include.storage.connection import Connection, connect
from include.storage.database import Database
from tests.analysis.slow_track_record import Case
from tests.storage.said import said
from tests.web.calls import error
from tests.web.conftest import Call

BARS = SampleSource().fetch({"IBM": None}, 245)["IBM"]
assert isinstance(BARS, Bars)
DAYS: list[date] = BARS.sessions.tolist()
CLOSES: list[float] = BARS.close.tolist()


def buy(at: int, verdict: Verdict = Verdict.BUY) -> Case:
    close = CLOSES[at]
    levels = {} if verdict is Verdict.HOLD else {"stop_loss": round(close * 0.9, 2), "target": round(close * 1.2, 2)}
    score = 67.4 if levels else 50.0
    return Case(ticker="IBM", session=DAYS[at], verdict=verdict, score=score, close=close, **levels)


@pytest.fixture
def stocks(app_url: str) -> Iterator[Database]:
    with Database(lambda: connect(app_url), patience_seconds=10) as database:
        yield database


@pytest.fixture
def followed(connection: Connection, stocks: Database) -> None:
    """Three Buys, three sessions apart, and a Hold; the last one's prices end."""
    for case in (buy(100), buy(103), buy(106), buy(240, Verdict.HOLD)):
        said(connection, [case], DataSource.SAMPLE)
    update_track_record(stocks, lambda: datetime.now(UTC))


def items(api: Call, path: str) -> list[dict[str, Any]]:
    answer = api("GET", path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.usefixtures("followed")
def test_the_record_says_how_verdicts_went_and_when_they_are_few(api: Call) -> None:
    (record,) = items(api, "/track-record")
    assert (record["strategy"], record["data_source"]) == ("balanced", "sample")
    assert (record["since"], record["until"]) == (str(DAYS[100]), str(DAYS[240]))
    buys, hold = record["by_verdict"]
    assert (buys["group"], buys["verdicts"], hold["unknown"]) == ("Buy", 3, 1)
    assert [(one["sessions"], one["count"], one["counted"]) for one in buys["horizons"]] == [
        (1, 3, 3),
        (5, 3, 2),
        (20, 3, 1),
    ]
    twenty = buys["horizons"][2]
    assert twenty["mean"] == twenty["base_mean"] == pytest.approx(CLOSES[120] / CLOSES[100] - 1)
    assert twenty["is_small"]
    assert twenty["note"] == "1 counted, fewer than 30: too few to tell skill from luck"
    assert [group["group"] for group in record["by_score"]] == ["50-60", "60-70"]


@pytest.mark.usefixtures("followed")
def test_a_time_that_is_asked_for_is_computed_of_its_verdicts_alone(api: Call) -> None:
    (record,) = items(api, f"/track-record?since={DAYS[103]}&until={DAYS[239]}")
    assert (record["since"], record["until"], record["all"]["verdicts"]) == (str(DAYS[103]), str(DAYS[106]), 2)
    assert items(api, "/track-record?since=2020-01-01") == []
    (whole,) = items(api, f"/track-record?since={DAYS[0]}")
    (kept,) = items(api, "/track-record")
    assert whole.pop("computed_at") > kept.pop("computed_at")
    assert whole == kept


@pytest.mark.usefixtures("followed")
def test_the_record_of_a_strategy_or_source_is_only_its_own(api: Call) -> None:
    assert len(items(api, "/track-record?strategy=balanced&data_source=sample")) == 1
    assert items(api, "/track-record?strategy=momentum_breakout") == []
    assert items(api, "/track-record?data_source=yahoo&since=2010-01-01") == []


@pytest.mark.parametrize("query", ["since=20100101", "data_source=x", "verdict=Buy", "until=yesterday"])
def test_what_is_no_filter_is_refused(api: Call, query: str) -> None:
    answer = api("GET", f"/track-record?{query}")
    assert (answer.status_code, error(answer)["details"][0]["field"]) == (400, query.partition("=")[0])


def test_before_anything_was_followed_there_is_no_record(api: Call) -> None:
    assert items(api, "/track-record") == items(api, "/results/IBM/follow-ups") == []


@pytest.mark.usefixtures("followed")
def test_a_record_that_has_not_changed_is_not_sent_again(api: Call) -> None:
    tag = api("GET", "/track-record").headers["ETag"]
    assert api("GET", "/track-record", headers={"If-None-Match": tag}).status_code == 304


def test_a_cursor_that_no_list_gave_is_refused(api: Call) -> None:
    for place in ('["2026-01-05", 99999999999999999999]', '["x", 1]', "[]"):
        cursor = b64encode(place.encode()).decode().rstrip("=")
        for part in ("follow-ups", "history"):
            assert api("GET", f"/results/IBM/{part}?cursor={cursor}").status_code == 400, place


@pytest.mark.usefixtures("followed")
def test_each_verdict_is_told_with_what_came_of_it(api: Call) -> None:
    newest, third, second, first = items(api, "/results/ibm/follow-ups")
    assert (newest["state"], newest["return_1"], newest["return_20"]) == (
        "ended",
        pytest.approx(CLOSES[241] / CLOSES[240] - 1),
        None,
    )
    assert [one["session_date"] for one in (third, second, first)] == [str(DAYS[at]) for at in (106, 103, 100)]
    assert (first["state"], first["through"]) == ("complete", str(DAYS[120]))
    assert first["return_5"] == pytest.approx(CLOSES[105] / CLOSES[100] - 1)
    part = api("GET", "/results/IBM/follow-ups?limit=2").json()
    rest = items(api, f"/results/IBM/follow-ups?limit=2&cursor={part['next_cursor']}")
    assert [*part["items"], *rest] == [newest, third, second, first]
