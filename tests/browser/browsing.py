"""A browser as a person uses it, and what no page of ours may do in it."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Frame, Page, Request, Response

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@dataclass
class Watched:
    """What goes wrong in a browser while nobody looks: errors in its console, and calls of other hosts."""

    site: str
    seen: list[str] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.seen.append(f"error: {error.error}"))
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        ours = "/stocks/" in message.location.get("url", "")
        # What the API refuses is no error of a page, and the browser says it whatever the page does.
        refused = "Failed to load resource" in message.text
        if message.type == "error" and ours and not refused:
            self.seen.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc != urlsplit(self.site).netloc:
            self.seen.append(f"another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500 and "/stocks" in response.url:
            self.seen.append(f"{response.status}: {response.url}")


def violations(page: Page | Frame) -> list[str]:
    """What axe has against a page: the rule, how bad it is, and where."""
    found: dict[str, Any] = Axe().run(page, options=RULES).response  # type: ignore[arg-type]
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:200]} {node.get('failureSummary', '')}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
