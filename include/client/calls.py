"""The way to a server: signed, tried again where that is safe, and read as values or errors."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote

import httpx
from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_before_delay, wait_random_exponential

from include.client.answers import Page
from include.client.errors import UNAVAILABLE, ApiError, BadInputError, NoAnswerError
from include.client.login import Login
from include.client.reading import error_of, value_of

log = logging.getLogger(__name__)

T = TypeVar("T")

API = "/api/stocks"
ANSWER_SECONDS = 30.0
CONNECT_SECONDS = 5.0
MOST_OF_A_PAGE = 500
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
LOST = (httpx.TimeoutException, httpx.NetworkError, httpx.RemoteProtocolError, httpx.ProxyError)
NEVER_BY_PROXY: Mapping[str, None] = {"all://127.0.0.1": None, "all://localhost": None}

_growing = wait_random_exponential(multiplier=0.2, max=5)
_sleep = time.sleep  # tests do not wait


class Calls:
    """Calls of one server. What is lost or answered 503 is tried again for `patience` seconds."""

    def __init__(self, url: str, login: Login, patience: float) -> None:
        self.url, self.patience = url.rstrip("/"), patience
        self._http = httpx.Client(base_url=self.url, auth=login, timeout=_timeout(), mounts=NEVER_BY_PROXY)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, shape: TypeAdapter[T], within: float | None = None, **params: Any) -> T:  # noqa: ANN401
        """What is at a path, asked for no longer than `within` seconds."""
        return value_of(self.send("GET", path, params=params, within=within), shape)

    def items(self, path: str, shape: TypeAdapter[Page[T]], most: int | None, **params: Any) -> Iterator[T]:  # noqa: ANN401
        """The items of a list, page after page, `most` of them at most."""
        left = most
        cursor: str | None = None
        while left is None or left > 0:
            limit = MOST_OF_A_PAGE if left is None else min(left, MOST_OF_A_PAGE)
            page = self.get(path, shape, **params, limit=limit, cursor=cursor)
            yield from page.items
            left, cursor = (None if left is None else left - len(page.items)), page.next_cursor
            if cursor is None:
                return

    def send(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,  # noqa: ANN401
        params: Mapping[str, Any] | None = None,
        repeatable: bool = True,
        within: float | None = None,
    ) -> httpx.Response:
        """The answer to a call, raised if it is an error.

        Where doing it twice is not the same (`repeatable` false), it is tried again only when the first try cannot
        have been done: no connection, or 503.
        """
        patience = self.patience if within is None else min(self.patience, within)
        request = self._request(method, path, params or {}, json=to_jsonable_python(json), timeout=_timeout(within))
        try:
            answer: httpx.Response = _retrying(patience, repeatable)(self._once, request)
        except httpx.TransportError as error:
            raise NoAnswerError(f"{self.url} does not answer: {_words(error)}") from error
        return answer

    def once(self, path: str) -> httpx.Response:
        """What is answered at a path now, whether it is an error or not."""
        try:
            return self._http.get(API + path)
        except httpx.TransportError as error:
            raise NoAnswerError(f"{self.url} does not answer: {_words(error)}") from error

    @contextmanager
    def lines(self, path: str, headers: Mapping[str, str], silence: float) -> Iterator[Iterator[str]]:
        """The lines of a stream as they arrive; one that is silent for longer is lost. Nothing is tried again."""
        timeout = httpx.Timeout(silence, connect=CONNECT_SECONDS)
        with self._http.stream("GET", API + path, headers=dict(headers), timeout=timeout) as answer:
            if not answer.is_success:
                answer.read()
                raise error_of(answer)
            yield answer.iter_lines()

    def download(self, path: str, params: Mapping[str, Any], out: BinaryIO) -> int:
        """Write an answer of any length to a file, from its beginning with every try; returns its bytes."""
        request = self._request("GET", path, params, timeout=_timeout())
        try:
            written: int = _retrying(self.patience, repeatable=True)(self._write, request, out)
        except httpx.TransportError as error:
            raise NoAnswerError(f"{self.url} does not answer: {_words(error)}") from error
        return written

    def _write(self, request: httpx.Request, out: BinaryIO) -> int:
        out.seek(0)
        out.truncate()
        answer = self._http.send(request, stream=True)
        with closing(answer):
            if not answer.is_success:
                answer.read()
                raise error_of(answer)
            for piece in answer.iter_bytes():
                out.write(piece)
        return out.tell()

    def _request(self, method: str, path: str, params: Mapping[str, Any], **how: Any) -> httpx.Request:  # noqa: ANN401
        known = {name: value for name, value in params.items() if value is not None}
        return self._http.build_request(method, API + path, params=to_jsonable_python(known), **how)

    def _once(self, request: httpx.Request) -> httpx.Response:
        answer = self._http.send(request)
        if not answer.is_success:
            raise error_of(answer)
        return answer


def segment(text: str) -> str:
    """A text as one part of a path. What would lead to another path is refused."""
    if text in ("", ".", ".."):
        raise BadInputError(f"{text!r} cannot be the name of anything")
    return quote(text, safe="")


def _timeout(within: float | None = None) -> httpx.Timeout:
    longest = ANSWER_SECONDS if within is None else min(within, ANSWER_SECONDS)
    return httpx.Timeout(longest, connect=min(longest, CONNECT_SECONDS))


def _retrying(patience: float, repeatable: bool) -> Retrying:
    def is_worth_it(error: BaseException) -> bool:
        if isinstance(error, ApiError):
            return error.status == UNAVAILABLE
        return isinstance(error, LOST if repeatable else NEVER_SENT)

    return Retrying(
        retry=retry_if_exception(is_worth_it),
        wait=_pause,
        stop=stop_before_delay(patience),
        sleep=lambda seconds: _sleep(seconds),
        before_sleep=_say,
        reraise=True,
    )


def _pause(state: RetryCallState) -> float:
    """As long as the server asks for, and a little more, so that not all come back at once."""
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, ApiError) else None
    return (asked or 0.0) + _growing(state)


def _say(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("no answer (%s); trying again (%d)", _words(error), state.attempt_number)


def _words(error: BaseException | None) -> str:
    return str(error) or type(error).__name__
