"""The ways of the people who use the pages, from the login to what they wanted, alone and inside Airflow."""

import csv
import io
import re
from pathlib import Path

import pyarrow.parquet as parquet
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from local import users
from local.stack import Stack
from tests.browser.conftest import PageOf
from tests.end_to_end.airflow import Airflow, wait_until

ASKED = ("HD", "IBM", "JPM", "KO")


def sign_in(page: Page, site: Stack, name: str, wanted: str) -> None:
    page.goto(wanted)
    page.get_by_label("username").fill(name)
    page.locator("input[type=password]").fill(users.password(site.home, name))
    page.get_by_role("button", name="Sign in").click()


def exported(page: Page, kind: str, folder: Path) -> set[str]:
    """The tickers in a file that the screener gives."""
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Export {kind}").click()
    saved = folder / kind
    download.value.save_as(saved)
    if kind == "CSV":
        return {row["ticker"] for row in csv.DictReader(io.StringIO(saved.read_text()))}
    return set(parquet.read_table(saved).column("ticker").to_pylist())


def test_an_analyst_asks_watches_screens_exports_reads_why_and_keeps(
    site: Stack, page_of: PageOf, tmp_path: Path
) -> None:
    page = page_of(None)
    sign_in(page, site, "ann", "/stocks/")
    page.get_by_role("button", name="New analysis").click()
    form = page.get_by_role("dialog", name="New analysis")
    form.get_by_label("Tickers", exact=True).fill("jpm, IBM\nKO  HD")
    form.get_by_label("Prices from").select_option("sample")
    form.get_by_role("button", name="Start the analysis").click()
    expect(page).to_have_url(re.compile("/stocks/jobs/"))
    expect(page.locator("main .status").first).to_contain_text("completed", timeout=180_000)

    page.get_by_role("link", name="Results in the screener").click()
    for ticker in ASKED:
        expect(page.get_by_role("link", name=ticker, exact=True)).to_be_visible()
    assert exported(page, "CSV", tmp_path) == exported(page, "Parquet", tmp_path) == set(ASKED)

    page.get_by_role("link", name="JPM", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("JPM")
    expect(page.get_by_role("row", name=re.compile("^Together"))).to_contain_text("the score is 50")
    page.get_by_role("button", name="Add to a watchlist").click()
    dialog = page.get_by_role("dialog", name="Add to a watchlist")
    dialog.get_by_label("List", exact=True).fill("keep")
    dialog.get_by_role("button", name="Add", exact=True).click()
    expect(dialog).not_to_be_visible()
    page.goto("/stocks/watchlists/keep")
    expect(page.get_by_role("row", name=re.compile("^JPM"))).to_be_visible()


@pytest.fixture(scope="module")
def failing(site: Stack) -> str:
    with Airflow(site) as airflow:
        job = airflow.request(tickers=["JPM", "NOPE", "GONE"], data_source="sample", capital=4321)
        airflow.wait(job)
    return job


@pytest.mark.parametrize("where", ["alone", "in Airflow's frame"])
def test_an_operator_finds_why_a_ticker_failed_and_who_asked(page_of: PageOf, failing: str, where: str) -> None:
    page = page_of("olga")
    view: Page | FrameLocator = page
    if where == "alone":
        page.goto(f"/stocks/jobs/{failing}")
    else:
        page.goto(f"/dags/analyze_stocks/runs/{failing}/plugin/job")
        view = page.frame_locator("iframe")
    card = view.locator(".card").filter(has_text="unknown ticker")
    expect(card).to_contain_text("2 tickers")
    expect(card).to_contain_text("What to do")
    expect(view.get_by_role("row", name=re.compile("^NOPE"))).to_contain_text("the sample has no NOPE")
    if where == "alone":
        page.goto(f"/stocks/requests?job_id={failing}")
        expect(page.get_by_role("row").filter(has_text="admin").first).to_be_visible()


def test_a_job_of_somebody_else_is_not_there(page_of: PageOf, failing: str) -> None:
    page = page_of("bob")
    page.goto(f"/stocks/jobs/{failing}")
    expect(page.get_by_text("not for you")).to_be_visible()
    expect(page.get_by_text("NOPE")).to_have_count(0)


def test_an_analyst_says_how_to_be_told(page_of: PageOf) -> None:
    page = page_of("ann")
    page.goto("/stocks/watchlists")
    page.get_by_role("link", name="Tell me what changes on them").click()
    page.get_by_label("Tell me", exact=True).check()
    page.get_by_label("By mail, to").fill("no address")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_label("By mail, to")).to_be_focused()
    expect(page.get_by_label("By mail, to")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("By mail, to").fill("ann@example.com")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    page.reload()
    expect(page.get_by_label("By mail, to")).to_have_value("ann@example.com")
    expect(page.get_by_label("Tell me", exact=True)).to_be_checked()


def test_the_track_record_of_a_strategy_is_shown_by_verdict(site: Stack, page_of: PageOf) -> None:
    with Airflow(site) as airflow:
        day = "2010-03-01"
        airflow.wait(airflow.request(universe="sample_leaders", data_source="sample", as_of=day))
        run = airflow.http.post("/api/v2/dags/stocks_track_record/dagRuns", json={"logical_date": None})
        path = f"/api/v2/dags/stocks_track_record/dagRuns/{run.raise_for_status().json()['dag_run_id']}"
        wait_until(lambda: airflow.http.get(path).json()["state"] == "success", 180)
    page = page_of("ann")
    page.goto("/stocks/track-record")
    row = page.get_by_role("row", name=re.compile("^All, as advised"))
    expect(row).to_be_visible()
    page.get_by_label("20", exact=True).check()
    expect(page).to_have_url(re.compile("sessions=20"))
    expect(page.get_by_role("row", name=re.compile("Hold")).first).to_contain_text("%")
