"""What users want to be told, and where: checked before it is kept."""

from typing import Any

from email_validator import EmailNotValidError, validate_email

from include.model.errors import FieldProblem, InvalidRequestError
from include.model.notifications import Preferences
from include.storage.connection import Connection
from include.storage.notifications import change_preferences

NOWHERE = "there is no way to tell you: give an email address, or switch the webhook on"


def change(connection: Connection, owner: str, changes: dict[str, Any]) -> Preferences:
    """Change what `changes` has of a user's preferences; raises InvalidRequestError, and nothing is changed then."""
    with connection.transaction():
        wanted = change_preferences(connection, owner, changes)
        if wanted.enabled and not wanted.channels:
            raise InvalidRequestError([FieldProblem("enabled", True, NOWHERE)])
    return wanted


def checked_address(raw: str) -> str:
    """An email address as servers write it, also one of a network of its own; raises ValueError with what is wrong.

    Nobody is asked whether there is such a mailbox.
    """
    try:
        found = validate_email(raw, check_deliverability=False, globally_deliverable=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise ValueError(f"is no email address: {error}") from error
    return found.ascii_email or found.normalized
