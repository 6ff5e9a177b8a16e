"""Digests as messages for a chat: Slack-like JSON to the one address that an operator has set."""

import logging
from types import TracebackType
from typing import Any, Self

import httpx
from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowException

from include.jobs.digests import chat_text_of
from include.model.notifications import Notification, ReceiverAwayError, RefusedError

TIMEOUT_SECONDS = 20.0
LATER = (408, 425, 429)  # and all from 500 on: the receiver itself, not this message
LONGEST_ANSWER = 200  # characters that an error repeats

# Its lines have the whole address, and that of a chat is its password.
logging.getLogger("httpx").setLevel(logging.WARNING)


class Webhook:
    """Posts to the address of one Airflow connection, and to no other: it follows no redirect."""

    def __init__(self, connection_id: str) -> None:
        self._connection_id = connection_id
        self._client = httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)
        self._target: dict[str, Any] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.close()

    def __call__(self, notification: Notification) -> None:
        """Send a notification. Raises RefusedError for it alone, ReceiverAwayError when nothing goes through."""
        target = self._find_target()
        target["headers"]["Idempotency-Key"] = str(notification.message_id)
        try:
            answer = self._client.post(json={"text": chat_text_of(notification.digest)}, **target)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ReceiverAwayError(f"the webhook does not answer: {type(error).__name__}: {error}") from error
        if not answer.is_success:
            words = f"the webhook answered {answer.status_code}: {answer.text[:LONGEST_ANSWER]}"
            is_away = answer.is_server_error or answer.status_code in LATER
            raise ReceiverAwayError(words) if is_away else RefusedError(words)

    def _find_target(self) -> dict[str, Any]:
        if self._target is None:
            try:
                self._target = target_of(BaseHook.get_connection(self._connection_id))
            except (AirflowException, ValueError) as error:
                raise ReceiverAwayError(f"the connection {self._connection_id} cannot be used: {error}") from error
        return self._target


def target_of(connection: Any) -> dict[str, Any]:  # noqa: ANN401
    """Where a connection leads: its host may be a whole address, as a chat gives it.

    With a login it is used with the password; a password alone is a bearer token.
    """
    host = connection.host or ""
    address = host if "://" in host else f"{connection.schema or 'https'}://{host}"
    url = httpx.URL(address)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("its host must be an address of http or https")
    url = url.copy_with(port=connection.port) if connection.port else url
    headers = {} if connection.login or not connection.password else {"Authorization": f"Bearer {connection.password}"}
    auth = (connection.login, connection.password or "") if connection.login else None
    return {"url": url, "headers": headers, "auth": auth}
