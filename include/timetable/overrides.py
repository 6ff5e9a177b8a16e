"""What operators entered over the calendars, for processes of Airflow that plan runs: never in their way.

Planning must go on whatever happens to the database `stocks`: Airflow plans no further run of a DAG whose timetable
raises, and says so nowhere that people look.
"""

import logging
import time

from include.model.calendar import NO_OVERRIDES, CalendarOverrides
from include.settings import settings
from include.storage.address import stocks_address
from include.storage.calendars import read_overrides

log = logging.getLogger(__name__)

GOOD_FOR = 60.0  # seconds; every look of the DAG processor would else be a connection
PATIENCE = 5.0

_known: tuple[float, CalendarOverrides] | None = None


def known_overrides() -> CalendarOverrides:
    """Every override, as of a minute ago at most; while the database is away, those that were known last."""
    global _known
    now = time.monotonic()
    if _known is None or now - _known[0] > GOOD_FOR:
        _known = now, _read(NO_OVERRIDES if _known is None else _known[1])
    return _known[1]


def _read(otherwise: CalendarOverrides) -> CalendarOverrides:
    try:
        return read_overrides(_conninfo(), PATIENCE)
    except Exception:  # whatever it is: the module says why
        log.warning("calendar_overrides cannot be read; runs are planned with those known before", exc_info=True)
        return otherwise


def _conninfo() -> str:
    """Airflow's connection, wherever Airflow has it, as libpq takes it."""
    from airflow.sdk import Connection  # half of the SDK, which tests of calendars need not import

    name = settings().connection_id
    return stocks_address({f"AIRFLOW_CONN_{name.upper()}": Connection.get(name).get_uri()}, name).conninfo
