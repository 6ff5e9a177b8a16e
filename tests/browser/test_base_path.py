"""The pages where Airflow is served under a path of its host, as behind a proxy that others share."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from local import users
from local.stack import Stack, stack
from tests.browser.browsing import Watched
from tests.end_to_end.airflow import Airflow

BASE = "/airflow"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    settings = {"AIRFLOW__API__BASE_URL": f"http://127.0.0.1{BASE}"}
    with stack(tmp_path_factory.mktemp("stack"), settings) as running:
        yield running


def test_everything_of_a_page_is_found_under_the_base_path(site: Stack, browser: Browser) -> None:
    with Airflow(site) as airflow:
        job = airflow.request(tickers=["JPM"], data_source="sample")
        airflow.wait(job)
    watched = Watched(site.url)
    with browser.new_context(base_url=site.url) as context:
        watched.watch(context)
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url.removeprefix(site.url.removesuffix(BASE))))
        page.goto(f"{site.url}/stocks/")
        page.get_by_label("username").fill("admin")
        page.locator("input[type=password]").fill(users.password(site.home))
        page.get_by_role("button", name="Sign in").click()
        expect(page).to_have_url(f"{site.url}/stocks/")
        page.locator(f"main a[href$='/stocks/jobs/{job}']").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(job)
        page.get_by_role("link", name="JPM").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("JPM")
        for name in ("Screener", "Watchlists", "Audit", "Health", "Jobs"):
            page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
            expect(page.get_by_role("heading", level=1)).to_be_visible()
        outside = [path for path in asked if not path.startswith(f"{BASE}/")]
        assert outside == []
    assert watched.seen == []
