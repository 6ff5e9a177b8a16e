"""Whether, where and when a user is told what changed, as methods."""

from typing import Unpack

from pydantic import TypeAdapter

from include.client.answers import NotificationSettings
from include.client.calls import Calls
from include.client.fields import PreferenceChanges
from include.client.reading import value_of

_SETTINGS = TypeAdapter(NotificationSettings)


class Notifications:
    """How you are told, and nobody else. The ways are an operator's to set up."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def settings(self) -> NotificationSettings:
        """What you want, the ways that there are, and your newest notifications."""
        return self._calls.get("/notifications", _SETTINGS)

    def change(self, **changes: Unpack[PreferenceChanges]) -> NotificationSettings:
        """Say what you want from now on; what already waits for you goes by it too."""
        return value_of(self._calls.send("PATCH", "/notifications", json=changes), _SETTINGS)
