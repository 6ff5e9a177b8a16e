"""One route for each page. A page knows who looks at it and what it is of; everything else its module asks the API."""

from collections.abc import Callable
from dataclasses import dataclass

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from include.web.access import MayRead, ViewerDep, rights_of
from include.web.pages.templates import render

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """`name` is that of its template and of its module, `tab` what stands in the navigation above it."""

    path: str
    name: str
    tab: str


PAGES = (
    Page(path="/", name="jobs", tab="jobs"),
    Page(path="/jobs/{job_id}", name="job", tab="jobs"),
    Page(path="/runs/{dag_id}/{job_id}", name="run", tab="jobs"),
    Page(path="/screener", name="screener", tab="screener"),
    Page(path="/tickers/{ticker}", name="stock", tab="screener"),
    Page(path="/watchlists", name="watchlists", tab="watchlists"),
    Page(path="/watchlists/{watchlist}", name="watchlist", tab="watchlists"),
    Page(path="/notifications", name="notifications", tab="watchlists"),
    Page(path="/track-record", name="track-record", tab="track-record"),
    Page(path="/requests", name="requests", tab="requests"),
    Page(path="/health", name="health", tab="health"),
)


def showing(page: Page) -> Callable[..., HTMLResponse]:
    """The function that answers with a page."""

    def show(request: Request, user: GetUserDep, viewer: ViewerDep) -> HTMLResponse:
        return render(page.name, page.tab, of=request.path_params, viewer=viewer, rights=rights_of(user))

    return show


for one in PAGES:
    router.get(one.path, name=one.name, dependencies=[MayRead])(showing(one))
