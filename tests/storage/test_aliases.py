import psycopg
import pytest

from include.storage.aliases import ticker_aliases
from include.storage.connection import Connection


def test_aliases_are_read_as_they_were_entered(connection: Connection) -> None:
    assert ticker_aliases(connection) == {}
    connection.execute(
        "INSERT INTO ticker_aliases (ticker, renamed_to, since, note) VALUES"
        " ('FB', 'META', '2022-06-09', 'new name of the company'), ('ZOMATO.NS', 'ETERNAL.NS', NULL, NULL)"
    )
    assert ticker_aliases(connection) == {"FB": "META", "ZOMATO.NS": "ETERNAL.NS"}


@pytest.mark.parametrize("values", ["('FB', 'FB')", "('', 'META')", "('FB', '')"])
def test_what_renames_nothing_is_refused(connection: Connection, values: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(f"INSERT INTO ticker_aliases (ticker, renamed_to) VALUES {values}")
