"""A real browser for benchmarks and tests of the pages: Debian's, as Playwright's own would come from another host."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

# Off is what asks Google's hosts by itself.
SWITCHES = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Where the browser is. Raises LookupError with what to install."""
    named = os.environ.get("BELLWETHER_CHROMIUM")
    found = named or next((path for path in map(shutil.which, NAMES) if path), None)
    if found is None:
        raise LookupError("this needs a browser: apt-get install chromium, or say BELLWETHER_CHROMIUM=/path")
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser without a window, closed at the end of the block."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=SWITCHES)
        try:
            yield started
        finally:
            started.close()
