"""A whole installation with some users for each file of tests, and a real browser for each of them."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.browser import browser as open_browser
from local import users
from local.home import Home
from local.stack import Stack, stack
from tests.browser.browsing import Watched
from tests.end_to_end.conftest import PATIENT

PEOPLE = {"ann": "user", "bob": "user", "vic": "viewer", "olga": "op"}  # beside admin
PATIENCE = 60_000  # milliseconds; a machine that does other things too takes its time
PageOf = Callable[..., Page]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("stack")
    home = Home(folder.resolve())
    home.make()
    for name, role in PEOPLE.items():  # before the start: the API server reads them then
        users.save(home, name, role)
    with stack(folder, PATIENT) as running:
        yield running


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE)
    with open_browser() as started:
        yield started


@pytest.fixture
def page_of(site: Stack, browser: Browser) -> Iterator[PageOf]:
    """A page of somebody who is signed in: `page_of("ann", theme="dark", width=360)`.

    The test fails when a page said an error to the console or asked another host.
    """
    watched, contexts = Watched(site.url), []

    def make(user: str | None = "ann", theme: str = "light", width: int = 1280, height: int = 900) -> Page:
        context = browser.new_context(
            base_url=site.url, color_scheme=theme, viewport={"width": width, "height": height}, accept_downloads=True
        )
        contexts.append(context)
        watched.watch(context)
        context.set_default_timeout(PATIENCE)
        if user is not None:
            context.add_cookies([{"name": "_token", "value": site.token(user), "url": site.url}])
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    assert watched.seen == []
