"""The screener over HTTP: sets of tickers, counts, and files of exactly what is filtered."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from include.model.analysis import Verdict
from include.model.bars import DataSource
from include.settings import settings
from include.storage.connection import Connection
from include.storage.results import store_outcomes
from tests.storage.demands import begun, demand, outcome
from tests.web.calls import error
from tests.web.conftest import Call

STOCKS = {"IBM": Verdict.BUY, "IBN": Verdict.HOLD, "KO": Verdict.BUY, "T": Verdict.STRONG_BUY}


@pytest.fixture
def stored(connection: Connection) -> None:
    found = [outcome(ticker, 70.0 - at, verdict) for at, (ticker, verdict) in enumerate(STOCKS.items())]
    store_outcomes(connection, begun(connection, "run-1", demand(*STOCKS)), found)


def found(api: Call, query: str, user: str = "ann") -> list[str]:
    answer = api("GET", f"/results?sort=ticker&{query}", user=user)
    assert answer.status_code == 200, answer.text
    return [row["ticker"] for row in answer.json()["items"]]


@pytest.fixture
def drinks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A universe of an operator's own."""
    (tmp_path / "drinks.csv").write_text("symbol\nKO\nPEP\nIBM\n")
    monkeypatch.setenv("BELLWETHER_UNIVERSES_DIR", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.usefixtures("stored", "drinks")
def test_a_universe_means_who_is_in_it_and_other_filters_hold_too(api: Call) -> None:
    assert found(api, "universe=drinks") == ["IBM", "KO"]
    assert found(api, "universe=drinks&prefix=k") == ["KO"]
    assert found(api, "universe=drinks&ticker=IBM&ticker=T") == ["IBM"]


@pytest.mark.usefixtures("stored")
def test_lists_are_those_of_who_asks(api: Call) -> None:
    api("POST", "/watchlist/banks", json={"tickers": ["IBN", "T"]})
    api("POST", "/watchlist/default", json={"tickers": ["KO"]})
    assert found(api, "watchlist=banks") == ["IBN", "T"]
    assert found(api, "universe=watchlist") == found(api, "watchlist=default") == ["KO"]
    assert found(api, "universe=watchlist", user="bob") == []
    refused = api("GET", "/results?watchlist=banks", user="bob")
    assert refused.status_code == 400
    assert error(refused)["details"][0]["field"] == "watchlist"


def test_a_renamed_stock_is_found_by_the_list_that_has_its_old_name(api: Call, connection: Connection) -> None:
    connection.execute("INSERT INTO ticker_aliases VALUES ('FB', 'META')")
    wanted = demand("META", data_source=DataSource.YAHOO)
    store_outcomes(connection, begun(connection, "run-1", wanted), [outcome("META")])
    api("POST", "/watchlist/default", json={"tickers": ["FB"]})
    assert found(api, "universe=watchlist") == ["META"]


def test_a_name_that_is_no_universe_is_refused_with_those_that_are(api: Call) -> None:
    for path in ("/results", "/verdicts"):
        (problem,) = error(api("GET", f"{path}?universe=nope"))["details"]
        assert (problem["field"], "sample_leaders" in problem["reason"]) == ("universe", True)


@pytest.mark.parametrize("query", ["prefix=", "prefix=%25", "watchlist=", "prefix=a+b", "min_score=a"])
def test_what_is_no_filter_is_refused(api: Call, query: str) -> None:
    answer = api("GET", f"/results?{query}")
    assert (answer.status_code, error(answer)["details"][0]["field"]) == (400, query.partition("=")[0])


@pytest.mark.usefixtures("stored")
def test_the_counts_tell_what_each_verdict_would_show(api: Call) -> None:
    said = api("GET", "/verdicts?prefix=I").json()
    assert said == {"total": 2, "verdicts": {"Strong Buy": 0, "Buy": 1, "Hold": 1, "Sell": 0, "Strong Sell": 0}}
    assert api("GET", "/verdicts?job_id=run-1", user="bob").json()["total"] == 0


@pytest.mark.usefixtures("stored")
def test_a_file_has_exactly_what_is_filtered(api: Call) -> None:
    api("POST", "/watchlist/mine", json={"tickers": ["KO", "T", "IBN"]})
    lines = csv.reader(io.StringIO(api("GET", "/results?watchlist=mine&verdict=Buy&format=csv").text))
    assert [line[0] for line in lines] == ["ticker", "KO"]
