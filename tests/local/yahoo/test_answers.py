"""What is asked for by range or dates, and the events that go with it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from local.yahoo.answers import chart
from local.yahoo.market import SampleMarket
from local.yahoo.stock import Stock
from local.yahoo.window import UnanswerableError, window

NOW = datetime(2026, 11, 20, 22, tzinfo=UTC)
ALL = frozenset({"div", "splits", "capitalGains"})


@pytest.fixture(scope="module")
def ibm() -> Stock:
    stock = SampleMarket().stock("IBM", NOW)
    assert stock is not None
    return stock


def days(stock: Stock, **query: Any) -> list[date]:
    found = window(stock, {name: str(value) for name, value in query.items()})
    return [row.day for row in stock.rows[found.first : found.stop]]


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("1d", date(2026, 11, 20), date(2026, 11, 20)),
        ("5d", date(2026, 11, 16), date(2026, 11, 20)),
        ("1mo", date(2026, 10, 20), date(2026, 11, 20)),
        ("1y", date(2025, 11, 20), date(2026, 11, 20)),
        ("10y", date(2016, 11, 21), date(2026, 11, 20)),
        ("ytd", date(2026, 1, 2), date(2026, 11, 20)),
        ("max", date(2010, 1, 4), date(2026, 11, 20)),
    ],
)
def test_a_range_ends_with_the_last_row(ibm: Stock, asked: str, first: date, last: date) -> None:
    found = days(ibm, range=asked)
    assert (found[0], found[-1]) == (first, last)


def test_dates_include_the_first_and_not_the_second(ibm: Stock) -> None:
    asked = {"period1": ibm.epoch(date(2026, 11, 16)), "period2": ibm.epoch(date(2026, 11, 18))}
    assert days(ibm, **asked) == [date(2026, 11, 16), date(2026, 11, 17)]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"range": "7w"}, 422, "range=7w"),
        ({"interval": "1m"}, 422, "interval"),
        ({"period1": 10, "period2": 5}, 400, "start date cannot be after end date"),
        ({"period1": 10, "period2": 500}, 400, "Data doesn't exist for startDate = 10"),
    ],
)
def test_what_yahoo_refuses_is_refused(ibm: Stock, query: dict[str, Any], status: int, words: str) -> None:
    with pytest.raises(UnanswerableError, match=words) as refusal:
        days(ibm, **query)
    assert refusal.value.status == status


def test_events_are_those_between_the_rows_and_of_the_kinds_asked_for(ibm: Stock) -> None:
    year, month = window(ibm, {"range": "1y"}), window(ibm, {"range": "1mo"})
    everything = chart("IBM", ibm, year, ALL)["events"]
    assert [len(everything), len(everything["dividends"])] == [1, 4]
    (only,) = chart("IBM", ibm, month, ALL)["events"]["dividends"].values()
    assert (only["amount"], only["date"]) == (0.65, ibm.epoch(date(2026, 11, 9)))
    assert "events" not in chart("IBM", ibm, year, frozenset({"splits"}))


def test_a_split_is_told_with_its_ratio() -> None:
    dhr = SampleMarket().stock("DHR", NOW)
    assert dhr is not None
    (split,) = chart("DHR", dhr, window(dhr, {"range": "1y"}), ALL)["events"]["splits"].values()
    assert (split["numerator"], split["denominator"], split["splitRatio"]) == (2, 1, "2:1")


def test_without_rows_there_is_a_description_and_no_times(ibm: Stock) -> None:
    found = chart("IBM", ibm, window(ibm, {"period1": ibm.epochs[-1] + 1}), ALL)
    assert found["meta"]["symbol"] == "IBM"
    assert "timestamp" not in found


def test_who_looks_at_an_answer_sees_that_it_is_no_quote(ibm: Stock) -> None:
    assert "moved to today" in chart("IBM", ibm, window(ibm, {}), ALL)["meta"]["longName"]
