"""What somebody sends, and the one form in which equal work is equal."""

from datetime import date
from typing import Any

import pytest

from include.jobs.canonical import Requester, canonicalise
from include.jobs.claims import claim_key
from include.market.universes import universe
from include.model.bars import DataSource
from include.model.errors import InvalidRequestError
from include.model.request import AnalysisSource, Demand, Trigger


def ask(user: str = "ann", trigger: Trigger = Trigger.MANUAL, watchlist: tuple[str, ...] = (), **raw: Any) -> Demand:
    return canonicalise(raw, Requester(name=user, trigger=trigger, watchlist=lambda: watchlist))


def key(**raw: Any) -> str:
    return claim_key(ask(**raw).request)


def problems(**raw: Any) -> dict[str, str]:
    with pytest.raises(InvalidRequestError) as refused:
        ask(**raw)
    return {p.field: p.reason for p in refused.value.problems}


def test_tickers_are_trimmed_upper_cased_sorted_and_unique() -> None:
    assert ask(tickers=[" jpm ", "IBM", "JPM", "m&m.ns"]).request.tickers == ("IBM", "JPM", "M&M.NS")


def test_a_request_spelled_differently_is_equal_work() -> None:
    assert key(tickers=["IBM", "JPM"], capital=100_000) == key(tickers=[" jpm", "ibm", "IBM"], capital=100_000.0)


def test_a_default_said_or_left_out_is_equal_work() -> None:
    assert key(tickers=["IBM"]) == key(
        tickers=["IBM"], strategy="balanced", capital=100_000, risk_percent=2, as_of=None, universe=None
    )


@pytest.mark.parametrize(
    "other",
    [
        {"tickers": ["IBM", "XOM"]},
        {"capital": 100_001},
        {"risk_percent": 1.5},
        {"position_limit_percent": 20},
        {"min_risk_reward": 2},
        {"strategy": "momentum_breakout"},
        {"data_source": "demo"},
        {"as_of": "2010-08-19"},
        {"user": "bob"},
        {"trigger": Trigger.SCHEDULE},
    ],
    ids=str,
)
def test_what_makes_other_work(other: dict[str, Any]) -> None:
    base: dict[str, Any] = {"tickers": ["IBM", "JPM"], "data_source": "sample"}
    assert key(**base) != key(**{**base, **other})


def test_force_and_batch_size_do_not_make_other_work() -> None:
    assert key(tickers=["IBM"]) == key(tickers=["IBM"], force=True, batch_size=5)
    assert ask(tickers=["IBM"], force=True).force


def test_neither_tickers_nor_universe_is_the_watchlist_of_who_asks() -> None:
    demand = ask(watchlist=("IBM", "JPM"), data_source="sample")
    assert (demand.request.tickers, demand.analysis_source) == (("IBM", "JPM"), AnalysisSource.WATCHLIST)


def test_an_empty_list_is_the_watchlist_too() -> None:
    assert ask(watchlist=("IBM",), tickers=[]).request.tickers == ("IBM",)


def test_an_empty_watchlist_is_refused_with_what_to_do() -> None:
    assert "the watchlist of ann is empty" in problems(universe="watchlist")["tickers"]


def test_a_universe_is_resolved_to_its_tickers() -> None:
    demand = ask(universe="sample_leaders", data_source="sample")
    assert demand.request.tickers == tuple(sorted(universe("sample_leaders")))
    assert demand.analysis_source is AnalysisSource.BULK


@pytest.mark.parametrize(
    ("raw", "source"),
    [
        ({"tickers": ["IBM"], "data_source": "sample"}, AnalysisSource.SELECTED),
        ({"tickers": ["IBM"], "data_source": "demo"}, AnalysisSource.DEMO),
    ],
)
def test_the_job_knows_how_its_tickers_were_chosen(raw: dict[str, Any], source: AnalysisSource) -> None:
    assert ask(**raw).analysis_source is source


def test_the_price_source_defaults_to_the_setting() -> None:
    assert ask(tickers=["IBM"]).request.data_source is DataSource.YAHOO


def test_as_of_is_a_date() -> None:
    assert ask(tickers=["IBM"], as_of="2010-08-19").request.as_of == date(2010, 8, 19)


def test_every_bad_ticker_is_named() -> None:
    named = problems(tickers=["IBM", "I BM", "", "'; DROP TABLE x"])
    assert sorted(named) == ["tickers.1", "tickers.2", "tickers.3"]
    assert all("a ticker has at most" in reason for reason in named.values())


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"tickers": "JPM"}, "tickers"),
        ({"tickers": [None]}, "tickers.0"),
        ({"tickers": [3]}, "tickers.0"),
        ({"tickers": ["IBM"], "universe": "sample"}, "universe"),
        ({"universe": "astrology"}, "universe"),
        ({"strategy": "astrology"}, "strategy"),
        ({"data_source": "bloomberg"}, "data_source"),
        ({"capital": 0}, "capital"),
        ({"capital": -1}, "capital"),
        ({"capital": 1e10}, "capital"),
        ({"capital": "much"}, "capital"),
        ({"capital": "100"}, "capital"),
        ({"capital": None}, "capital"),
        ({"capital": float("nan")}, "capital"),
        ({"capital": float("inf")}, "capital"),
        ({"capital": True}, "capital"),
        ({"risk_percent": 101}, "risk_percent"),
        ({"position_limit_percent": 0}, "position_limit_percent"),
        ({"min_risk_reward": 21}, "min_risk_reward"),
        ({"as_of": "yesterday"}, "as_of"),
        ({"force": "yes"}, "force"),
        ({"batch_size": 0}, "batch_size"),
        ({"captial": 5}, "captial"),
    ],
    ids=str,
)
def test_a_bad_field_is_refused_by_name(raw: dict[str, Any], field: str) -> None:
    assert list(problems(**{"tickers": ["IBM"], **raw} if "universe" not in raw or "tickers" in raw else raw)) == [
        field
    ]


def test_half_a_character_is_refused_by_the_name_of_its_field() -> None:
    assert problems(tickers=["IBM"], universe={"deep": ["\ud800"]}).keys() == {"universe"}
    assert problems(**{"tickers": ["IBM"], "\udc00": 1}).keys() == {"?"}


def test_all_bad_fields_are_named_at_once() -> None:
    assert set(problems(tickers=["IBM"], capital=-1, risk_percent=0, stratgy="x")) == {
        "capital",
        "risk_percent",
        "stratgy",
    }


def test_more_tickers_than_allowed_are_refused_with_the_number() -> None:
    assert (
        "at most 10000 tickers a job; this has 10001" in problems(tickers=[f"T{n}" for n in range(10_001)])["tickers"]
    )


def test_a_renamed_ticker_is_asked_for_by_its_new_name_once() -> None:
    requester = Requester(name="ann", trigger=Trigger.API, watchlist=tuple, aliases=lambda: {"FB": "META"})
    asked = canonicalise({"tickers": ["FB", "META"], "data_source": "yahoo"}, requester)
    assert asked.request.tickers == ("META",)
    of_its_time = canonicalise({"tickers": ["FB"], "data_source": "sample"}, requester)
    assert of_its_time.request.tickers == ("FB",)


def test_force_and_a_rule_for_duplicates_contradict_each_other() -> None:
    with pytest.raises(InvalidRequestError, match="on_duplicate: with force a job runs beside an equal one"):
        ask(tickers=["IBM"], force=True, on_duplicate="supersede")


@pytest.mark.parametrize("request_id", ["", "with space", "x" * 201, "nul\0", "ümlaut"])
def test_a_request_id_that_cannot_be_kept_is_refused(request_id: str) -> None:
    with pytest.raises(InvalidRequestError, match="request_id"):
        ask(tickers=["IBM"], request_id=request_id)
