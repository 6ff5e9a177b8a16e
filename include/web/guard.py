"""What is refused before a route sees it: bodies too large or not JSON, and what another site made a browser send."""

from collections.abc import Callable
from urllib.parse import urlsplit

from airflow.configuration import conf
from fastapi import status
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from include.web.errors import refuse

MOST_BYTES = 1_000_000
TOO_LARGE = f"a request may have {MOST_BYTES} bytes"
NOT_JSON = "what changes something is sent as application/json, also without a body"
OTHER_SITE = "a request that a browser's login stands for must come from this site: its Origin is missing or another"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class Guard:
    """Refuses such requests of one application, whichever route they are for, in the shape that `answer` gives."""

    def __init__(self, app: ASGIApp, answer: Callable[[int, str], ASGIApp] = refuse) -> None:
        self._app, self._answer = app, answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif refusal := _refusal(scope):
            await self._answer(*refusal)(scope, receive, send)
        else:
            await self._app(scope, _limited(receive), send)


def _refusal(scope: Scope) -> tuple[int, str] | None:
    headers = Headers(scope=scope)
    # PostgreSQL has no character 0 in its texts, and so no id of ours has it.
    if "\0" in scope["path"] or b"%00" in scope["query_string"]:
        return status.HTTP_400_BAD_REQUEST, "an address has no character 0"
    if _length(headers) > MOST_BYTES:
        return status.HTTP_413_CONTENT_TOO_LARGE, TOO_LARGE
    if scope["method"] in SAFE_METHODS:
        return None
    by_token = headers.get("authorization", "").lower().startswith("bearer ")
    by_cookie = "cookie" in headers and not by_token
    if by_cookie and not _is_from_here(headers):
        return status.HTTP_403_FORBIDDEN, OTHER_SITE
    if (by_cookie or _has_body(headers)) and not _is_json(headers):
        return status.HTTP_415_UNSUPPORTED_MEDIA_TYPE, NOT_JSON
    return None


def _length(headers: Headers) -> int:
    said = headers.get("content-length", "0")
    return int(said) if said.isascii() and said.isdigit() else 0  # the server itself refuses what is no number


def _has_body(headers: Headers) -> bool:
    return _length(headers) > 0 or "transfer-encoding" in headers


def _is_json(headers: Headers) -> bool:
    """As FastAPI sees it, and so Airflow."""
    main, _, sub = headers.get("content-type", "").partition(";")[0].strip().lower().partition("/")
    return main == "application" and (sub == "json" or sub.endswith("+json"))


def _is_from_here(headers: Headers) -> bool:
    """Whether a browser says that a page of this server asks. Airflow's cookie has no token that would show it."""
    if headers.get("sec-fetch-site") == "same-origin":  # said by browsers alone, over HTTPS, and right behind any proxy
        return True
    origin = urlsplit(headers.get("origin", "")).netloc
    # Behind a proxy the Host may be the inner one; then only Airflow's setting knows the address that people use.
    return bool(origin) and origin in (headers.get("host"), urlsplit(conf.get("api", "base_url", fallback="")).netloc)


def _limited(receive: Receive) -> Receive:
    """The body as it arrives, up to the limit: a streamed one does not say its length."""
    received = 0

    async def receive_limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MOST_BYTES:
            raise HTTPException(status.HTTP_413_CONTENT_TOO_LARGE, TOO_LARGE)
        return message

    return receive_limited
