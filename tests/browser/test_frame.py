"""What holds for every page: the login before it, Airflow round it, and what it looks like to those who do not see."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from local import users
from local.stack import Stack
from tests.browser.analysed import analyse
from tests.browser.browsing import violations
from tests.browser.conftest import PageOf

PAGES = (
    "/",
    "/screener",
    "/track-record",
    "/notifications",
    "/watchlists",
    "/watchlists/default",
    "/requests",
    "/health",
    "/jobs/nope",
    "/tickers/JPM",
)


def settled(page: Page) -> None:
    """Wait until nothing is loading any more."""
    page.wait_for_load_state("networkidle")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def test_who_is_not_signed_in_comes_through_airflows_login_to_the_page(site: Stack, page_of: PageOf) -> None:
    page = page_of(None)
    page.goto("/stocks/screener?verdict=Buy")
    assert parse_qs(urlsplit(page.url).query)["next"] == ["/stocks/screener?verdict=Buy"]
    page.get_by_label("username").fill("ann")
    page.locator("input[type=password]").fill(users.password(site.home, "ann"))
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(f"{site.url}/stocks/screener?verdict=Buy")
    expect(page.get_by_role("heading", level=1)).to_have_text("Screener")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_has_nothing_against_a_page(page_of: PageOf, path: str, theme: str) -> None:
    page = page_of("ann", theme=theme)
    page.goto(f"/stocks{path}")
    settled(page)
    assert violations(page) == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_telephone(page_of: PageOf, path: str) -> None:
    page = page_of("ann", width=360, height=740)
    page.goto(f"/stocks{path}")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")


def test_a_page_in_airflows_frame_follows_airflows_theme(page_of: PageOf) -> None:
    page = page_of("ann")
    page.goto("/plugin/stocks")
    html = page.frame_locator("iframe").locator("html")
    expect(html).to_have_attribute("data-theme", "light")
    page.evaluate("""() => {
        localStorage.setItem("theme", "dark");
        const frame = document.querySelector("iframe").contentWindow;
        frame.dispatchEvent(new StorageEvent("storage", { key: "theme" }));
    }""")
    expect(html).to_have_attribute("data-theme", "dark")


def test_an_unknown_page_says_so(page_of: PageOf) -> None:
    page = page_of("ann")
    answer = page.goto("/stocks/nowhere")
    assert answer is not None
    assert answer.status == 404
    expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")


def test_the_session_that_ends_is_told_with_the_way_back(site: Stack, page_of: PageOf) -> None:
    analyse(site, tickers=["JPM"], data_source="sample")
    page = page_of("ann")
    page.goto("/stocks/screener")
    settled(page)
    page.context.clear_cookies()
    page.get_by_role("button", name="Score").click()
    link = page.get_by_role("link", name="Sign in again")
    expect(link).to_be_visible()
    assert "next=" in (link.get_attribute("href") or "")
