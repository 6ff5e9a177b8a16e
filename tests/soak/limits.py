"""What a report must not say."""

from collections.abc import Sequence

from tests.soak.report import Course

LONG_SECONDS = 1800.0  # in a shorter run a program is still taking in its first third what it will keep
FULL = {True: 0.8, False: 0.5}  # of the jobs that shall be active; a short run is down for a larger part of its time


def beyond(found: Sequence[Course], *, seconds: float, active_jobs: int) -> list[Course]:
    """What grew that should be flat, and the active jobs when they were too few to be called a load."""
    is_long = seconds >= LONG_SECONDS
    return [one for one in found if has_grown(one, is_long=is_long) or is_too_little(one, FULL[is_long] * active_jobs)]


def has_grown(one: Course, *, is_long: bool) -> bool:
    """Whether something that should be flat is not. Kills and what is going on at a moment are in every median."""
    if one.name == "memory, MB":
        return one.grew_more_than(0.15, 150)
    if one.name.startswith("memory of "):
        return is_long and one.grew_more_than(0.25, 100)
    if one.name == "connections of PostgreSQL":
        return one.grew_more_than(0.25, 10)
    return one.name.startswith("disk for each job") and one.grew_more_than(0.5, 100)


def is_too_little(one: Course, least: float) -> bool:
    """Whether so few jobs were active in the last third that nothing is told about a load."""
    return one.name == "active jobs" and one.last < least
