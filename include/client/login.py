"""Who asks: a token of Airflow's login, taken with user and password when it is needed, and again when it expires."""

from collections.abc import Generator

import httpx

from include.client.errors import UNAUTHORIZED, ApiError, UnexpectedAnswerError
from include.client.reading import error_of

Flow = Generator[httpx.Request, httpx.Response, None]


class Login(httpx.Auth):
    """Signs every call of a client. With a ready token alone it cannot take another one."""

    def __init__(self, url: str, user: str | None, password: str | None, token: str | None) -> None:
        if token is None and (user is None or password is None):
            raise ValueError("a client needs a token, or a user and a password")
        self._door, self._user, self._password = f"{url.rstrip('/')}/auth/token", user, password
        self._token = token

    def sync_auth_flow(self, request: httpx.Request) -> Flow:
        """Sign a request. Not `auth_flow`: that would read a stream to its end before anybody gets it."""
        used = self._token
        if used is None:
            yield from self._renew()
        answer = yield self._signed(request)
        if answer.status_code == UNAUTHORIZED and used is not None and self._password is not None:
            yield from self._renew()
            yield self._signed(request)

    def _renew(self) -> Flow:
        said = {"username": self._user, "password": self._password}
        answer = yield httpx.Request("POST", self._door, json=said)
        answer.read()
        if answer.status_code == UNAUTHORIZED:
            message = f"the user {self._user} or the password is wrong"
            raise ApiError(status=UNAUTHORIZED, code="UNAUTHORIZED", message=message)
        if not answer.is_success:
            raise error_of(answer)
        try:
            self._token = str(answer.json()["access_token"])
        except (ValueError, KeyError, TypeError) as error:
            raise UnexpectedAnswerError(f"{self._door} answers without a token: is it Airflow's?") from error

    def _signed(self, request: httpx.Request) -> httpx.Request:
        request.headers["Authorization"] = f"Bearer {self._token}"
        return request
