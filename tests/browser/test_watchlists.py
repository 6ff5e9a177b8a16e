"""Lists of stocks: made by pasting, written beside, analysed, and nobody loses anything by a slip."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from local.stack import Stack
from tests.browser.browsing import violations
from tests.browser.conftest import PageOf
from tests.browser.test_frame import settled
from tests.end_to_end.airflow import Airflow

HOSTILE = '<img src=x onerror="document.title=1">'
Lists = Callable[..., str]


@pytest.fixture
def made(site: Stack) -> Lists:
    """Makes a list of somebody, anew, and answers the path of its page."""

    def make(name: str, *tickers: str, user: str = "ann", notes: str | None = None) -> str:
        with Airflow(site, user) as airflow:
            airflow.http.delete(f"/api/stocks/watchlist/{name}", headers={"Content-Type": "application/json"})
            if tickers:
                said = {"tickers": tickers, "notes": notes}
                airflow.http.post(f"/api/stocks/watchlist/{name}", json=said).raise_for_status()
        return f"/stocks/watchlists/{name}"

    return make


def rows(page: Page) -> list[str]:
    """The tickers that are shown."""
    return page.locator("#entries tbody th a").all_inner_texts()


def test_many_are_pasted_at_once_and_the_malformed_ones_are_named(page_of: PageOf, made: Lists) -> None:
    made("Pasted")
    page = page_of("ann")
    page.goto("/stocks/watchlists")
    page.get_by_role("button", name="New list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("Pasted")
    tickers = dialog.get_by_label("Tickers")
    tickers.fill("jpm, IBM\n$M;KO  jpm ***")
    expect(dialog.get_by_text("5 tickers; 1 repetition left out")).to_be_visible()
    dialog.get_by_role("button", name="Make the list").click()
    expect(dialog.get_by_text("$M, *** cannot be tickers; nothing was added.")).to_be_visible()
    expect(tickers).to_be_focused()
    expect(tickers).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    dialog.get_by_role("button", name="Leave them out").click()
    dialog.get_by_role("button", name="Make the list").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pasted")
    expect(page.locator("#about")).to_contain_text("3 tickers of up to 1,000")
    assert rows(page) == ["IBM", "JPM", "KO"]


def test_a_name_that_no_list_can_have_is_said_beside_the_field(page_of: PageOf, made: Lists) -> None:
    made("Taken", "IBM")
    page = page_of("ann")
    page.goto("/stocks/watchlists")
    expect(page.get_by_role("link", name="Taken")).to_be_visible()
    page.get_by_role("button", name="New list").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Tickers").fill("KO")
    for name, reason in (("a & b", "up to 50 letters and digits"), ("Taken", "there is a list Taken already")):
        dialog.get_by_label("Name").fill(name)
        dialog.get_by_role("button", name="Make the list").click()
        expect(dialog.locator(".wrong", has_text=re.compile(reason, re.IGNORECASE))).to_be_visible()
        expect(dialog.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="New list")).to_be_focused()


def test_a_note_is_text_whatever_is_written_and_escape_keeps_the_old_one(page_of: PageOf, made: Lists) -> None:
    page = page_of("ann")
    page.goto(made("Noted", "IBM", "KO", notes="old"))
    edit = page.get_by_role("button", name="Edit name and note of IBM")
    edit.click()
    page.get_by_label("Note of IBM").fill("not this")
    page.keyboard.press("Escape")
    expect(edit).to_be_focused()
    edit.press("Enter")
    page.get_by_label("Note of IBM").fill(HOSTILE)
    page.get_by_label("Name of IBM").fill(HOSTILE)
    page.keyboard.press("Enter")
    expect(edit).to_be_focused()
    page.reload()
    expect(page.get_by_text(HOSTILE)).to_have_count(2)
    expect(page.locator("main img")).to_have_count(0)
    expect(page.get_by_text("not this")).to_have_count(0)


def test_what_was_removed_comes_back_with_its_note(page_of: PageOf, made: Lists) -> None:
    page = page_of("ann")
    page.goto(made("Undone", "IBM", "JPM", "KO", notes="kept"))
    page.get_by_role("button", name="Remove JPM").click()
    expect(page.get_by_text("JPM is removed.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove KO")).to_be_focused()
    assert rows(page) == ["IBM", "KO"]
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("button", name="Remove JPM")).to_be_focused()
    expect(page.get_by_text("kept")).to_have_count(3)


def test_a_list_is_analysed_once_and_its_tickers_say_what_came_of_it(site: Stack, page_of: PageOf, made: Lists) -> None:
    page = page_of("ann")
    page.goto(made("Watched", "JPM", "MCD", "NOPE"))
    page.get_by_role("button", name="Analyse", exact=True).dblclick()
    expect(page.get_by_text("The analysis has ended.")).to_be_visible(timeout=180_000)
    expect(page.locator("#running")).to_be_hidden()
    assert "job=" not in page.url
    mcd, nope = (page.locator("#entries tr", has_text=ticker) for ticker in ("MCD", "NOPE"))
    expect(mcd.locator(".verdict")).to_be_visible()
    expect(mcd.get_by_role("img")).to_have_attribute("aria-label", re.compile("^79.8 on "))
    expect(nope).to_contain_text("failed")
    expect(nope).to_contain_text("the sample has no NOPE")
    expect(page.locator("#about")).to_contain_text("1 of them failed then")
    with Airflow(site, "ann") as ann:
        asked = [one for one in ann.http.get("/api/stocks/jobs").json()["items"] if one["total"] == 3]
    assert len(asked) == 1
    assert violations(page) == []


def test_an_analysis_that_goes_on_is_followed_also_after_coming_back(site: Stack, page_of: PageOf, made: Lists) -> None:
    path = made("Followed", "JPM", "KO")
    with Airflow(site, "ann") as ann, ann.paused():
        page = page_of("ann")
        page.goto(path)
        page.get_by_role("button", name="Analyse", exact=True).click()
        running = page.locator("#running")
        expect(running).to_contain_text("queued")
        page.reload()
        expect(running).to_contain_text("queued")
        page.get_by_role("button", name="Analyse", exact=True).click()
        expect(page.get_by_text("An equal analysis is going on already")).to_be_visible()
        running.get_by_role("button", name="Cancel").click()
        page.get_by_role("button", name="Cancel the job").click()
        expect(page.get_by_text("The analysis has ended.")).to_be_visible()
        expect(running).to_be_hidden()


def test_search_and_order_are_in_the_address_and_going_back_works(page_of: PageOf, made: Lists) -> None:
    page = page_of("ann")
    page.goto(made("Sought", "IBM", "JPM", "KO"))
    page.get_by_role("columnheader", name="Ticker").get_by_role("button").click()
    expect(page).to_have_url(re.compile(r"sort=-ticker"))
    expect(page.locator("#entries tbody th a").first).to_have_text("KO")
    page.get_by_label("Search").fill("m")
    expect(page).to_have_url(re.compile(r"search=m"))
    expect(page.locator("#entries tbody th a")).to_have_text(["JPM", "IBM"])
    page.reload()
    expect(page.locator("#entries tbody th a")).to_have_text(["JPM", "IBM"])
    page.get_by_label("Search").fill("zz")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#entries tbody th a")).to_have_text(["KO", "JPM", "IBM"])
    page.go_back()
    expect(page.locator("#entries tbody th a")).to_have_text(["IBM", "JPM", "KO"])


def test_a_list_is_renamed_and_removed_when_somebody_says_so(page_of: PageOf, made: Lists) -> None:
    for name in ("Called", "Named"):
        made(name)
    made("Other", "KO")
    page = page_of("ann")
    page.goto(made("Called", "IBM"))
    page.get_by_role("button", name="Rename").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_have_value("Called")
    dialog.get_by_label("Name").fill("Other")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog.locator(".wrong", has_text="already")).to_be_visible()
    dialog.get_by_label("Name").fill("Named")
    dialog.get_by_role("button", name="Rename").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Named")
    page.get_by_role("button", name="Remove", exact=True).click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Remove", exact=True)).to_be_focused()
    page.get_by_role("button", name="Remove", exact=True).click()
    page.get_by_role("button", name="Remove it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Watchlists")
    expect(page.get_by_role("link", name="default")).to_be_visible()
    expect(page.get_by_role("link", name="Named")).to_have_count(0)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_list_that_is_empty_explains_itself_and_offers_to_add(page_of: PageOf, made: Lists, theme: str) -> None:
    page = page_of("bob", theme=theme)
    page.goto(made("default", user="bob"))
    expect(page.get_by_text("the one that is analysed when a request names no tickers")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Add tickers").click()
    assert violations(page) == []
    page.get_by_role("dialog").get_by_label("Tickers").fill("KO")
    page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("1 ticker added; 1 in the list now.")).to_be_visible()
    expect(page.get_by_role("button", name="Analyse", exact=True)).to_be_visible()


def test_what_changed_from_one_session_to_the_next_is_told(site: Stack, page_of: PageOf, made: Lists) -> None:
    path = made("Changing", "VZ", "SO")
    with Airflow(site, "ann") as ann:
        for day in ("2010-08-19", "2010-08-20"):
            said = {"data_source": "sample", "as_of": day}
            answer = ann.http.post("/api/stocks/watchlist/Changing/analyze", json=said).raise_for_status()
            ann.wait(answer.json()["dag_run_id"])
    page = page_of("ann")
    page.goto(path)
    vz = page.locator("#changes tr", has_text="VZ").first
    expect(vz).to_contain_text("Buy dropped")
    expect(vz).to_contain_text("Strong Buy")
    page.get_by_label("Which changes").select_option("target")
    expect(page.get_by_text("Nothing of that kind has happened.")).to_be_visible()


def test_a_viewer_is_offered_nothing_that_would_be_refused(page_of: PageOf) -> None:
    page = page_of("vic")
    for path in ("/stocks/watchlists", "/stocks/watchlists/default"):
        page.goto(path)
        settled(page)
        expect(page.get_by_text("Your login may look and not change anything")).to_be_visible()
        for name in ("New list", "Analyse", "Add tickers", "Remove"):
            expect(page.get_by_role("button", name=name, exact=True)).to_have_count(0)


def test_lists_are_reached_and_used_by_the_keyboard_on_a_telephone(page_of: PageOf, made: Lists) -> None:
    made("Small", "IBM", "KO")
    page = page_of("ann", width=360, height=740)
    page.goto("/stocks/watchlists")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    page.get_by_role("link", name="Small").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Small")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    page.get_by_role("button", name="Edit name and note of IBM").press("Enter")
    expect(page.get_by_label("Note of IBM")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
