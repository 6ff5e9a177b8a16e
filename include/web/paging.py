"""Pages of lists: a limit, and a cursor that says behind which row the next one begins, whatever has arrived since."""

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from include.model.errors import FieldProblem, InvalidRequestError

MOST = 500

Row = TypeVar("Row")
Place = TypeVar("Place")


def _written_as_a_day(value: object) -> object:
    """Refuse a bare number, which pydantic would take for seconds since 1970: 20260105 for a day of that year."""
    if isinstance(value, str) and not re.match(r"\d{4}-\d{2}-\d{2}", value):
        raise ValueError("must begin with a day as 2026-01-05")
    return value


Day = Annotated[date, BeforeValidator(_written_as_a_day)]
Moment = Annotated[
    datetime,
    AfterValidator(lambda value: value if value.tzinfo else value.replace(tzinfo=UTC)),
    BeforeValidator(_written_as_a_day),
]


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
        said = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        if rb"\u0000" in said:  # PostgreSQL has no such character, and so no list has given it
            raise ValueError("a character 0")
        return shape.validate_json(said)
    except (ValidationError, binascii.Error, ValueError) as error:
        problem = FieldProblem("cursor", cursor, "is no cursor of this list: take the `next_cursor` of a page")
        raise InvalidRequestError([problem]) from error
