"""Pages of lists: a limit, and a cursor that says behind which row the next one begins, whatever has arrived since."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from include.model.errors import FieldProblem, InvalidRequestError

MOST = 500

Row = TypeVar("Row")
Place = TypeVar("Place")


class Wanted(BaseModel):
    """Query parameters of a list; a filter that it does not have is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PageWanted(Wanted):
    """Query parameters of a list that is read in pages."""

    limit: int = Field(50, ge=1, le=MOST, description="most items of one answer")
    cursor: str | None = Field(None, max_length=1000, description="`next_cursor` of the page before")


class Page(BaseModel, Generic[Row]):
    """A part of a list. `next_cursor` leads to the next one, None when there is none."""

    items: list[Row]
    next_cursor: str | None = None


def page(rows: Sequence[Row], limit: int, place: Callable[[Row], Sequence[Any]]) -> Page[Row]:
    """A page from the rows of a query that asked for one more than the limit. `place` says where a row stands."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return Page[Row](items=items, next_cursor=_cursor(place(items[-1])) if more else None)


def _cursor(place: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(TypeAdapter(tuple[Any, ...]).dump_json(tuple(place))).decode().rstrip("=")


def place_of(cursor: str | None, shape: TypeAdapter[Place]) -> Place | None:
    """Where the page before ended, None for the first one. Raises InvalidRequestError for what no list gave."""
    if cursor is None:
        return None
    try:
        return shape.validate_json(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (ValidationError, binascii.Error, ValueError) as error:
        problem = FieldProblem("cursor", cursor, "is no cursor of this list: take the `next_cursor` of a page")
        raise InvalidRequestError([problem]) from error
