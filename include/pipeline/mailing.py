"""Digests as mails, through Airflow's SMTP connection."""

import smtplib
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from types import TracebackType
from typing import Any, Self

from airflow.providers.smtp.hooks.smtp import SmtpHook
from airflow.sdk.exceptions import AirflowException

from include.jobs.digests import mail_of
from include.model.notifications import Notification, ReceiverAwayError, RefusedError

SERVICE_CLOSING = 421  # what a server says that hangs up, whatever was asked
CANNOT_CONNECT = (OSError, smtplib.SMTPException, AirflowException)


class Mailer:
    """Sends mails over one connection, which is made for the first one and again when it is lost."""

    def __init__(self, connection_id: str) -> None:
        self._connection_id = connection_id
        self._hook: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._hang_up()

    def __call__(self, notification: Notification) -> None:
        """Send a notification. Raises RefusedError for it alone, ReceiverAwayError when no mail goes through."""
        hook = self._connect()
        message = message_of(notification, hook.from_email)
        try:
            hook._smtp_client.send_message(message)  # the hook's own way has no text beside the HTML
        except smtplib.SMTPRecipientsRefused as error:
            code, said = next(iter(error.recipients.values()))
            self._give_up(code, said, error)
        except smtplib.SMTPSenderRefused as error:
            self._hang_up()
            raise ReceiverAwayError(
                f"the server refuses the sender: {_words(error.smtp_code, error.smtp_error)}"
            ) from error
        except smtplib.SMTPResponseException as error:
            self._give_up(error.smtp_code, error.smtp_error, error)
        except smtplib.SMTPNotSupportedError as error:
            raise RefusedError(str(error)) from error
        except (OSError, smtplib.SMTPException) as error:
            self._hang_up()
            raise ReceiverAwayError(f"the connection was lost: {error}") from error

    def _connect(self) -> Any:  # noqa: ANN401
        if self._hook is None:
            hook = SmtpHook(smtp_conn_id=self._connection_id)
            try:
                hook.get_conn()
            except CANNOT_CONNECT as error:
                raise ReceiverAwayError(f"no connection to the mail server: {error}") from error
            self._hook = hook
        if not self._hook.from_email:
            raise ReceiverAwayError(f"the connection {self._connection_id} says no from_email")
        return self._hook

    def _give_up(self, code: int, said: bytes | str, error: Exception) -> None:
        words = _words(code, said)
        if code == SERVICE_CLOSING:
            self._hang_up()
            raise ReceiverAwayError(words) from error
        raise RefusedError(words) from error

    def _hang_up(self) -> None:
        hook, self._hook = self._hook, None
        if hook is not None:
            hook._smtp_client.close()


def message_of(notification: Notification, sender: str) -> EmailMessage:
    """The mail of a notification, with text and HTML; its Message-ID is the same for every try."""
    mail = mail_of(notification.digest)
    message = EmailMessage(policy=SMTP)
    message["Subject"] = mail.subject
    message["From"] = sender
    message["To"] = _address(notification.email)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{notification.message_id}@bellwether>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def _address(email: str | None) -> Address:
    try:
        return Address(addr_spec=email or "")
    except (ValueError, IndexError) as error:
        raise RefusedError(f"{email!r} is no address") from error


def _words(code: int, said: bytes | str) -> str:
    return f"{code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
