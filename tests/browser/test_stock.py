"""One stock in a browser: what is said of it, why, what was said before, and what can be done."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from include.storage.connection import connect
from local.stack import Stack
from tests.browser.analysed import DAYS, analyse, analyse_some_days
from tests.browser.browsing import violations
from tests.browser.conftest import PageOf
from tests.end_to_end.airflow import Airflow

MINUS = "\N{MINUS SIGN}"
SAMPLE = "Sample 2009\N{EN DASH}2010"
A_JOB = 180_000  # milliseconds, of a machine that does other things too
STRANGER = "/stocks/tickers/SLB?strategy=balanced&data_source=sample"  # which no other test has analysed


@pytest.fixture(scope="module")
def job(site: Stack) -> str:
    return analyse_some_days(site)


def opened(page: Page, ticker: str = "JPM") -> Page:
    page.goto(f"/stocks/tickers/{ticker}?strategy=balanced&data_source=sample")
    expect(page.locator("#score .gauge")).to_be_visible()
    return page


def drawn(page: Page) -> None:
    expect(page.locator("#plot canvas").first).to_be_visible()


def figure(text: str) -> float:
    return float(text.replace(MINUS, "-").lstrip("±+"))


@pytest.mark.usefixtures("job")
def test_what_is_said_of_a_stock_is_what_the_api_says(page_of: PageOf, site: Stack) -> None:
    with Airflow(site, "ann") as ann:
        result = ann.http.get("/api/stocks/results/JPM?strategy=balanced&data_source=sample").json()
    page = opened(page_of())
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"JPM {'▼'} {result['verdict']}")
    expect(page.locator("#score .figure")).to_contain_text(str(result["score"]))
    expect(page.locator("#score")).to_contain_text(result["summary"])
    for level in ("close", "entry", "stop_loss", "target"):
        expect(page.locator("#plan")).to_contain_text(f"${result[level]:.2f}")
    expect(page.locator("#about")).to_contain_text(f"{SAMPLE}, in USD")
    expect(page.locator("#about").get_by_role("link", name=result["job_id"])).to_be_visible()


@pytest.mark.usefixtures("job")
def test_the_points_of_the_votes_add_up_as_they_are_shown(page_of: PageOf) -> None:
    page = opened(page_of())
    points = page.locator("#votes tbody tr:not(.category) td:last-child").all_inner_texts()
    groups = page.locator("#votes .category td").all_inner_texts()
    (total,) = page.locator("#votes tfoot td").all_inner_texts()
    score = figure(page.locator("#score .figure strong").inner_text())
    assert (
        round(sum(map(figure, points)), 2)
        == round(sum(map(figure, groups)), 2)
        == figure(total)
        == round(score - 50, 2)
    )
    expect(page.locator("#votes")).to_contain_text(f"= {score}")
    expect(page.get_by_role("row", name=re.compile("^RSI ")).first).to_contain_text("+1 with RSI14 below 30")


@pytest.mark.usefixtures("job")
def test_the_chart_is_drawn_described_and_a_table_too_in_either_theme(page_of: PageOf) -> None:
    page = opened(page_of())
    drawn(page)
    said = page.get_by_role("img", name="Daily prices of JPM")
    assert "Aug 20, 2010: last close $37.14" in str(said.get_attribute("aria-label"))
    page.get_by_role("button", name="1 year").click()
    expect(page.get_by_role("button", name="1 year")).to_have_attribute("aria-pressed", "true")
    for x in (280, 290, 300):  # while it is being drawn, the chart does not hear of a move
        page.locator("#plot").hover(position={"x": x, "y": 150})
    expect(page.locator("#pointed")).not_to_contain_text("Aug 20, 2010")
    page.get_by_role("slider", name="Session").press("End")
    expect(page.locator("#pointed")).to_contain_text("Aug 20, 2010")
    expect(page.locator("#pointed")).to_contain_text("close $37.14")
    expect(page.locator("#pointed .verdict")).to_be_visible()
    page.get_by_role("slider", name="Session").press("ArrowLeft")
    expect(page.get_by_role("slider", name="Session")).to_have_attribute(
        "aria-valuetext", re.compile("^Aug 19, 2010, open")
    )
    page.get_by_text("The last 20 sessions as a table").click()
    expect(page.locator("#chart tbody tr")).to_have_count(20)
    expect(page.locator("#chart tbody tr").first).to_contain_text("$37.14")
    page.evaluate(
        "() => { localStorage.setItem('theme', 'dark'); dispatchEvent(new StorageEvent('storage', { key: 'theme' })); }"
    )
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    drawn(page)


@pytest.mark.usefixtures("job")
def test_the_session_before_is_compared_and_an_older_one_opened_and_left(page_of: PageOf) -> None:
    page = opened(page_of())
    expect(page.locator("#difference")).to_contain_text("Since Aug 19, 2010")
    history = page.locator("#history tbody tr")
    expect(history).to_have_count(len(DAYS))
    expect(page.get_by_role("img", name="5 sessions, Aug 13, 2010 to Aug 20, 2010")).to_be_visible()
    scores = [figure(text) for text in page.locator("#history tbody td:nth-child(3)").all_inner_texts()]
    assert figure(page.locator("#difference .figure strong").inner_text()) == round(scores[0] - scores[1], 1)
    page.locator("#history").get_by_role("link", name="Aug 13, 2010").click()
    expect(page.locator("#score .figure")).to_contain_text(str(scores[-1]))
    expect(page.locator("#difference")).to_contain_text("This is the first session")
    expect(page.get_by_text("This is the result of Aug 13, 2010.")).to_be_visible()
    page.go_back()
    expect(page.locator("#score .figure")).to_contain_text(str(scores[0]))
    expect(page.get_by_text("This is the result of")).to_have_count(0)


def test_a_stock_that_nobody_has_analysed_is_analysed_with_one_press(page_of: PageOf) -> None:
    page = page_of()
    page.goto(STRANGER)
    expect(page.get_by_text(f"SLB has no result yet by Balanced from {SAMPLE}")).to_be_visible()
    page.get_by_role("button", name="Analyse now").dblclick()
    expect(page.locator("#asked")).to_contain_text("Analysed", timeout=A_JOB)
    expect(page.locator("#score .gauge")).to_be_visible()
    page.get_by_role("button", name="Analyse now").click()
    expect(page.locator("#asked")).to_contain_text("Nothing has changed", timeout=A_JOB)
    page.get_by_role("button", name="Compute it anew").click()
    expect(page.locator("#asked")).to_contain_text("Analysed", timeout=A_JOB)


def test_why_a_stock_could_not_be_analysed_is_said(page_of: PageOf) -> None:
    page = page_of()
    page.goto("/stocks/tickers/NOPE?strategy=balanced&data_source=sample")
    page.get_by_role("button", name="Analyse now").click()
    expect(page.locator("#asked")).to_contain_text("No result: ", timeout=A_JOB)
    expect(page.locator("#asked").get_by_role("link", name="the job")).to_be_visible()


def test_what_cannot_be_a_ticker_is_text_and_nothing_is_offered_for_it(page_of: PageOf) -> None:
    page = page_of()
    page.goto("/stocks/tickers/%3Cimg%20src=x%20onerror=alert(1)%3E")
    expect(page.get_by_text("This cannot be a ticker")).to_be_visible()
    expect(page.get_by_role("button", name="Analyse now")).not_to_be_visible()
    assert page.locator("main img").count() == 0


@pytest.mark.usefixtures("job")
def test_another_strategy_or_source_is_chosen_among_those_that_there_are(page_of: PageOf, site: Stack) -> None:
    analyse(site, tickers=["JPM"], data_source="demo", strategy="technical_rating")
    page = opened(page_of())
    chooser = page.get_by_label("Strategy and prices")
    expect(chooser).to_have_value("sample balanced")
    chooser.select_option("demo technical_rating")
    expect(page.get_by_text("these prices are made up")).to_be_visible()
    expect(page).to_have_url(re.compile("strategy=technical_rating&data_source=demo"))
    expect(page.locator("#about")).to_contain_text("Technical rating")
    expect(page.locator("#votes tfoot")).to_contain_text("Together")
    drawn(page)
    page.go_back()
    expect(page.get_by_text("these prices are made up")).to_have_count(0)


def test_votes_that_are_no_longer_kept_are_missed_in_words(page_of: PageOf, site: Stack) -> None:
    analyse(site, tickers=["GE"], data_source="sample")
    with connect(site.database_url("stocks_owner")) as connection:
        connection.execute(
            "DELETE FROM analysis_raw_data USING analysis_results WHERE id = result_id AND ticker = 'GE'"
        )
    page = opened(page_of(), ticker="GE")
    expect(page.locator("#votes")).to_contain_text("no longer kept")
    expect(page.locator("#score .gauge")).to_be_visible()


@pytest.mark.usefixtures("job")
def test_prices_that_are_not_at_hand_leave_the_rest_as_it_is(page_of: PageOf) -> None:
    page = page_of()
    page.route(
        "**/api/stocks/prices/**",
        lambda route: route.fulfill(status=404, json={"error": {"message": "none", "code": "NOT_FOUND"}}),
    )
    opened(page)
    expect(page.locator("#chart")).to_contain_text(f"There are no prices from {SAMPLE} at hand")
    expect(page.locator("#votes tfoot")).to_be_visible()


@pytest.mark.usefixtures("job")
def test_prices_of_another_day_are_drawn_in_the_terms_of_the_result(page_of: PageOf) -> None:
    page = page_of()

    def halved(route: Route) -> None:
        answer = route.fetch()
        said = answer.json()
        for bar in said["bars"]:
            bar |= {name: bar[name] / 2 for name in ("open", "high", "low", "close")}
        route.fulfill(response=answer, json=said)

    page.route("**/api/stocks/prices/**", halved)
    opened(page)
    drawn(page)
    expect(page.locator("#chart figcaption")).to_contain_text("times 2.0000")
    expect(page.get_by_role("img", name="last close $37.14")).to_be_visible()


def test_a_stock_goes_into_a_list_old_or_new_and_a_bad_name_is_said_beside_its_field(
    page_of: PageOf, site: Stack
) -> None:
    page = page_of("bob")
    page.goto("/stocks/tickers/HD")
    page.get_by_role("button", name="Add to a watchlist").click()
    dialog = page.get_by_role("dialog", name="Add to a watchlist")
    dialog.get_by_label("List", exact=True).fill("<b>mine")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog.get_by_label("List", exact=True)).to_have_attribute("aria-invalid", "true")
    dialog.get_by_label("List", exact=True).fill("mine")
    dialog.get_by_label("Note").fill("<script>alert(1)</script>")
    dialog.get_by_role("button", name="Add", exact=True).dblclick()
    expect(page.get_by_text("HD is in your list")).to_have_count(1)
    with Airflow(site, "bob") as bob:
        (entry,) = bob.http.get("/api/stocks/watchlist/mine").json()["items"]
    assert (entry["ticker"], entry["notes"]) == ("HD", "<script>alert(1)</script>")
    page.get_by_role("button", name="Add to a watchlist").click()
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(page.get_by_role("button", name="Add to a watchlist")).to_be_focused()


@pytest.mark.usefixtures("job")
def test_who_may_only_read_is_offered_nothing_else(page_of: PageOf) -> None:
    page = opened(page_of("vic"))
    expect(page.get_by_text("Your login may read")).to_be_visible()
    for name in ("Analyse now", "Add to a watchlist"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    page.goto("/stocks/tickers/AMD?strategy=balanced&data_source=sample")
    expect(page.get_by_text("It appears here when somebody has analysed it.")).to_be_visible()


@pytest.mark.usefixtures("job")
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_stock_with_all_that_is_known_has_nothing_that_axe_minds(page_of: PageOf, theme: str) -> None:
    page = opened(page_of(theme=theme))
    drawn(page)
    for summary in page.locator("main details > summary").all():
        summary.click()
    assert violations(page) == []


@pytest.mark.usefixtures("job")
def test_a_stock_fits_a_telephone(page_of: PageOf) -> None:
    page = opened(page_of(width=360, height=740))
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
