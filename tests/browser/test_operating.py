"""What an operator looks at: who asked for what, whether work was done twice, and how the server is."""

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from psycopg.types.json import Jsonb

from include.model.bars import DataSource
from include.model.errors import ErrorCode
from include.storage.connection import Connection, connect
from include.storage.deletion import delete_job
from include.storage.jobs import cancel_job
from include.storage.limits import Pauses, add_source, note_failure
from local.stack import Stack
from tests.browser.analysed import analyse
from tests.browser.browsing import violations
from tests.browser.conftest import PageOf
from tests.browser.test_frame import settled
from tests.end_to_end.airflow import Airflow, wait_until
from tests.storage.demands import begun, demand

HOSTILE = "<script>document.title=1</script>"
HOUSEKEEPING = "/api/v2/dags/stocks_housekeeping/dagRuns"


@pytest.fixture
def database(site: Stack) -> Iterator[Connection]:
    with connect(site.database_url("stocks_owner")) as opened:
        yield opened


@pytest.fixture(scope="module")
def asked(site: Stack) -> dict[str, str]:
    """A job of ann with a ticker that fails, and one of bob; a request of each that was refused."""
    jobs = {
        "ann": analyse(site, "ann", tickers=["JPM", "NOPE"], data_source="sample", capital=1111),
        "bob": analyse(site, "bob", tickers=["KO"], data_source="sample", capital=2222),
    }
    for user in jobs:
        with Airflow(site, user) as airflow:
            refused = airflow.http.post("/api/stocks/jobs", json={"tickers": [HOSTILE], "strategy": user})
            assert refused.status_code == 400
    return jobs


def test_requests_are_found_by_what_is_known_of_them_and_the_address_keeps_it(
    page_of: PageOf, asked: dict[str, str]
) -> None:
    page = page_of("olga")
    page.goto("/stocks/requests")
    page.get_by_label("What became of it").select_option("refused")
    expect(page).to_have_url(re.compile("disposition=refused"))
    expect(page.locator("#requests tbody tr").first).to_contain_text("was refused")
    page.get_by_label("Asked by").fill("bob")
    expect(page).to_have_url(re.compile("requested_by=bob"))
    expect(page.locator("#requests tbody tr").filter(has_not_text="bob")).to_have_count(0)
    page.reload()
    expect(page.get_by_label("Asked by")).to_have_value("bob")
    expect(page.locator("#requests tbody tr").first).to_contain_text("was refused")
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Job").fill(asked["ann"])
    expect(page).to_have_url(re.compile("job_id="))
    expect(page.locator("#requests tbody tr")).to_have_count(1)
    page.get_by_role("link", name=asked["ann"]).click()
    expect(page).to_have_url(re.compile(f"/stocks/jobs/{asked['ann']}"))
    page.go_back()
    expect(page.locator("#requests tbody tr")).to_have_count(1)


def test_a_request_opens_to_what_was_sent_as_text(page_of: PageOf, asked: dict[str, str]) -> None:
    page = page_of("ann")
    page.goto("/stocks/requests?disposition=refused")
    opener = page.get_by_role("button", name=re.compile("^Request")).first
    opener.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("What was sent")).to_contain_text(f'"tickers": ["{HOSTILE}"]')
    expect(dialog.get_by_text("it was refused before it had one")).to_be_visible()
    expect(page).to_have_url(re.compile("request="))
    assert violations(page) == []
    page.reload()
    expect(dialog.get_by_label("What was sent")).to_contain_text(HOSTILE)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page).not_to_have_url(re.compile("request="))
    assert page.title() != "1"


def test_a_user_sees_the_own_requests_and_nobody_elses(page_of: PageOf, asked: dict[str, str]) -> None:
    page = page_of("bob")
    page.goto("/stocks/requests")
    settled(page)
    expect(page.get_by_role("link", name=asked["bob"])).to_be_visible()
    expect(page.get_by_role("link", name=asked["ann"])).to_have_count(0)
    expect(page.get_by_label("Asked by")).to_have_count(0)
    page.goto(f"/stocks/requests?job_id={asked['ann']}")
    expect(page.get_by_text("No request is like that.")).to_be_visible()


@pytest.fixture
def done_twice(database: Connection, asked: dict[str, str]) -> Iterator[None]:
    """The same work again a second later, as only a database without its index lets it come about."""
    job = {"job_id": "copy", "seq": -1}
    for table, other in (("analysis_jobs", job), ("analysis_jobs_details", {"job_id": "copy", "result_id": None})):
        copy = (
            f"INSERT INTO {table} SELECT copy.* FROM {table} AS made, "
            "jsonb_populate_record(made, %s) AS copy WHERE made.job_id = %s"
        )
        database.execute(copy.encode(), [Jsonb(other), asked["ann"]])
    yield
    database.execute("DELETE FROM analysis_jobs WHERE job_id = 'copy'")


def test_nothing_was_done_twice(page_of: PageOf, asked: dict[str, str]) -> None:
    page = page_of("ann")
    page.goto("/stocks/requests")
    expect(page.get_by_text("PASS")).to_be_visible()
    page.get_by_label("Within seconds").fill("0")
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_label("Within seconds")).to_be_focused()
    expect(page.get_by_label("Within seconds")).to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.usefixtures("done_twice")
def test_work_that_was_done_twice_fails_the_check_with_its_pair(
    page_of: PageOf, asked: dict[str, str], theme: str
) -> None:
    page = page_of("olga", theme=theme)
    page.goto("/stocks/requests")
    expect(page.get_by_text("FAIL")).to_be_visible()
    expect(page.get_by_text("1 of them did the same work twice")).to_be_visible()
    expect(page.locator("#duplicates").get_by_role("link", name=asked["ann"])).to_be_visible()
    expect(page.get_by_text("python -m include.pipeline.duplicates clean")).to_be_visible()
    assert violations(page) == []


@pytest.fixture
def cleaned(site: Stack) -> None:
    """A housekeeping has just gone well."""
    with Airflow(site) as airflow:
        made = airflow.http.post(HOUSEKEEPING, json={"logical_date": None}).raise_for_status().json()
        path = f"{HOUSEKEEPING}/{made['dag_run_id'].replace('+', '%2B')}"
        wait_until(lambda: airflow.http.get(path).json().get("state") in ("success", "failed"), 120)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.usefixtures("cleaned", "asked")
def test_health_says_that_all_is_well_and_what_was_done(page_of: PageOf, theme: str) -> None:
    page = page_of("olga", theme=theme)
    page.goto("/stocks/health")
    expect(page.get_by_text("Yes: everything that a job needs is there.")).to_be_visible()
    expect(page.locator("#ready .chip", has_text="ready")).to_have_count(3)
    expect(page.locator("#housekeeping")).to_contain_text("went well")
    expect(page.locator("#housekeeping")).to_contain_text("Nothing was to be done.")
    expect(page.get_by_role("img", name=re.compile("^Jobs that ended"))).to_be_visible()
    expect(page.get_by_text(re.compile("Why they failed: unknown_ticker"))).to_be_visible()
    page.get_by_text("The same as a table").click()
    days = (
        page.get_by_role("region", name="What ended on each of the last 30 days")
        .locator("tbody tr")
        .filter(has_text="unknown_ticker")
    )
    expect(days.first).to_be_visible()
    assert violations(page) == []


def test_what_waits_is_told_while_it_waits(page_of: PageOf, database: Connection) -> None:
    begun(database, "waits", demand("IBM"))  # of no run, so that it waits for as long as is looked
    page = page_of("ann")
    page.goto("/stocks/health")
    expect(page.locator("#queue .card", has_text="Sample")).to_be_visible()
    cancel_job(database, "waits", "enough", actor="ann")
    expect(page.get_by_text("No job is active")).to_be_visible()
    delete_job(database, "waits", actor="admin")


def test_yahoos_pause_is_told_in_words_and_what_it_said_to_operators(page_of: PageOf, database: Connection) -> None:
    add_source(database, DataSource.YAHOO)
    pauses = Pauses(most_failures=3, first=600, longest=900)
    note_failure(database, DataSource.YAHOO, "IBM", ErrorCode.RATE_LIMITED, "IBM: too many requests", pauses)
    for user, sees in (("ann", 0), ("olga", 1)):
        page = page_of(user)
        page.goto("/stocks/health")
        limit = page.locator(".limit")
        expect(limit).to_contain_text("pauses")
        expect(limit).to_contain_text("it was asked too often")
        expect(limit.get_by_text("IBM: too many requests")).to_have_count(sees)
    database.execute("DELETE FROM source_limits")
    page.reload()
    expect(page.get_by_text("Yahoo has not been asked for anything yet.")).to_be_visible()


@pytest.mark.usefixtures("cleaned")
def test_what_the_housekeeping_did_is_for_operators(page_of: PageOf) -> None:
    page = page_of("bob")
    page.goto("/stocks/health")
    expect(page.locator("#housekeeping")).to_contain_text("went well")
    expect(page.get_by_text("What the housekeeping did is for operators.")).to_be_visible()
    expect(page.get_by_text("Nothing was to be done.")).to_have_count(0)


def test_what_is_not_ready_is_named_with_what_mends_it(site: Stack, browser: Browser) -> None:
    reason = "the database is at schema 0001: run `python -m include.storage.migrate`"
    details = [
        {"field": "schema", "value": "wrong", "reason": reason},
        {"field": "scheduler", "value": "dead", "reason": "no job begins before it runs: start it"},
    ]
    said = {"error": {"code": "UNAVAILABLE", "message": "not ready", "details": details, "timestamp": "now"}}
    context = browser.new_context(base_url=site.url)
    context.add_cookies([{"name": "_token", "value": site.token("ann"), "url": site.url}])
    page = context.new_page()
    page.route("**/api/stocks/health", lambda route: route.fulfill(status=503, body=json.dumps(said)))
    page.goto("/stocks/health")
    expect(page.get_by_text("Not now.")).to_be_visible()
    expect(page.locator("#ready code")).to_have_text("python -m include.storage.migrate")
    expect(page.locator("#ready")).to_contain_text("no job begins before it runs: start it")
    expect(page.locator("#ready .chip.good")).to_have_count(1)
    page.route("**/api/stocks/activity*", lambda route: route.abort())
    page.reload()
    expect(page.locator("#activity").get_by_role("button", name="Try again")).to_be_visible()
    page.unroute("**/api/stocks/activity*")
    page.locator("#activity").get_by_role("button", name="Try again").click()
    expect(page.locator("#activity").get_by_role("button", name="Try again")).to_have_count(0)
    context.close()


@pytest.mark.parametrize("path", ["/requests", "/health"])
def test_it_fits_a_telephone(page_of: PageOf, asked: dict[str, str], path: str) -> None:
    page = page_of("olga", theme="dark", width=360, height=740)
    page.goto(f"/stocks{path}")
    settled(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.evaluate("innerWidth")
    assert violations(page) == []
