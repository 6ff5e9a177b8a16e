"""The templates of the pages, and what all of them know."""

from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from include import __version__
from include.pipeline.job_dags import JOB_DAGS
from include.web.pages.files import digest
from include.web.pages.request_form import request_form
from include.web.places import API, PAGES, base_path

# Everything is from this server. Bokeh writes styles into the page, so those alone may stand in it.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'self'; base-uri 'none'; form-action 'none'"
)
TABS = (
    ("jobs", "Jobs", "/"),
    ("screener", "Screener", "/screener"),
    ("watchlists", "Watchlists", "/watchlists"),
    ("track-record", "Track record", "/track-record"),
    ("requests", "Audit", "/requests"),
    ("health", "Health", "/health"),
)


def render(name: str, tab: str | None, **of: Any) -> HTMLResponse:  # noqa: ANN401
    """A page, from the template of its name."""
    root = f"{base_path()}{PAGES}"
    known = {
        "module": name,
        "tab": tab,
        "tabs": TABS,
        "root": root,
        "files": f"{root}/files/{digest()}",
        "api": f"{base_path()}{API}",
        "airflow": base_path(),
        "version": __version__,
    }
    page = environment().get_template(f"{name}.html").render(known | of)
    return HTMLResponse(page, headers={"Content-Security-Policy": POLICY})


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Where the templates are from; a value is text in HTML, whatever it holds, and a missing one is an error."""
    made = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    made.globals |= {"request_form": request_form, "job_dags": JOB_DAGS}
    return made
