"""Server-sent events from the lines of a stream (https://html.spec.whatwg.org/multipage/server-sent-events.html).

Not httpx-sse: it keeps comments to itself, and on a stream that only comments nobody could look at the clock.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `id` None: it has none."""

    name: str
    id: str | None
    data: str


def events_of(lines: Iterable[str]) -> Iterator[Event]:
    """The events that are whole; what a cut stream has begun to say is left out."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            if "data" in fields:
                yield Event(name=fields.get("event", "message"), id=fields.get("id"), data=fields["data"])
            fields = {}
        elif not line.startswith(":"):  # a comment keeps the connection alive
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value
