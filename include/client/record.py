"""The record of the server: who asked for what, what became of it, and whether work was done twice."""

from collections.abc import Iterator
from datetime import date
from typing import Unpack

from pydantic import TypeAdapter

from include.client.answers import Duplicates, Page, Recorded, Sent
from include.client.calls import Calls
from include.client.fields import RecordFilters

_RECORDED, _SENT, _DUPLICATES = TypeAdapter(Page[Recorded]), TypeAdapter(Sent), TypeAdapter(Duplicates)


class Record:
    """The record of one server, as far as it is for the user."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def requests(self, limit: int | None = None, **filters: Unpack[RecordFilters]) -> Iterator[Recorded]:
        """Requests and what became of them, the newest first."""
        return self._calls.items("/requests", _RECORDED, limit, **filters)

    def request(self, record_id: int) -> Sent:
        """One of them with what was sent."""
        return self._calls.get(f"/requests/{record_id}", _SENT)

    def duplicates(self, *, seconds: float | None = None, since: date | str | None = None) -> Duplicates:
        """Equal jobs of one user that were created so close together, since a day; the server has the defaults."""
        return self._calls.get("/requests/duplicates", _DUPLICATES, seconds=seconds, since=since)
