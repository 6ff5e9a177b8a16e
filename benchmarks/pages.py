"""What the pages cost in a real browser where a million results are stored: paint, bytes, a click, memory of the tab.

The DAG is paused, as in the benchmark of the API, and the large job has a batch done.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, Page, expect

from benchmarks.api import RESULTS, STORED
from benchmarks.browser import browser, chromium
from benchmarks.figures import Figure, high_figure, middle
from benchmarks.jobs import HUNDRED, MANY, body_of, demand_of, held_back, hold, real_outcomes
from benchmarks.past import fill, name_of, take_time
from include.storage.connection import connect
from local.processes import memory_of_tree
from local.stack import Stack

ROUNDS = 10
KILOBYTE, MEGABYTE = 1000, 2**20
PAINT_GOAL, WIRE_GOAL, CLICK_GOAL, TAB_GOAL = 1000, 400, 100, 200
CHARTS = "bokeh"

# Resolves when what was clicked shows another first row, after the browser has painted it.
CLICK = """async (selector) => {
  const start = performance.now();
  const changed = new Promise((done) => new MutationObserver(done).observe(document.querySelector("main"), {
    childList: true, subtree: true, attributes: true }));
  document.querySelector(selector).click();
  await changed;
  const busy = () => document.querySelector("main [aria-busy=true]");
  while (busy()) await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  return performance.now() - start;
}"""
PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


@dataclass
class Wire:
    """The bytes that came for a page, as they were sent, but for the charts' library."""

    kilobytes: float = 0.0
    _charts: set[str] = field(default_factory=set)

    def listen(self, page: Page) -> None:
        """Count what comes from now on."""
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.responseReceived", self._received)
        session.on("Network.loadingFinished", self._finished)

    def _received(self, event: Mapping[str, object]) -> None:
        response = event["response"]
        if isinstance(response, Mapping) and CHARTS in str(response["url"]):
            self._charts.add(str(event["requestId"]))

    def _finished(self, event: Mapping[str, object]) -> None:
        if event["requestId"] not in self._charts:
            self.kilobytes += float(str(event["encodedDataLength"])) / KILOBYTE


def measure() -> list[Figure]:
    """All figures, from a stack that is made, filled, looked at and thrown away."""
    chromium()  # says what is missing before minutes are spent
    with held_back() as (running, client), connect(running.database_url()) as connection:
        with connect(running.database_url("stocks_owner")) as owner:
            take_time(owner)
            fill(owner, STORED, demand_of(body_of(HUNDRED)).request, real_outcomes()[0])
        job = hold(client, connection, body_of(MANY)).claim.run.job_id
        with browser() as started:
            return [*_painting(running, started, job), *_clicking(running, started), *_memory(running, started, job)]


def pages(job: str) -> Mapping[str, str]:
    """Every page by what it is called here."""
    return {
        "jobs": "/stocks/",
        f"job of {len(MANY):,} tickers": f"/stocks/jobs/{job}",
        f"screener, {RESULTS:,} results": "/stocks/screener",
        "stock": f"/stocks/tickers/{name_of(1)}?data_source=demo",
        "watchlists": "/stocks/watchlists",
        "audit": "/stocks/requests",
        "health": "/stocks/health",
    }


@contextmanager
def _signed_in(running: Stack, started: Browser) -> Iterator[BrowserContext]:
    """A browser that has seen nothing of the site yet, with a login."""
    with started.new_context(base_url=running.url, viewport={"width": 1280, "height": 900}) as context:
        context.add_cookies([{"name": "_token", "value": running.token(), "url": running.url}])
        yield context


def _painting(running: Stack, started: Browser, job: str) -> Iterator[Figure]:
    for name, path in pages(job).items():
        paints, wires = [], []
        for _ in range(ROUNDS):
            with _signed_in(running, started) as context:
                page, wire = context.new_page(), Wire()
                wire.listen(page)
                page.goto(path)
                expect(page.locator("main [aria-busy=true]")).to_have_count(0)
                paints.append(float(page.evaluate(PAINT)))
                wires.append(wire.kilobytes)
        yield high_figure(f"first paint, {name}", paints, PAINT_GOAL)
        yield Figure(name=f"over the wire, {name}", value=middle(wires), unit="kB", goal=WIRE_GOAL)


def _clicking(running: Stack, started: Browser) -> Iterator[Figure]:
    """Every other click sorts the other way; the answer of the API is part of it."""
    with _signed_in(running, started) as context:
        page = context.new_page()
        page.goto("/stocks/screener")
        page.wait_for_selector("tbody tr")
        taken = [float(page.evaluate(CLICK, "th button.sort")) for _ in range(3 * ROUNDS)]
    yield high_figure("a click that sorts the screener anew", taken, CLICK_GOAL)


def _memory(running: Stack, started: Browser, job: str) -> Iterator[Figure]:
    with _signed_in(running, started) as context:
        page = context.new_page()
        page.goto(f"/stocks/jobs/{job}")
        page.wait_for_selector("tbody tr")
        found = started.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
        tabs = [memory_of_tree(one["id"]).bytes / MEGABYTE for one in found if one["type"] == "renderer"]
        name = f"memory of the tab, job of {len(MANY):,} tickers"
        yield Figure(name=name, value=max(tabs), unit="MB", goal=TAB_GOAL)
