"""`make screenshots`: a picture of every page, light and dark, of an installation that has been used for some days.

Whoever changes a page looks at all of them; those that the documentation shows are replaced there.
"""

import shutil
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import Browser, Page, expect

from benchmarks.browser import browser
from local.home import ROOT, default_home
from local.stack import Stack, stack
from tests.end_to_end.airflow import Airflow, wait_until

SHOWN = ROOT / "docs" / "images"
DAYS = ("2010-06-01", "2010-06-21", "2010-07-12", "2010-08-13", "2010-08-16", "2010-08-17", "2010-08-19", "2010-08-20")
WIDTH, HEIGHT = 1280, 1080
COLOURS = 192  # a screenshot needs no more, and is a quarter of the size with them


def use(running: Stack) -> dict[str, str]:
    """Some days of use; returns the paths of the pages to show, by name."""
    with Airflow(running) as airflow:
        for day in DAYS:
            airflow.wait(airflow.request(universe="sample_leaders", data_source="sample", as_of=day))
        job = airflow.request(tickers=["JPM", "IBM", "KO", "NOPE", "GONE"], data_source="sample", as_of=DAYS[-1])
        airflow.wait(job)
        body = {"tickers": ["JPM", "IBM", "KO", "HD"], "notes": "after the results"}
        airflow.http.post("/api/stocks/watchlist/banks", json=body).raise_for_status()
        answer = airflow.http.post("/api/stocks/watchlist/banks/analyze", json={"data_source": "sample"})
        airflow.wait(answer.raise_for_status().json()["job_id"])
        _follow_up(airflow)
    return {
        "jobs": "/stocks/",
        "new": "/stocks/?new",
        "job": f"/stocks/jobs/{job}",
        "screener": "/stocks/screener",
        "stock": "/stocks/tickers/JPM?data_source=sample",
        "watchlists": "/stocks/watchlists",
        "watchlist": "/stocks/watchlists/banks",
        "track-record": "/stocks/track-record",
        "audit": "/stocks/requests",
        "health": "/stocks/health",
        "in-airflow": "/plugin/stocks",
        "run": f"/dags/analyze_stocks/runs/{job}/plugin/job",
    }


def _follow_up(airflow: Airflow) -> None:
    """Have the verdicts followed up now, which else waits for its hour."""
    runs = "/api/v2/dags/stocks_track_record/dagRuns"
    made = airflow.http.post(runs, json={"logical_date": None}).raise_for_status().json()["dag_run_id"]
    wait_until(lambda: airflow.http.get(f"{runs}/{made}").json()["state"] == "success", 180)


def take(running: Stack, started: Browser, pages: dict[str, str], folder: Path) -> None:
    """Save a picture of each page in both themes."""
    for theme in ("light", "dark"):
        with started.new_context(
            base_url=running.url, color_scheme=theme, viewport={"width": WIDTH, "height": HEIGHT}
        ) as context:
            context.add_cookies([{"name": "_token", "value": running.token(), "url": running.url}])
            page = context.new_page()
            page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
            for name, path in pages.items():
                page.goto(path)
                settle(page)
                save(page.screenshot(), folder / f"{name}-{theme}.png")


def settle(page: Page) -> None:
    """Wait until a page and the frames in it show what they have."""
    page.wait_for_load_state("networkidle")
    for frame in page.frames:
        expect(frame.locator("[aria-busy=true]")).to_have_count(0)


def save(picture: bytes, file: Path) -> None:
    """Save a picture with few colours."""
    few = Image.open(BytesIO(picture)).convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT)
    few.save(file, optimize=True)


def main() -> None:
    folder = default_home().folder / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="bellwether-pictures-") as home, stack(Path(home) / "home") as running:
        pages = use(running)
        with browser() as started:
            take(running, started, pages, folder)
    for shown in SHOWN.glob("*.png"):
        shutil.copyfile(folder / shown.name, shown)
    print(f"Saved to {folder}")


if __name__ == "__main__":
    main()
