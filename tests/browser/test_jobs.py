"""Jobs in a browser: a new one from the form, one as it goes on, why tickers failed, and who may do what."""

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from include.storage.connection import connect
from include.storage.jobs import finalize_job
from local.stack import Stack
from tests.browser.analysed import analyse
from tests.browser.browsing import violations
from tests.browser.conftest import PageOf
from tests.end_to_end.airflow import RUNS, Airflow
from tests.storage.demands import begun, demand

FAILING = ["JPM", "NOPE", "GONE", "IBM"]
MANY = 10_000
MEGABYTE = 1024 * 1024
AS_IT_WAS_LONG_AGO = {"data_source": "sample", "as_of": "2010-03-05"}


@pytest.fixture(scope="module")
def ended(site: Stack) -> str:
    """A job of ann's with two tickers that the sample does not have."""
    return analyse(site, tickers=FAILING, data_source="sample")


@pytest.fixture
def paused(site: Stack) -> Iterator[Airflow]:
    """What is asked for stays queued while a test looks."""
    with Airflow(site) as admin, Airflow(site, "ann") as ann, admin.paused():
        yield ann
        for job in admin.http.get("/api/stocks/progress?limit=100").json()["items"]:
            if job["status"] == "queued":
                cancelled = admin.http.post(f"/api/stocks/jobs/{job['job_id']}/cancel", json={})
                cancelled.raise_for_status()


def ask(ann: Airflow, **fields: object) -> str:
    return str(ann.http.post("/api/stocks/jobs", json=fields).raise_for_status().json()["job_id"])


def jobs_of(user: Airflow) -> set[str]:
    return {job["job_id"] for job in user.http.get("/api/stocks/jobs?limit=500").json()["items"]}


def form_of(page: Page, query: str = "") -> Locator:
    """The form, filled in by the address."""
    page.goto(f"/stocks/?new&{query}")
    form = page.get_by_role("dialog", name="New analysis")
    expect(form.get_by_label("Tickers", exact=True)).to_be_focused()
    return form


def start(form: Locator) -> None:
    form.get_by_role("button", name="Start the analysis").click()


def tickers(page: Page) -> Locator:
    return page.locator("#details tbody th")


def test_two_clicks_on_start_are_one_job_that_is_followed_to_its_end(site: Stack, page_of: PageOf) -> None:
    page = page_of("ann")
    with Airflow(site, "ann") as ann:
        before = jobs_of(ann)
        page.goto("/stocks/")
        page.get_by_role("button", name="New analysis").click()
        form = page.get_by_role("dialog", name="New analysis")
        form.get_by_label("Tickers", exact=True).fill("jpm, IBM\n KO;HD ibm")
        expect(form.get_by_text("4 tickers, 1 repetition left out")).to_be_visible()
        form.get_by_label("Prices from").select_option("sample")
        form.get_by_role("button", name="Start the analysis").dblclick()
        page.wait_for_url(re.compile("/stocks/jobs/"))
        expect(page.locator("#progress")).to_contain_text("All 4 tickers have their result", timeout=180_000)
        expect(tickers(page)).to_have_text(["HD", "IBM", "JPM", "KO"])
        expect(page.locator("#details .verdict")).to_have_count(4)
        assert len(jobs_of(ann) - before) == 1


def test_what_is_wrong_stands_beside_its_field_until_that_is_changed(page_of: PageOf) -> None:
    page = page_of("ann")
    form = form_of(page, "tickers=JPM&capital=-5&min_risk_reward=99")
    start(form)
    capital, reward = form.get_by_label("Capital"), form.get_by_label("Least reward for the risk")
    expect(capital).to_be_focused()  # in a section that was closed
    expect(capital).to_have_accessible_description(re.compile("greater than 0"))
    expect(reward).to_have_attribute("aria-invalid", "true")
    assert violations(page) == []
    capital.fill("50000")
    expect(capital).not_to_have_attribute("aria-invalid", "true")
    reward.fill("")
    start(form)
    expect(reward).to_have_accessible_description(re.compile("valid number"))


def test_every_bad_ticker_is_named(page_of: PageOf) -> None:
    form = form_of(page_of("ann"), "tickers=JPM,I!BM,%7B%7D")
    start(form)
    expect(form.locator("#wrong-tickers")).to_contain_text("I!BM")
    expect(form.locator("#wrong-tickers")).to_contain_text("{}")
    expect(form.get_by_label("Tickers", exact=True)).to_be_focused()


def test_what_can_be_chosen_is_explained(page_of: PageOf) -> None:
    form = form_of(page_of("ann"), "universe=sample_leaders&strategy=momentum_breakout")
    expect(form.locator("[data-field=universe] .about")).to_contain_text("42 tickers")
    about = form.locator("[data-field=strategy] .about")
    about.get_by_text("Its rules").click()
    expect(about.get_by_role("listitem").first).to_be_visible()


def test_equal_work_is_shown_as_what_it_is_and_can_be_run_all_the_same(page_of: PageOf, paused: Airflow) -> None:
    first = ask(paused, tickers=["IBM", "KO"], **AS_IT_WAS_LONG_AGO)
    page = page_of("ann")
    form = form_of(page, "tickers=KO,IBM&data_source=sample&as_of=2010-03-05")
    start(form)
    expect(form.get_by_text("This is waiting to begin.")).to_be_visible()
    there = form.get_by_role("link", name="Take me there")
    expect(there).to_be_focused()
    assert (there.get_attribute("href") or "").endswith(f"/stocks/jobs/{first}")
    before = jobs_of(paused)
    form.get_by_role("button", name="Run it anyway").click()
    page.wait_for_url(re.compile("/stocks/jobs/"))
    assert page.url.rsplit("/", 1)[1] not in {first, *before}


def test_who_has_too_many_jobs_is_led_to_the_oldest(page_of: PageOf, paused: Airflow) -> None:
    days = [f"2010-{month:02}-{day:02}" for month in (2, 3) for day in range(1, 20) if day % 7 not in (6, 0)]
    made = [
        paused.http.post("/api/stocks/jobs", json={"tickers": ["T"], "data_source": "sample", "as_of": day})
        for day in days
    ]
    oldest = made[0].raise_for_status().json()["job_id"]
    assert made[-1].status_code == 429
    form = form_of(page_of("ann"), "tickers=IBM&data_source=sample&as_of=2010-01-04")
    start(form)
    expect(form.get_by_text("You have as many active jobs as one user may have, 20.")).to_be_visible()
    link = form.get_by_role("link", name="the oldest is here")
    assert (link.get_attribute("href") or "").endswith(f"/stocks/jobs/{oldest}")


def test_an_answer_that_was_lost_is_asked_for_again_without_a_second_job(page_of: PageOf, paused: Airflow) -> None:
    page = page_of("ann")
    form = form_of(page, "tickers=MCD&data_source=sample&as_of=2010-01-05")
    before = jobs_of(paused)

    def lose(route: Route) -> None:
        route.fetch()
        route.abort()

    page.route("**/api/stocks/jobs", lose, times=1)
    start(form)
    expect(form.get_by_text("The server did not answer.")).to_be_visible()
    start(form)
    page.wait_for_url(re.compile("/stocks/jobs/"))
    active = paused.http.get("/api/stocks/progress").json()["items"]
    assert [job["job_id"] for job in active if job["job_id"] not in before] == [page.url.rsplit("/", 1)[1]]


def test_active_jobs_come_and_go_by_themselves(page_of: PageOf, paused: Airflow) -> None:
    page = page_of("ann")
    page.goto("/stocks/")
    expect(page.get_by_text("No job is going on.")).to_be_visible()
    job = ask(paused, tickers=["HD"], **AS_IT_WAS_LONG_AGO)
    card = page.locator(".active-job")
    expect(card.get_by_role("link")).to_have_attribute("href", re.compile(re.escape(job)))
    card.get_by_role("button", name="Cancel").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_text("No job is going on.")).to_be_visible()
    expect(page.locator("#recent tbody tr").first).to_contain_text("cancelled")


def test_a_job_is_cancelled_only_when_that_was_meant(page_of: PageOf, paused: Airflow) -> None:
    page = page_of("ann")
    page.goto(f"/stocks/jobs/{ask(paused, tickers=['HD'], **AS_IT_WAS_LONG_AGO)}")
    cancel = page.locator("#actions").get_by_role("button", name="Cancel")
    cancel.click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(cancel).to_be_focused()
    expect(page.locator("#progress .status")).to_contain_text("queued")
    cancel.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the job").click()
    expect(page.locator("#progress .status")).to_contain_text("cancelled")
    expect(cancel).to_have_count(0)


def test_why_tickers_failed_is_said_once_with_what_to_do(page_of: PageOf, ended: str) -> None:
    page = page_of("ann")
    page.goto(f"/stocks/jobs/{ended}")
    expect(page.locator("#progress .status")).to_contain_text("completed with errors")
    group = page.locator(".error-group")
    expect(group).to_contain_text("2 tickers")
    expect(group).to_contain_text("The source does not know the symbol.")
    group.get_by_role("button", name="Show them below").click()
    expect(tickers(page)).to_have_text(["GONE", "NOPE"])
    assert parse_qs(urlsplit(page.url).query) == {"error_code": ["unknown_ticker"]}
    page.go_back()
    expect(tickers(page)).to_have_text(["GONE", "IBM", "JPM", "NOPE"])
    page.get_by_label("Order").select_option("Slowest first")
    expect(page).to_have_url(re.compile("sort=-seconds"))
    expect(tickers(page)).to_have_count(4)


def test_what_failed_is_retried_and_an_old_job_asked_for_again(page_of: PageOf, ended: str, paused: Airflow) -> None:
    page = page_of("ann")
    page.goto(f"/stocks/jobs/{ended}")
    page.get_by_role("button", name="Retry the 2 failed").click()
    page.wait_for_url(lambda url: "/stocks/jobs/" in url and ended not in url)
    expect(page.locator("#progress .status")).to_contain_text("queued")
    page.goto(f"/stocks/jobs/{ended}")
    page.get_by_role("link", name="Ask again").click()
    expect(page.get_by_label("Tickers", exact=True)).to_have_value("\n".join(sorted(FAILING)))
    expect(page.get_by_label("Prices from")).to_have_value("sample")


def test_only_administrators_delete_a_job(site: Stack, page_of: PageOf) -> None:
    job = analyse(site, tickers=["T"], **AS_IT_WAS_LONG_AGO)
    page = page_of("ann")
    page.goto(f"/stocks/jobs/{job}")
    expect(page.get_by_role("link", name="Ask again")).to_be_visible()
    expect(page.get_by_role("button", name="Delete")).to_have_count(0)
    page = page_of("admin")
    page.goto(f"/stocks/jobs/{job}")
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the job").click()
    page.wait_for_url(re.compile("/stocks/$"))
    page.goto(f"/stocks/jobs/{job}")
    expect(page.get_by_text("There is no such job")).to_be_visible()


def test_a_viewer_is_told_why_there_is_no_button(page_of: PageOf) -> None:
    page = page_of("vic")
    page.goto("/stocks/?new&tickers=JPM")
    expect(page.get_by_text("your login has no right to trigger")).to_be_visible()
    expect(page.get_by_role("button", name="New analysis")).to_have_count(0)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_job_of_somebody_else_is_as_if_there_were_none(page_of: PageOf, ended: str) -> None:
    page = page_of("bob")
    page.goto(f"/stocks/jobs/{ended}")
    expect(page.get_by_text("There is no such job, or it is not for you.")).to_be_visible()
    expect(page.get_by_text("NOPE")).to_have_count(0)


def test_the_list_is_filtered_by_its_address_and_changes_it(page_of: PageOf, ended: str) -> None:
    page = page_of("olga")
    page.goto("/stocks/?status=completed_with_errors&requested_by=ann")
    rows = page.locator("#recent tbody tr")
    expect(rows.first).to_contain_text("completed with errors")
    expect(page.locator(f"#recent a[href$='/jobs/{ended}']")).to_be_visible()
    page.get_by_label("Asked by", exact=True).fill("nobody")
    expect(page.get_by_text("No job is like that.")).to_be_visible()
    expect(page).to_have_url(re.compile("requested_by=nobody"))
    page.go_back()
    expect(rows.first).to_be_visible()
    expect(page.get_by_label("Asked by", exact=True)).to_have_value("ann")


def test_a_run_that_has_joined_another_says_so(page_of: PageOf, paused: Airflow, site: Stack) -> None:
    wanted = {"universe": "sample_leaders", "data_source": "sample", "as_of": "2010-04-06", "batch_size": 1}
    first = ask(paused, **wanted)
    runs = {"dag_run_id": "of-my-own", "logical_date": None, "conf": wanted}
    paused.http.post(RUNS, json=runs).raise_for_status()
    with Airflow(site) as admin:
        admin.pause(False)
        for run in (first, "of-my-own"):
            admin.wait(run)
    page, said = page_of("ann"), []
    for run in (first, "of-my-own"):
        page.goto(f"/stocks/jobs/{run}")
        expect(page.locator("#progress .status")).to_contain_text("completed")
        said.append(page.get_by_text("has joined this job").is_visible())
    assert sorted(said) == [False, True]


def test_a_run_has_its_job_in_a_tab_of_airflows_page(site: Stack, page_of: PageOf) -> None:
    run = "manual__2026-01-05T10:00:00+00:00"
    with Airflow(site, "ann") as ann:
        conf = {"tickers": ["JPM", "NOPE"], "data_source": "sample"}
        ann.http.post(RUNS, json={"dag_run_id": run, "logical_date": None, "conf": conf}).raise_for_status()
        ann.wait(run)
    page = page_of("ann")
    page.goto(f"/dags/analyze_stocks/runs/{quote(run)}/plugin/job")
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", level=1)).to_have_text(f"Job {run}")
    expect(frame.locator("#details tbody th")).to_have_text(["JPM", "NOPE"])
    frame.get_by_role("link", name="Run and logs in Airflow").click()
    page.wait_for_url(lambda url: urlsplit(url).path.endswith(f"/runs/{quote(run, safe='')}"))


def test_a_run_of_another_dag_has_no_job(page_of: PageOf) -> None:
    page = page_of("ann")
    page.goto("/stocks/runs/stocks_housekeeping/scheduled__2026-01-05")
    expect(page.get_by_role("heading", level=1)).to_have_text("This run analyses no stocks")


def test_what_an_address_brings_is_shown_as_text(page_of: PageOf, ended: str) -> None:
    page = page_of("ann")
    bad = quote('"><img src=x onerror=document.title="gone">')
    page.goto(f"/stocks/jobs/{ended}?error_code={bad}")
    expect(page.get_by_text("No ticker is like that.")).to_be_visible()
    form_of(page, f"tickers={bad}&strategy={bad}")
    assert page.locator("img[src=x]").count() == 0
    assert "gone" not in page.title()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_has_nothing_against_a_job_and_the_form(page_of: PageOf, ended: str, theme: str) -> None:
    page = page_of("ann", theme=theme)
    page.goto(f"/stocks/jobs/{ended}")
    expect(page.locator(".error-group")).to_be_visible()
    expect(tickers(page)).to_have_count(4)
    assert violations(page) == []
    form = form_of(page, "tickers=JPM&universe=dow")
    expect(form.locator("[data-field=universe] .about")).to_contain_text("30 tickers")
    assert violations(page) == []


def test_a_job_and_the_form_fit_a_telephone(page_of: PageOf, ended: str) -> None:
    page = page_of("ann", width=360, height=740)
    page.goto(f"/stocks/jobs/{ended}")
    expect(tickers(page)).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    form = form_of(page)
    start_button = form.get_by_role("button", name="Start the analysis")
    expect(start_button).to_be_in_viewport()
    assert form.evaluate("(dialog) => dialog.scrollWidth <= dialog.clientWidth")


@pytest.fixture
def large(site: Stack) -> str:
    """A job of very many tickers, none of which has come to a result."""
    with connect(site.database_url()) as connection:
        begun(connection, "very-many", demand(*(f"T{number:05}.NS" for number in range(MANY))))
        finalize_job(connection, "very-many")
    return "very-many"


def test_a_job_of_ten_thousand_tickers_is_as_light_as_one_page_of_them(page_of: PageOf, large: str) -> None:
    page = page_of("ann")
    page.goto(f"/stocks/jobs/{large}")
    expect(page.locator(".error-group")).to_contain_text("10,000 tickers")
    expect(tickers(page)).to_have_count(25)
    page.get_by_role("button", name="Next").click()
    expect(tickers(page).first).to_have_text("T00025.NS")
    assert page.evaluate("document.getElementsByTagName('*').length") < 2000
    request = page.locator("#request details")
    expect(request).not_to_contain_text("T09999.NS")
    request.get_by_text("10,000 tickers").click()
    expect(request).to_contain_text("T09999.NS")
    assert heap_of(page) < 50 * MEGABYTE


def heap_of(page: Page) -> float:
    """The memory of the page's JavaScript, in bytes."""
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable")
    metrics = session.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "JSHeapUsedSize")
