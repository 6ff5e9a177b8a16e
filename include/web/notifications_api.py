"""The routes with which a user says whether, where and when to be told what changed."""

from dataclasses import asdict
from typing import Annotated

from airflow.api_fastapi.core_api.security import GetUserDep
from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from include.jobs.preferences import change, checked_address
from include.model.notifications import Channel, NotificationRow, Preferences, Rule
from include.settings import settings
from include.storage.connection import Connection
from include.storage.notifications import notifications_of, preferences
from include.web.access import MayAsk, MayRead
from include.web.database import stocks

RECENT = 20

router = APIRouter(prefix="/notifications", tags=["notifications"])

Address = Annotated[str, Field(max_length=254, pattern=r"^[^\x00]*$"), AfterValidator(checked_address)]


class PreferenceChanges(BaseModel):
    """What you want from now on; what is left out stays, and null takes the address away."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"enabled": True, "email": "ann@example.com"}]}
    )

    enabled: StrictBool = Field(False, description="the switch for everything")
    email: Address | None = Field(None, description="where mails go")
    webhook: StrictBool = Field(False, description="also to the chat that the operator has set; others read there too")
    rule: Rule = Field(
        Rule.CHANGES, description="when a job has changed something on a list, after every job, or never"
    )


class PreferencesAnswer(BaseModel):
    """What you want, the ways that the operator has set up, and your newest notifications with what became of them."""

    enabled: bool
    email: str | None
    webhook: bool
    rule: Rule
    ways: dict[Channel, bool]
    recent: list[NotificationRow]


@router.get("", dependencies=[MayRead])
def read_preferences(user: GetUserDep) -> PreferencesAnswer:
    """Whether, where and when you are told what changed on your lists."""
    owner = user.get_name()
    with stocks() as database:
        return database.run(lambda connection: _answer(connection, owner, preferences(connection, owner)))


@router.patch("", dependencies=[MayAsk])
def change_preferences(changes: PreferenceChanges, user: GetUserDep) -> PreferencesAnswer:
    """Say whether, where and when you want to be told. What already waits for you goes by it too."""
    owner, wanted = user.get_name(), changes.model_dump(exclude_unset=True)
    with stocks() as database:
        return database.run(lambda connection: _answer(connection, owner, change(connection, owner, wanted)))


def _answer(connection: Connection, owner: str, found: Preferences) -> PreferencesAnswer:
    chosen = settings()
    ways = {Channel.EMAIL: bool(chosen.smtp_connection_id), Channel.WEBHOOK: bool(chosen.webhook_connection_id)}
    return PreferencesAnswer(**asdict(found), ways=ways, recent=notifications_of(connection, owner, RECENT))
