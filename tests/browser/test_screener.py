"""The screener in a browser: what is filtered is what is shown, counted, exported, and in the address."""

import csv
import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet as parquet
import pytest
from playwright.sync_api import Page, expect

from local.stack import Stack
from tests.browser.analysed import TICKERS, analyse
from tests.browser.browsing import violations
from tests.browser.conftest import PageOf
from tests.end_to_end.airflow import Airflow

STRATEGY = "momentum_breakout"  # by which no other test analyses anything
VERDICTS = ("Strong Buy", "Buy", "Hold", "Sell", "Strong Sell")


@pytest.fixture(scope="module")
def job(site: Stack) -> str:
    return analyse(site, tickers=TICKERS, data_source="sample", strategy=STRATEGY)


def opened(page: Page, query: str = "") -> Page:
    page.goto(f"/stocks/screener?strategy={STRATEGY}{query}")
    expect(page.locator("#found")).not_to_be_empty()
    return page


def rows(page: Page) -> list[str]:
    expect(page.locator("#results")).not_to_have_attribute("aria-busy", "true")
    return page.locator("#results tbody th").all_inner_texts()


def asked(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


@pytest.mark.usefixtures("job")
def test_a_filter_is_in_the_address_and_the_way_back_undoes_it(page_of: PageOf) -> None:
    page = opened(page_of())
    expect(page.locator("#results tbody tr")).to_have_count(len(TICKERS))
    page.get_by_label("Lowest score").fill("50")
    page.get_by_label("Lowest score").press("Tab")
    expect(page).to_have_url(re.compile("min_score=50"))
    few = rows(page)
    assert 0 < len(few) < len(TICKERS)
    page.get_by_role("combobox", name="Prices from").select_option("yahoo")
    expect(page.get_by_text("No result is like this.")).to_be_visible()
    page.go_back()
    expect(page.locator("#results tbody tr")).to_have_count(len(few))
    assert page.get_by_role("combobox", name="Prices from").input_value() == ""
    assert page.get_by_label("Lowest score").input_value() == "50"
    page.reload()
    expect(page.locator("#results tbody tr")).to_have_count(len(few))


@pytest.mark.usefixtures("job")
def test_each_verdict_says_how_many_it_would_show_and_shows_them(page_of: PageOf) -> None:
    page = opened(page_of())
    counts = [int(text) for text in page.locator("#verdicts .count").all_inner_texts()]
    assert sum(counts) == len(TICKERS)
    at = max(range(5), key=counts.__getitem__)
    page.get_by_role("checkbox", name=VERDICTS[at], exact=False).and_(page.locator(f"[value='{VERDICTS[at]}']")).check()
    expect(page.locator("#results tbody tr")).to_have_count(counts[at])
    expect(page.locator("#found")).to_have_text(f"{counts[at]} of {len(TICKERS)} results")
    assert set(page.locator("#results .verdict").all_inner_texts()) == {
        page.locator("#verdicts .verdict").nth(at).inner_text()
    }


@pytest.mark.usefixtures("job")
def test_a_file_has_the_rows_that_are_filtered(page_of: PageOf, tmp_path: Path) -> None:
    page = opened(page_of(), "&prefix=J")
    shown = rows(page)
    assert sorted(shown) == ["JNJ", "JPM"]
    for kind in ("CSV", "Parquet"):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Export {kind}").click()
        saved = tmp_path / kind
        download.value.save_as(saved)
        text = kind == "CSV"
        found = list(csv.DictReader(io.StringIO(saved.read_text()))) if text else parquet.read_table(saved).to_pylist()
        assert [row["ticker"] for row in found] == shown


@pytest.mark.usefixtures("job")
def test_typing_a_ticker_searches_and_keeps_the_cursor_in_the_field(page_of: PageOf) -> None:
    page = opened(page_of())
    page.get_by_label("Ticker begins with").press_sequentially("jp")
    expect(page.locator("#results tbody th")).to_have_text(["JPM"])
    expect(page.get_by_label("Ticker begins with")).to_be_focused()
    assert asked(page)["prefix"] == ["jp"]


def test_what_cannot_be_a_ticker_is_said_beside_the_field_and_is_text(page_of: PageOf) -> None:
    page = page_of()
    page.goto("/stocks/screener?prefix=%3Cimg%20src=x%20onerror=alert(1)%3E")
    field = page.get_by_label("Ticker begins with")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#prefix-wrong")).to_be_visible()
    assert page.locator("main img").count() == 0
    field.fill("")
    expect(field).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.usefixtures("job")
def test_the_order_is_in_the_address_and_said_to_those_who_do_not_see(page_of: PageOf) -> None:
    page = opened(page_of())
    page.get_by_role("button", name="Ticker").click()
    expect(page.locator("#results tbody th")).to_have_text(sorted(TICKERS))
    expect(page.get_by_role("columnheader", name="Ticker")).to_have_attribute("aria-sort", "ascending")
    expect(page.get_by_role("button", name="Ticker")).to_be_focused()
    page.get_by_role("button", name="Ticker").click()
    expect(page.locator("#results tbody th")).to_have_text(sorted(TICKERS, reverse=True))
    assert asked(page)["sort"] == ["-ticker"]
    page.go_back()
    expect(page.locator("#results tbody th")).to_have_text(sorted(TICKERS))
    expect(page.get_by_role("columnheader", name="Ticker")).to_have_attribute("aria-sort", "ascending")


@pytest.mark.usefixtures("job")
def test_columns_stay_chosen(page_of: PageOf) -> None:
    page = opened(page_of())
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="Summary").check()
    page.get_by_role("checkbox", name="Entry").uncheck()
    page.keyboard.press("Escape")
    expect(page.get_by_role("group", name="Shown columns")).not_to_be_visible()
    for _ in range(2):
        expect(page.get_by_role("columnheader", name="Summary")).to_be_visible()
        expect(page.get_by_role("columnheader", name="Entry")).to_have_count(0)
        page.reload()


def test_who_comes_back_from_a_stock_finds_the_page_that_was_left(page_of: PageOf, site: Stack) -> None:
    analyse(site, universe="sample", data_source="sample", strategy="mean_reversion")
    page = page_of()
    page.goto("/stocks/screener?strategy=mean_reversion&sort=ticker")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_text("Rows 51\N{EN DASH}100")).to_be_visible()
    shown = rows(page)
    page.get_by_role("link", name=shown[7], exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(shown[7])
    page.go_back()
    expect(page.get_by_text("Rows 51\N{EN DASH}100")).to_be_visible()
    assert rows(page) == shown
    page.get_by_label("Ticker begins with").fill("A")
    expect(page.get_by_text("Rows 1\N{EN DASH}")).to_be_visible()


def test_what_a_job_found_can_be_left_again(page_of: PageOf, job: str) -> None:
    page = opened(page_of(), f"&job_id={job}&prefix=K")
    expect(page.get_by_text(f"Found by the job {job}")).to_be_visible()
    expect(page.locator("#results tbody th")).to_have_text(["KO"])
    page.get_by_role("button", name="Show the results of all jobs").click()
    expect(page.get_by_text("Found by the job")).to_have_count(0)
    assert asked(page) == {"strategy": [STRATEGY], "prefix": ["K"]}


@pytest.mark.usefixtures("job")
def test_a_list_of_ones_own_is_among_the_universes(page_of: PageOf, site: Stack) -> None:
    with Airflow(site, "ann") as ann:
        ann.http.post("/api/stocks/watchlist/<b>drinks", json={"tickers": ["KO"]})  # refused: no name of a list
        ann.http.post("/api/stocks/watchlist/drinks", json={"tickers": ["KO", "PEP"]}).raise_for_status()
    page = opened(page_of())
    page.get_by_label("Universe or list").select_option(label="drinks (2 tickers)")
    expect(page.locator("#results tbody th")).to_have_text(["KO"])
    assert asked(page)["watchlist"] == ["drinks"]
    page.reload()
    expect(page.locator("#results tbody th")).to_have_text(["KO"])
    page.get_by_label("Universe or list").select_option("sample_leaders")
    expect(page.locator("#results tbody tr")).to_have_count(len(TICKERS))


@pytest.mark.usefixtures("job")
def test_filters_without_a_result_are_cleared_with_one_press(page_of: PageOf) -> None:
    page = opened(page_of(), "&session=1999-01-04&min_score=99")
    page.locator("#results").get_by_role("button", name="Clear the filters").click()
    expect(page.locator("#results tbody th").first).to_be_visible()
    expect(page.get_by_label("Ticker begins with")).to_be_focused()
    assert asked(page) == {}


@pytest.mark.usefixtures("job")
def test_a_server_that_is_away_is_asked_again(page_of: PageOf) -> None:
    page = page_of()
    page.route("**/api/stocks/results?**", lambda route: route.abort())
    page.goto("/stocks/screener")
    expect(page.get_by_text("The server does not answer.").first).to_be_visible()
    page.unroute("**/api/stocks/results?**")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#results tbody th").first).to_be_visible()


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_screener_with_results_has_nothing_that_axe_minds(page_of: PageOf, theme: str) -> None:
    page = opened(page_of(theme=theme), "&verdict=Hold&verdict=Sell&verdict=Buy")
    page.locator("summary", has_text="Columns").click()
    assert violations(page) == []


@pytest.mark.usefixtures("job")
def test_on_a_telephone_the_filters_are_folded_and_nothing_is_cut_off(page_of: PageOf) -> None:
    page = opened(page_of(width=360, height=740))
    expect(page.get_by_label("Ticker begins with")).not_to_be_visible()
    page.locator("summary", has_text="Filters").click()
    expect(page.get_by_label("Ticker begins with")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
