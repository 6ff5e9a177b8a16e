"""Who looks at jobs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewer:
    """A user as one who reads: the own jobs and those of everybody's scope, or with `sees_all` all of them."""

    name: str
    sees_all: bool
