"""Removes what is older than the settings keep it: what can be done without, never the record of requests."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial

from include.model.housekeeping import Removable, Removal
from include.settings import Settings
from include.storage.connection import DatabaseError, first_line
from include.storage.database import Database
from include.storage.housekeeping import remove_portion

log = logging.getLogger(__name__)

BUDGET_SECONDS = 60.0  # what is left then is for the next run


def keep_days(settings: Settings) -> dict[Removable, int | None]:
    """How many days each is kept, None for ever; what is small and quickly done first."""
    return {
        Removable.REQUEST_IDS: settings.keep_request_ids_days,
        Removable.OUTBOX: settings.keep_outbox_days,
        Removable.CHANGES: settings.keep_changes_days,
        Removable.JOBS: settings.keep_jobs_days,
        Removable.RAW_DATA: settings.keep_raw_data_days,
    }


def remove_old(
    database: Database, keep: Mapping[Removable, int | None], clock: Callable[[], float] = time.monotonic
) -> list[Removal]:
    """Remove what is older than it is to be kept, portion by portion, until nothing or no time is left.

    What cannot be removed does not keep the rest from it.
    """
    end = clock() + BUDGET_SECONDS
    return [_remove(database, what, days, lambda: clock() >= end) for what, days in keep.items() if days is not None]


def _remove(database: Database, what: Removable, days: int, time_is_up: Callable[[], bool]) -> Removal:
    rows = after = 0
    try:
        while not time_is_up():
            portion = database.run(partial(remove_portion, what=what, keep_days=days, after=after))
            if not portion.rows:
                return Removal(what=what, rows=rows)
            rows, after = rows + portion.rows, portion.upto
    except DatabaseError as error:
        log.exception("old %s could not be removed", what)
        return Removal(what=what, rows=rows, error=first_line(error))
    return Removal(what=what, rows=rows, more=True)
