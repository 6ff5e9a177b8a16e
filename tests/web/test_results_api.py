"""One ticker over HTTP: its series, what changed, and the prices that an analysis has seen."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import pytest

from include.model.analysis import Category, Reading, Verdict
from include.model.bars import DataSource
from include.model.prices import PriceHistory
from include.storage.connection import Connection
from include.storage.prices import Answer, lease, store_answer
from include.storage.results import store_outcomes
from tests.storage.demands import SESSION, begun, demand, outcome
from tests.web.calls import error
from tests.web.conftest import Call

BEFORE = date(2010, 8, 19)


def rsi(value: float, vote: int, contribution: float) -> Reading:
    words = {1: "oversold", 0: "neutral", -1: "overbought"}[vote]
    return Reading(
        id="rsi",
        category=Category.MOMENTUM,
        value=value,
        rule=f"RSI14 {words}: {value}",
        vote=vote,
        confidence=0.5,
        weight=1.0,
        contribution=contribution,
    )


def store(connection: Connection, session: date, score: float, reading: Reading, **more: Any) -> None:
    verdict = Verdict.BUY if score >= 60 else Verdict.HOLD
    said = outcome("IBM", score, verdict, session=session, readings=(reading,), **more)
    wanted = demand("IBM", as_of=session, strategy_version=more.get("strategy_version", "v1"))
    store_outcomes(connection, begun(connection, f"run-{session}", wanted), [said])


def changes(api: Call, query: str = "") -> dict[str, Any]:
    answer = api("GET", f"/results/IBM/difference{query}")
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said


def test_what_changed_is_said_in_words_and_by_indicator(api: Call, connection: Connection) -> None:
    store(connection, BEFORE, 50.0, rsi(40.0, 0, 0.0))
    store(connection, SESSION, 67.4, rsi(28.0, 1, 17.4))
    said = changes(api)
    assert (said["previous_session"], said["previous_score"], said["previous_verdict"]) == ("2010-08-19", 50.0, "Hold")
    assert said["words"] == "RSI14 turned oversold; Hold -> Buy; score 50.0 -> 67.4 (+17.4)"
    (move,) = said["moves"]
    assert (move["id"], move["previous_vote"], move["vote"], move["points"], move["is_turn"]) == (
        "rsi",
        0,
        1,
        17.4,
        True,
    )


def test_the_first_session_has_nothing_before_it(api: Call, connection: Connection) -> None:
    store(connection, SESSION, 67.4, rsi(28.0, 1, 17.4))
    said = changes(api)
    assert (said["score"], said["previous_session"], said["moves"]) == (67.4, None, [])
    assert "first session" in said["words"]


def test_a_strategy_that_was_changed_is_not_compared_with_itself(api: Call, connection: Connection) -> None:
    store(connection, BEFORE, 50.0, rsi(40.0, 0, 0.0), strategy_version="v0")
    store(connection, SESSION, 67.4, rsi(28.0, 1, 17.4))
    said = changes(api)
    assert (said["previous_score"], said["moves"]) == (50.0, [])
    assert "rules have changed" in said["words"]


def test_readings_that_are_gone_are_missed_in_words(api: Call, connection: Connection) -> None:
    store(connection, BEFORE, 50.0, rsi(40.0, 0, 0.0))
    store(connection, SESSION, 67.4, rsi(28.0, 1, 17.4))
    connection.execute("DELETE FROM analysis_raw_data WHERE result_id = (SELECT min(id) FROM analysis_results)")
    assert "no longer kept" in changes(api)["words"]
    assert "first session" in changes(api, "?session=2010-08-19")["words"]


def test_a_ticker_without_results_has_no_difference_and_no_series(api: Call) -> None:
    for path in ("/results/NOPE/difference", "/results/no!/series"):
        assert error(api("GET", path))["code"] == "NOT_FOUND"
    assert api("GET", "/results/NOPE/series").json() == {"items": [], "next_cursor": None}


def test_the_series_say_what_there_is_to_choose(api: Call, connection: Connection) -> None:
    store(connection, SESSION, 67.4, rsi(28.0, 1, 17.4))
    (one,) = api("GET", "/results/ibm/series").json()["items"]
    assert (one["strategy"], one["data_source"], one["session_date"], one["verdict"]) == (
        "balanced",
        "sample",
        "2010-08-20",
        "Buy",
    )


def in_pence(ticker: str, adjustment: Sequence[float]) -> PriceHistory:
    column = np.array([500.0, 510.0])
    return PriceHistory(
        ticker=ticker,
        source=DataSource.YAHOO,
        currency="GBp",
        timezone="Europe/London",
        sessions=np.array(["2026-11-19", "2026-11-20"], "M8[D]"),
        open=column,
        high=column + 5,
        low=column - 5,
        close=column,
        volume=column * 1000,
        adjustment=np.array(adjustment),
    )


@pytest.fixture
def london(connection: Connection) -> None:
    assert lease(connection, DataSource.YAHOO, ["VOD.L"], "test", None) == {"VOD.L"}
    bars = in_pence("VOD.L", [0.9, 1.0])
    answer = Answer(ticker="VOD.L", asked_for=date(2026, 11, 20), missed=False, bars=bars, known_from=date(2026, 1, 1))
    store_answer(connection, DataSource.YAHOO, answer, "test", 3)


@pytest.mark.usefixtures("london")
def test_prices_are_as_quoted_unless_they_are_wanted_as_an_analysis_sees_them(api: Call) -> None:
    path = "/prices/VOD.L?data_source=yahoo"
    quoted, seen = api("GET", path).json(), api("GET", f"{path}&adjusted=true").json()
    assert (quoted["currency"], quoted["bars"][0]["close"], quoted["bars"][0]["adjustment"]) == ("GBp", 500.0, 0.9)
    assert (seen["currency"], [bar["close"] for bar in seen["bars"]]) == ("GBP", [4.5, 5.1])
    assert {bar["adjustment"] for bar in seen["bars"]} == {1.0}
    assert [bar["volume"] for bar in seen["bars"]] == [bar["volume"] for bar in quoted["bars"]]
    late = api("GET", f"{path}&adjusted=true&since=2026-11-20").json()
    assert [bar["session_date"] for bar in late["bars"]] == ["2026-11-20"]


def test_there_are_no_adjusted_prices_where_there_are_none(api: Call) -> None:
    answer = api("GET", "/prices/NOPE?data_source=yahoo&adjusted=true")
    assert (answer.status_code, error(answer)["code"]) == (404, "NOT_FOUND")


def test_a_strategy_tells_its_thresholds_and_the_rule_of_each_indicator(api: Call) -> None:
    one = next(one for one in api("GET", "/strategies").json()["items"] if one["name"] == "balanced")
    assert (one["plain"], one["strong"]) == (10, 30)
    rules = {indicator["id"]: indicator["rule"] for indicator in one["indicators"]}
    assert rules["rsi"] == "+1 with RSI14 below 30, -1 above 70; sure when 30 beyond"
    assert "atr" in rules
