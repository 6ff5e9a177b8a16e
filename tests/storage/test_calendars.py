import re
from datetime import date, time
from pathlib import Path

import psycopg
import pytest

from include.model.calendar import NO_OVERRIDES, SessionOverride
from include.storage.aliases import ticker_aliases
from include.storage.calendars import calendar_overrides
from include.storage.connection import Connection


def test_there_are_no_overrides_until_somebody_enters_one(connection: Connection) -> None:
    assert calendar_overrides(connection) == NO_OVERRIDES


def test_overrides_are_read_as_they_were_entered(connection: Connection) -> None:
    connection.execute(
        """
        INSERT INTO calendar_overrides (exchange, day, is_session, closes_at, note) VALUES
            ('XNYS', '2025-01-09', false, NULL, 'day of mourning'),
            ('XBOM', '2026-11-08', true, '19:15', 'Muhurat trading'),
            ('XBOM', '2025-02-01', true, NULL, 'budget')
        """
    )
    found = calendar_overrides(connection)
    assert found.of("XNYS") == {
        date(2025, 1, 9): SessionOverride(
            exchange="XNYS", day=date(2025, 1, 9), is_session=False, note="day of mourning"
        )
    }
    assert [(day, override.closes_at) for day, override in found.of("XBOM").items()] == [
        (date(2025, 2, 1), None),
        (date(2026, 11, 8), time(19, 15)),
    ]
    assert found.of("XLON") == {}


@pytest.mark.parametrize(
    "values",
    [
        "('NSE', '2026-11-08', true, NULL, 'no code of an exchange')",
        "('XBOM', '2026-11-08', false, '19:15', 'closed, and closes')",
        "('XBOM', '2026-11-08', true, NULL, '')",
    ],
)
def test_what_cannot_be_is_refused(connection: Connection, values: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(
            f"INSERT INTO calendar_overrides (exchange, day, is_session, closes_at, note) VALUES {values}"
        )


def test_the_statements_of_the_documentation_do_what_it_says(connection: Connection) -> None:
    page = (Path(__file__).parents[2] / "docs" / "data.md").read_text()
    for block in re.findall(r"```sql\n(.*?)```", page, flags=re.DOTALL):
        connection.execute(block)
    found = calendar_overrides(connection)
    assert found.of("XBOM")[date(2026, 11, 8)].closes_at == time(19, 15)
    assert found.of("XNYS")[date(2026, 12, 23)].closes_at == time(13)
    assert date(2027, 1, 26) not in found.of("XBOM")
    assert ticker_aliases(connection)["ZOMATO.NS"] == "ETERNAL.NS"
